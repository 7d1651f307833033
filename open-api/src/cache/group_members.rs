//! Who is in a group, found once for each state of the registry: a group by
//! query may take a look at every device. Where an earlier state is still there, as
//! long as a stream holds it, only what is otherwise since then is looked at.

use std::sync::{Arc, Weak};

use device_registry::{Group, GroupDevices, Snapshot};
use parking_lot::Mutex;

/// Answers that are kept; beyond it the one that was found first gives way.
const MAX_KEPT: usize = 256;

/// The members that were asked for, of states that are still there.
#[derive(Default)]
pub(crate) struct GroupMembers(Mutex<Vec<Known>>);

struct Known {
    snapshot: Weak<Snapshot>,
    group: Arc<Group>,
    members: GroupDevices,
}

impl Known {
    fn is_of(&self, snapshot: &Arc<Snapshot>) -> bool {
        self.snapshot.ptr_eq(&Arc::downgrade(snapshot))
    }
}

impl GroupMembers {
    /// Where they are known. `group` is of `snapshot`.
    pub(crate) fn known(&self, snapshot: &Arc<Snapshot>, group: &Group) -> Option<GroupDevices> {
        let kept = self.0.lock();
        let mut of_snapshot = kept.iter().filter(|known| known.is_of(snapshot));
        let found = of_snapshot.find(|known| known.group.id == group.id)?;
        Some(found.members.clone())
    }

    /// Finds them and keeps them.
    pub(crate) fn find(&self, snapshot: &Arc<Snapshot>, group: &Arc<Group>) -> GroupDevices {
        let found = match self.before(group) {
            Some((before, known)) => snapshot.group_devices_since(group, &before, &known),
            None => snapshot.group_devices(group),
        };
        let mut kept = self.0.lock();
        kept.retain(|known| {
            let is_there = known.snapshot.strong_count() > 0;
            is_there && (known.group.id != group.id || !known.is_of(snapshot))
        });
        if kept.len() >= MAX_KEPT {
            kept.remove(0);
        }
        kept.push(Known {
            snapshot: Arc::downgrade(snapshot),
            group: Arc::clone(group),
            members: found.clone(),
        });
        found
    }

    /// The members in the last state that is still there.
    fn before(&self, group: &Arc<Group>) -> Option<(Arc<Snapshot>, GroupDevices)> {
        let kept = self.0.lock();
        let of_group = kept.iter().rev();
        let mut of_group = of_group.filter(|known| Arc::ptr_eq(&known.group, group));
        of_group.find_map(|known| Some((known.snapshot.upgrade()?, known.members.clone())))
    }
}
