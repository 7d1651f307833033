//! Which datastreams lie in a boundary, found once for each state of the
//! registry, so that a query by name costs what its answer costs.
//!
//! The public's places are not the owners', so each viewer has its own
//! members. They are where the things stand; what a moving device says of
//! itself is looked at observation by observation.

use std::sync::{Arc, Weak};

use device_registry::{Boundary, Snapshot};
use domain::{BoundaryName, DatastreamId};
use parking_lot::Mutex;

use crate::params::Viewer;

/// Boundaries whose members are kept, by viewer; beyond it the one that was
/// found first gives way.
const MAX_KEPT: usize = 64;

/// The members that were asked for since the registry changed.
#[derive(Default)]
pub(crate) struct BoundaryMembers {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Of this state of the registry.
    snapshot: Weak<Snapshot>,
    members: Vec<(BoundaryName, Viewer, Arc<[DatastreamId]>)>,
}

impl BoundaryMembers {
    /// In order of number, where they are known. `boundary` is of `snapshot`.
    pub(crate) fn known(
        &self,
        snapshot: &Arc<Snapshot>,
        boundary: &Boundary,
        viewer: &Viewer,
    ) -> Option<Arc<[DatastreamId]>> {
        self.kept.lock().find(snapshot, boundary, viewer)
    }

    /// Finds them and keeps them: a look at the place of every thing.
    pub(crate) fn find(
        &self,
        snapshot: &Arc<Snapshot>,
        boundary: &Boundary,
        viewer: &Viewer,
    ) -> Arc<[DatastreamId]> {
        // Without the lock: others need not wait, and two may find the same.
        let found = find(snapshot, boundary, viewer);
        self.kept.lock().keep(snapshot, boundary, viewer, &found);
        found
    }
}

impl Kept {
    fn find(
        &self,
        snapshot: &Arc<Snapshot>,
        boundary: &Boundary,
        viewer: &Viewer,
    ) -> Option<Arc<[DatastreamId]>> {
        if !self.snapshot.ptr_eq(&Arc::downgrade(snapshot)) {
            return None;
        }
        let mut kept = self.members.iter();
        kept.find(|(name, whose, _)| *name == boundary.name && whose == viewer)
            .map(|(_, _, members)| Arc::clone(members))
    }

    fn keep(
        &mut self,
        snapshot: &Arc<Snapshot>,
        boundary: &Boundary,
        viewer: &Viewer,
        found: &Arc<[DatastreamId]>,
    ) {
        let snapshot = Arc::downgrade(snapshot);
        if !self.snapshot.ptr_eq(&snapshot) {
            self.snapshot = snapshot;
            self.members.clear();
        }
        if self.members.len() >= MAX_KEPT {
            self.members.remove(0);
        }
        let entry = (boundary.name.clone(), viewer.clone(), Arc::clone(found));
        self.members.push(entry);
    }
}

fn find(snapshot: &Snapshot, boundary: &Boundary, viewer: &Viewer) -> Arc<[DatastreamId]> {
    let mut found: Vec<DatastreamId> = snapshot
        .things(None)
        .filter(|thing| {
            let place = viewer.place(&thing.agency, thing.location());
            place.is_some_and(|place| boundary.shape.contains(place))
        })
        .flat_map(|thing| thing.datastreams.iter().copied())
        .collect();
    found.sort_unstable();
    found.into()
}
