//! The datastreams that a filter by place is about, found by the cells that the
//! place touches: what lies elsewhere is not looked at.
//!
//! What is looked at depends on the places as the viewer sees them alone, and so
//! does the time that it takes.

use std::sync::Arc;

use device_registry::{Snapshot, Thing};
use domain::{Cells, DatastreamId, Location};
use ingest::Ingest;

use super::{DatastreamFilter, Near, Viewer};

/// Things and datastreams of which few enough pass at once, on a thread that
/// others wait for.
pub(crate) const MOST_AT_ONCE: usize = 2_000;

/// Corners, in 1e-7 degree.
const WHOLE_EARTH: (Location, Location) = (
    Location::from_e7(-900_000_000, -1_800_000_000),
    Location::from_e7(900_000_000, 1_800_000_000),
);

/// More candidates than this take longer than a look at all `datastreams` in
/// order of number that ends where the `wanted` ones are found, if what passes is
/// spread evenly among them.
pub(crate) fn most_candidates(datastreams: usize, wanted: usize) -> usize {
    datastreams.saturating_mul(wanted).isqrt().max(MOST_AT_ONCE)
}

impl DatastreamFilter {
    /// The things that stand where the filter says. `None`: it names no place, or
    /// there is more than `most` to look at.
    pub(crate) fn things_nearby<'a>(
        &self,
        snapshot: &'a Snapshot,
        viewer: &Viewer,
        most: usize,
    ) -> Option<Vec<&'a Arc<Thing>>> {
        let cells = self.cells(snapshot)?;
        let mut found = Vec::new();
        let mut budget = Budget(most);
        for thing in snapshot.things_in(&cells, viewer) {
            budget.take(1)?;
            if self.may_cover(thing, viewer) {
                budget.take(thing.datastreams.len())?;
                found.push(thing);
            }
        }
        Some(found)
    }

    /// The datastreams whose latest observation may have been made where the filter
    /// says, in order of number: those of things that stand or stood there, and
    /// those that said so themselves. `None` as above.
    pub(crate) fn observed_nearby(
        &self,
        snapshot: &Snapshot,
        ingest: &Ingest,
        viewer: &Viewer,
        most: usize,
    ) -> Option<Vec<DatastreamId>> {
        let cells = self.cells(snapshot)?;
        let mut found = Vec::new();
        let mut budget = Budget(most);
        for thing in snapshot.things_in(&cells, viewer) {
            budget.take(1)?;
            // Of one that moved, the observation may be older than the move.
            if thing.locations.len() > 1 || self.may_cover(thing, viewer) {
                budget.take(thing.datastreams.len())?;
                found.extend(thing.datastreams.numbers());
            }
        }
        for thing in snapshot.things_once_in(&cells, viewer) {
            budget.take(1 + thing.datastreams.len())?;
            found.extend(thing.datastreams.numbers());
        }
        let of_things = found.len();
        ingest.located_datastreams(&cells, of_things + budget.0, &mut found);
        budget.take(found.len() - of_things)?;
        Some(in_order(found))
    }

    /// The datastreams that may have been observed where the filter says, at any
    /// time, in order of number: those of things that stand or stood there, and
    /// those whose latest observation brought a place, wherever that is. `None`: it
    /// names no place, or datastreams besides, which are fewer.
    pub(crate) fn ever_observed_nearby(
        &self,
        snapshot: &Snapshot,
        ingest: &Ingest,
        viewer: &Viewer,
    ) -> Option<Vec<DatastreamId>> {
        let cells = self.cells(snapshot)?;
        let mut found = Vec::new();
        let here = snapshot.things_in(&cells, viewer);
        for thing in here.chain(snapshot.things_once_in(&cells, viewer)) {
            found.extend(thing.datastreams.numbers());
        }
        let (south_west, north_east) = WHOLE_EARTH;
        let anywhere = Cells::between(south_west, north_east);
        ingest.located_datastreams(&anywhere, usize::MAX, &mut found);
        Some(in_order(found))
    }

    /// The cells in which all lies that passes. Where the filter names datastreams
    /// besides, these are fewer.
    fn cells(&self, snapshot: &Snapshot) -> Option<Cells> {
        if self.named(snapshot).is_some() {
            return None;
        }
        let bbox = self.bbox().map(Cells::of_box);
        let near = || self.near().map(Near::cells);
        let boundary = || {
            let boundary = self.boundary.as_ref()?;
            let (south_west, north_east) = boundary.shape.corners();
            Some(Cells::between(south_west, north_east))
        };
        bbox.or_else(near).or_else(boundary)
    }

    /// Whether the thing stands where the filter says, as the viewer sees it, or
    /// may see it by some of its datastreams.
    fn may_cover(&self, thing: &Thing, viewer: &Viewer) -> bool {
        let exact = thing.location();
        let coarse = || self.covers(exact.map(Location::coarse));
        match viewer.sees_exactly_all_of(&thing.agency) {
            Some(true) => self.covers(exact),
            Some(false) => coarse(),
            None => self.covers(exact) || coarse(),
        }
    }
}

/// The datastreams of some things, in order of number.
pub(super) fn datastreams_of(things: &[&Arc<Thing>]) -> Vec<DatastreamId> {
    let all = things.iter().flat_map(|thing| thing.datastreams.numbers());
    in_order(all.collect())
}

fn in_order(mut datastreams: Vec<DatastreamId>) -> Vec<DatastreamId> {
    datastreams.sort_unstable();
    datastreams.dedup();
    datastreams
}

/// What may still be looked at.
struct Budget(usize);

impl Budget {
    /// `None`: it is spent.
    fn take(&mut self, steps: usize) -> Option<()> {
        self.0 = self.0.checked_sub(steps)?;
        Some(())
    }
}
