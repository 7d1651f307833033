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

use super::commit::CommitError;
use super::policy::{LAGGING, Policy};
use super::staging::Group;
use super::writer::Writer;
use super::{CROWD, GATHER, PoisonedByPanic, Shared};
use crate::stats::Counters;

/// What who leads may wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// It has others to serve.
    QuickSyncs,
    /// Nobody waits for its thread.
    AnyDisk,
}

impl Shared {
    /// Waits for the writer; leads unless `target` is durable by then.
    pub(super) fn sync_to(&self, target: Offset) -> Result<(), CommitError> {
        self.feed.wait_for_room();
        self.sync_now(target)
    }

    /// The same, whatever waits for the applier.
    pub(super) fn sync_now(&self, target: Offset) -> Result<(), CommitError> {
        let mut writer = self.writer.lock();
        self.poison.check().map_err(CommitError::Poisoned)?;
        if self.durable() < target {
            self.lead(writer.as_mut(), Patience::AnyDisk)?;
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
        let Some(mut writer) = self.writer.try_lock_for(LAGGING) else {
            self.leading.lags(LAGGING, self.opened.elapsed());
            return Ok(false);
        };
        self.poison.check().map_err(CommitError::Poisoned)?;
        if self.durable() < target {
            self.lead(writer.as_mut(), Patience::QuickSyncs)?;
        }
        Ok(self.durable() >= target)
    }

    /// Leads where nobody does; false where the log's own thread should.
    pub(super) fn sync_if_free(&self) -> bool {
        if self.leading.policy() == Policy::Thread {
            return false;
        }
        let Some(mut writer) = self.writer.try_lock() else {
            return true;
        };
        // A fault is told through `failed` and to who waits.
        self.lead(writer.as_mut(), Patience::QuickSyncs)
            .unwrap_or(true)
    }

    /// How long to wait for company, where there was a sync just now and only
    /// a few messages wait for the next.
    pub(super) fn gathering(&self, target: Offset) -> Option<Duration> {
        let durable = self.durable.load(Ordering::Acquire);
        if durable >= target.get() || self.last_staged.load(Ordering::Acquire) - durable >= CROWD {
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
    fn lead(&self, writer: Option<&mut Writer>, patience: Patience) -> Result<bool, CommitError> {
        self.poison.check().map_err(CommitError::Poisoned)?;
        let writer = writer.ok_or(CommitError::Closed)?;
        let _whole = PoisonedByPanic(self);
        let target = self.last_staged();
        // All groups, and the last of them: the next may take as long.
        let (mut all, mut last) = (Duration::ZERO, Duration::ZERO);
        while self.durable() < target {
            if patience == Patience::QuickSyncs && all + last > LAGGING {
                return Ok(false);
            }
            let Some(group) = self.next_group(writer, patience) else {
                return Ok(false);
            };
            last = self.make_durable(writer, group)?;
            all += last;
        }
        Ok(true)
    }

    /// `None` where the next group may take longer than who leads may wait.
    fn next_group(&self, writer: &Writer, patience: Patience) -> Option<Group> {
        let mut staging = self.staging.lock();
        let groups = &mut staging.groups;
        if patience == Patience::QuickSyncs
            && (self.leading.policy() == Policy::Thread || !writer.has_room(groups.next_bytes()))
        {
            return None;
        }
        let group = groups.take(&self.buffers);
        self.full.store(groups.is_full(), Ordering::Relaxed);
        group
    }

    /// How long it took.
    fn make_durable(&self, writer: &mut Writer, mut group: Group) -> Result<Duration, CommitError> {
        let begun = self.opened.elapsed();
        if let Err(fault) = writer.write(&mut group) {
            self.poison.set(fault.clone());
            return Err(CommitError::Poisoned(fault));
        }
        Counters::add(&self.counters.syncs, 1);
        Counters::add(&self.counters.groups, 1);
        Counters::add(&self.counters.bytes_logged, group.bytes.len());
        // In this order: nothing is ever applied that is not durable.
        self.durable.store(group.last.get(), Ordering::Release);
        let now = self.opened.elapsed();
        self.synced.store(now.as_nanos() as u64, Ordering::Relaxed);
        let time = now - begun;
        self.leading.took(time, now);
        self.feed.push(group);
        Ok(time)
    }
}
