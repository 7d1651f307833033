//! Which datastreams lie in a boundary, found once for each state of the
//! registry, so that a query by name costs what its answer costs.
//!
//! The public's places are not the owners', so each viewer has its own
//! members. They are where the things stand; what a moving device says of
//! itself is looked at observation by observation.

use std::sync::Arc;

use device_registry::{Boundary, Datastream, Snapshot};
use domain::{BoundaryName, Cells, DatastreamId, Location};

use super::kept::Kept;
use crate::params::Viewer;

/// The members that were asked for since the registry changed.
#[derive(Default)]
pub(crate) struct BoundaryMembers(Kept<(BoundaryName, Viewer), Arc<[DatastreamId]>>);

impl BoundaryMembers {
    /// In order of number, where they are known. `boundary` is of `snapshot`.
    pub(crate) fn known(
        &self,
        snapshot: &Arc<Snapshot>,
        boundary: &Boundary,
        viewer: &Viewer,
    ) -> Option<Arc<[DatastreamId]>> {
        self.0.known(snapshot, |(name, whose)| {
            *name == boundary.name && whose == viewer
        })
    }

    /// Finds them and keeps them: a look at the place of every thing in the box
    /// around it.
    pub(crate) fn find(
        &self,
        snapshot: &Arc<Snapshot>,
        boundary: &Boundary,
        viewer: &Viewer,
    ) -> Arc<[DatastreamId]> {
        let found = find(snapshot, boundary, viewer);
        let question = (boundary.name.clone(), viewer.clone());
        self.0.keep(snapshot, question, &found);
        found
    }
}

fn find(snapshot: &Snapshot, boundary: &Boundary, viewer: &Viewer) -> Arc<[DatastreamId]> {
    let has = |place: Option<Location>| place.is_some_and(|place| boundary.shape.contains(place));
    let mut found: Vec<DatastreamId> = Vec::new();
    let (south_west, north_east) = boundary.shape.corners();
    let cells = Cells::between(south_west, north_east);
    for thing in snapshot.things_in(&cells, viewer) {
        let exact = thing.location();
        let coarse = || exact.map(Location::coarse);
        match viewer.sees_exactly_all_of(&thing.agency) {
            Some(true) if has(exact) => found.extend(thing.datastreams.numbers()),
            Some(false) if has(coarse()) => found.extend(thing.datastreams.numbers()),
            Some(_) => {}
            None => {
                let (in_exact, in_coarse) = (has(exact), has(coarse()));
                let shown = |one: &Datastream<'_>| {
                    let exactly = viewer.sees_exactly(one);
                    if exactly { in_exact } else { in_coarse }
                };
                let shown = thing.datastreams.iter().filter(shown);
                found.extend(shown.map(|one| one.id));
            }
        }
    }
    found.sort_unstable();
    found.into()
}
