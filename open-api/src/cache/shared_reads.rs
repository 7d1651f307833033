//! What others share with an agency's readers, gathered once for each state of
//! the registry: a group by query may take a look at every device.

use std::sync::Arc;

use device_registry::{Group, SharedData, Shares, Snapshot};

use super::GroupMembers;
use super::kept::Kept;

/// What was asked for since the registry changed.
#[derive(Default)]
pub(crate) struct SharedReads(Kept<Shares, Arc<SharedData>>);

impl SharedReads {
    pub(crate) fn known(
        &self,
        snapshot: &Arc<Snapshot>,
        shares: &Shares,
    ) -> Option<Arc<SharedData>> {
        self.0.known(snapshot, |asked| asked == shares)
    }

    /// Gathers it and keeps it.
    pub(crate) fn find(
        &self,
        snapshot: &Arc<Snapshot>,
        shares: &Shares,
        groups: &GroupMembers,
    ) -> Arc<SharedData> {
        let members = |group: &Arc<Group>| {
            let known = groups.known(snapshot, group);
            known
                .unwrap_or_else(|| groups.find(snapshot, group))
                .datastreams
        };
        let found = Arc::new(SharedData::new(Arc::clone(shares), snapshot, members));
        self.0.keep(snapshot, Arc::clone(shares), &found);
        found
    }
}
