//! Who leads: decided when the log is opened, and again where the disk changes.
//!
//! On a disk that is quick whoever waits leads, on its own thread. A disk may
//! become slow later, a network's above all: then a worker must not stand still
//! for it, with all its connections, and a thread of the log's own leads. One
//! worker finds out, by one sync; so a disk that goes to and fro gets that
//! thread for a hundred times as long as it held the worker up.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::open_error::LogOpenError;

/// A sync that takes longer gets a thread of its own.
const SLOW_SYNC: Duration = Duration::from_millis(1);

/// After a group that took longer, or a wait for one, nobody leads on a thread
/// of its own. Far above what other writers make of a quick disk's sync.
pub(super) const LAGGING: Duration = Duration::from_millis(20);
/// So many more groups were quick than not, and then it is a quick disk again.
const QUICK_GROUPS: u32 = 256;
/// For each second that one took beyond [`LAGGING`], the thread leads for so
/// many.
const SECONDS_FOR_ONE: u32 = 100;

/// Who writes and syncs the log. What an acknowledgement means is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CommitPolicy {
    /// As the disk is: times a few syncs at open, and begins as `Thread` where
    /// the shortest takes over 1 ms. Goes over to it when a sync takes over
    /// 20 ms, and back once the disk has been quick for long enough.
    #[default]
    Measure,
    /// Whoever waits and finds the log free, on its own thread, however slow a
    /// disk becomes. What takes several syncs, as a new segment or many groups,
    /// is left to the log's own thread all the same.
    Inline,
    /// One thread of the log's own: for disks whose sync takes long.
    Thread,
}

/// Who leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Policy {
    Inline,
    Thread,
}

impl Policy {
    fn after(sync: Duration) -> Self {
        let policy = if sync > SLOW_SYNC {
            Self::Thread
        } else {
            Self::Inline
        };
        tracing::info!(
            micros = sync.as_micros() as u64,
            ?policy,
            "timed a sync of the log"
        );
        policy
    }
}

/// Who leads as things are.
pub(super) struct Leading {
    /// Nobody has said who should.
    measures: bool,
    by_thread: AtomicBool,
    /// Quick groups less the others, while the thread leads.
    quick: AtomicU32,
    /// Until when the thread leads at least, in nanoseconds since the log was
    /// opened.
    distrusts_until: AtomicU64,
}

impl Leading {
    /// `time_a_sync` is asked where nobody has said who should lead.
    pub(super) fn decide(
        wish: CommitPolicy,
        time_a_sync: impl FnOnce() -> Result<Duration, LogOpenError>,
    ) -> Result<Self, LogOpenError> {
        let policy = match wish {
            CommitPolicy::Inline => Policy::Inline,
            CommitPolicy::Thread => Policy::Thread,
            CommitPolicy::Measure => Policy::after(time_a_sync()?),
        };
        Ok(Self::new(wish == CommitPolicy::Measure, policy))
    }

    fn new(measures: bool, policy: Policy) -> Self {
        Self {
            measures,
            by_thread: AtomicBool::new(policy == Policy::Thread),
            quick: AtomicU32::new(0),
            distrusts_until: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(super) fn policy(&self) -> Policy {
        if self.by_thread.load(Relaxed) {
            Policy::Thread
        } else {
            Policy::Inline
        }
    }

    /// A group was written and synced in `time`; `now` counts from when the log
    /// was opened. Called by who leads.
    pub(super) fn took(&self, time: Duration, now: Duration) {
        if time > LAGGING {
            self.lags(time, now);
        } else if self.measures && self.by_thread.load(Relaxed) {
            self.was_quick(time, now);
        }
    }

    /// The disk is slow now: a sync has taken `time`, or takes longer.
    pub(super) fn lags(&self, time: Duration, now: Duration) {
        if !self.measures {
            return;
        }
        let until = now + time.saturating_sub(LAGGING) * SECONDS_FOR_ONE;
        self.distrusts_until
            .fetch_max(until.as_nanos() as u64, Relaxed);
        self.quick.store(0, Relaxed);
        if !self.by_thread.swap(true, Relaxed) {
            tracing::warn!("syncs of the log take long: a thread of its own waits for them now");
        }
    }

    /// As if the disk had been found quick.
    #[cfg(test)]
    pub(super) fn trust(&self) {
        self.by_thread.store(false, Relaxed);
    }

    #[cold]
    fn was_quick(&self, time: Duration, now: Duration) {
        // One that other programs have made longer takes back one that was not.
        let quick = if time <= SLOW_SYNC {
            (self.quick.load(Relaxed) + 1).min(QUICK_GROUPS)
        } else {
            self.quick.load(Relaxed).saturating_sub(1)
        };
        self.quick.store(quick, Relaxed);
        if quick == QUICK_GROUPS && now.as_nanos() as u64 >= self.distrusts_until.load(Relaxed) {
            tracing::info!("syncs of the log are quick again");
            self.quick.store(0, Relaxed);
            self.by_thread.store(false, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
