//! Who is in a group, found once for each state of the registry: a group by
//! query may take a look at every device.

use std::sync::Arc;

use device_registry::{Group, GroupDevices, Snapshot};
use domain::GroupId;

use super::kept::Kept;

/// The members that were asked for since the registry changed.
#[derive(Default)]
pub(crate) struct GroupMembers(Kept<GroupId, GroupDevices>);

impl GroupMembers {
    /// Where they are known. `group` is of `snapshot`.
    pub(crate) fn known(&self, snapshot: &Arc<Snapshot>, group: &Group) -> Option<GroupDevices> {
        self.0.known(snapshot, |id| *id == group.id)
    }

    /// Finds them and keeps them.
    pub(crate) fn find(&self, snapshot: &Arc<Snapshot>, group: &Group) -> GroupDevices {
        let found = snapshot.group_devices(group);
        self.0.keep(snapshot, group.id.clone(), &found);
        found
    }
}
