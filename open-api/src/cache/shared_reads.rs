//! What others share with an agency's readers, gathered once for each state of
//! the registry, and not again where the shared groups have the members that they
//! had.

use std::sync::{Arc, Weak};

use device_registry::{Group, GroupDevices, SharedData, SharedWhat, Shares, Snapshot};
use domain::GroupId;
use parking_lot::Mutex;

use super::GroupMembers;

/// Answers that are kept; beyond it the one that was asked for longest ago gives
/// way.
const MAX_KEPT: usize = 64;

/// What was asked for last, by shares.
#[derive(Default)]
pub(crate) struct SharedReads(Mutex<Vec<Known>>);

struct Known {
    shares: Shares,
    /// The last state of which it holds.
    snapshot: Weak<Snapshot>,
    members: Members,
    data: Arc<SharedData>,
}

/// Of the groups that are shared.
struct Members(Vec<(GroupId, GroupDevices)>);

impl Members {
    fn of(shares: &Shares, snapshot: &Arc<Snapshot>, groups: &GroupMembers) -> Self {
        let shared = shares.iter().filter_map(|share| match &share.what {
            SharedWhat::Model(_) => None,
            SharedWhat::Group(id) => snapshot.group(id),
        });
        let found = shared.map(|group| {
            let known = groups.known(snapshot, group);
            let members = known.unwrap_or_else(|| groups.find(snapshot, group));
            (group.id.clone(), members)
        });
        Self(found.collect())
    }

    fn of_group(&self, group: &Group) -> GroupDevices {
        let found = self.0.iter().find(|(id, _)| *id == group.id);
        found
            .map(|(_, members)| members.clone())
            .unwrap_or_default()
    }

    fn are_unchanged_since(&self, before: &Self) -> bool {
        let both = self.0.iter().zip(&before.0);
        let mut same =
            both.map(|((id, now), (old, then))| id == old && now.is_unchanged_since(then));
        self.0.len() == before.0.len() && same.all(|same| same)
    }
}

impl SharedReads {
    pub(crate) fn known(
        &self,
        snapshot: &Arc<Snapshot>,
        shares: &Shares,
    ) -> Option<Arc<SharedData>> {
        let (kept, of) = (self.0.lock(), Arc::downgrade(snapshot));
        let mut of_snapshot = kept.iter().filter(|known| known.snapshot.ptr_eq(&of));
        let found = of_snapshot.find(|known| known.shares == *shares)?;
        Some(Arc::clone(&found.data))
    }

    /// Gathers it and keeps it.
    pub(crate) fn find(
        &self,
        snapshot: &Arc<Snapshot>,
        shares: &Shares,
        groups: &GroupMembers,
    ) -> Arc<SharedData> {
        let members = Members::of(shares, snapshot, groups);
        let standing = self.take(shares);
        let standing = standing.filter(|known| members.are_unchanged_since(&known.members));
        let data = standing.map_or_else(
            || {
                let of_group = |group: &Arc<Group>| members.of_group(group).datastreams;
                Arc::new(SharedData::new(Arc::clone(shares), snapshot, of_group))
            },
            |known| known.data,
        );
        let mut kept = self.0.lock();
        kept.retain(|known| known.shares != *shares);
        if kept.len() >= MAX_KEPT {
            kept.remove(0);
        }
        kept.push(Known {
            shares: Arc::clone(shares),
            snapshot: Arc::downgrade(snapshot),
            members,
            data: Arc::clone(&data),
        });
        data
    }

    fn take(&self, shares: &Shares) -> Option<Known> {
        let mut kept = self.0.lock();
        let at = kept.iter().position(|known| known.shares == *shares)?;
        Some(kept.remove(at))
    }
}
