//! Leading: to write and sync what is staged, for everybody.
//!
//! The log's own thread may wait as long as the disk takes. Whoever else leads
//! has others to serve: it begins no segment and waits for no applier, leads no
//! longer than [`LAGGING`] in all, and leaves the rest to that thread after the
//! first sync that takes long. So of all of them one waits, for one sync, each
//! time the disk becomes slow.

use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::Offset;

use super::commit::shared::{PoisonedByPanic, Shared};
use super::commit::waiters::CommitError;
use super::medium::Medium;
use super::policy::{LAGGING, Policy};
use super::staging::Group;
use super::{CROWD, GATHER};

/// What who leads may wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// It has others to serve.
    QuickSyncs,
    /// Nobody waits for its thread.
    AnyDisk,
}

impl<O, M: Medium> Shared<O, M> {
    /// Waits for who leads; leads itself unless `target` is durable by then.
    pub(super) fn sync_to(&self, target: Offset) -> Result<(), CommitError> {
        self.feed.wait_for_room();
        self.sync_now(target)
    }

    /// The same, whatever waits for the applier.
    pub(super) fn sync_now(&self, target: Offset) -> Result<(), CommitError> {
        let mut end = self.end.lock();
        self.poison.check().map_err(CommitError::Poisoned)?;
        if self.durable() < target {
            self.lead(end.as_mut(), Patience::AnyDisk)?;
        }
        Ok(())
    }

    /// Leads, or follows who leads, as long as the disk is quick: false where
    /// `target` is not durable then, and the log's own thread is to be waited
    /// for.
    pub(super) fn sync_shortly(&self, target: Offset) -> Result<bool, CommitError> {
        if !self.feed.has_room() {
            return Ok(false);
        }
        let Some(mut end) = self.end.try_lock_for(LAGGING) else {
            self.leading.lags(LAGGING, self.opened.elapsed());
            return Ok(false);
        };
        self.poison.check().map_err(CommitError::Poisoned)?;
        if self.durable() < target {
            self.lead(end.as_mut(), Patience::QuickSyncs)?;
        }
        Ok(self.durable() >= target)
    }

    /// Leads where nobody does; false where the log's own thread should.
    pub(super) fn sync_if_free(&self) -> bool {
        if self.leading.policy() == Policy::Thread {
            return false;
        }
        let Some(mut end) = self.end.try_lock() else {
            return true;
        };
        // A fault is told through `failed` and to who waits.
        self.lead(end.as_mut(), Patience::QuickSyncs)
            .unwrap_or(true)
    }

    /// How long to wait for company, where there was a sync just now and only
    /// a few messages wait for the next.
    pub(super) fn gathering(&self, target: Offset) -> Option<Duration> {
        let durable = self.durable();
        if durable >= target || self.last_staged().get() - durable.get() >= CROWD {
            return None;
        }
        self.rest_after_sync(GATHER)
    }

    /// What is left of `rest` since the last sync.
    pub(super) fn rest_after_sync(&self, rest: Duration) -> Option<Duration> {
        let synced = Duration::from_nanos(self.synced.load(Ordering::Relaxed));
        (synced + rest).checked_sub(self.opened.elapsed())
    }

    /// Writes and syncs what is staged, group after group; whether that was all.
    fn lead(&self, end: Option<&mut M::End>, patience: Patience) -> Result<bool, CommitError> {
        self.poison.check().map_err(CommitError::Poisoned)?;
        let end = end.ok_or(CommitError::Closed)?;
        let _whole = PoisonedByPanic(self);
        let target = self.last_staged();
        // All groups, and the last of them: the next may take as long.
        let (mut all, mut last) = (Duration::ZERO, Duration::ZERO);
        while self.durable() < target {
            if patience == Patience::QuickSyncs && all + last > LAGGING {
                return Ok(false);
            }
            let Some(group) = self.next_group(end, patience) else {
                return Ok(false);
            };
            last = self.make_durable(end, group)?;
            all += last;
        }
        Ok(true)
    }

    /// `None` where the next group may take longer than who leads may wait.
    fn next_group(&self, end: &M::End, patience: Patience) -> Option<Group> {
        let mut staging = self.staging.lock();
        let groups = &mut staging.groups;
        if patience == Patience::QuickSyncs
            && (self.leading.policy() == Policy::Thread
                || !self.medium.has_room(end, groups.next_bytes()))
        {
            return None;
        }
        let group = groups.take(&self.buffers);
        self.full.store(groups.is_full(), Ordering::Relaxed);
        group
    }

    /// How long it took.
    fn make_durable(&self, end: &mut M::End, mut group: Group) -> Result<Duration, CommitError> {
        let begun = self.opened.elapsed();
        if let Err(fault) = self.medium.append(end, &mut group) {
            self.poison.set(fault.clone());
            return Err(CommitError::Poisoned(fault));
        }
        self.written.count(&group);
        // In this order: nothing is ever applied that is not durable.
        self.durable.set(group.last);
        let now = self.opened.elapsed();
        self.synced.store(now.as_nanos() as u64, Ordering::Relaxed);
        let time = now - begun;
        self.leading.took(time, now);
        self.feed.push(group);
        Ok(time)
    }
}
