//! Plain counters of the data plane. They start at zero with the process:
//! what recovery replays is not counted again.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use domain::RejectReason;
use domain::payload::PayloadError;
use frame_log::LogStats;
use observation_store::StoreStats;

use crate::repeats::Repeats;

/// Kinds of unreadable payloads; their numbers start at 1.
const PAYLOAD_ERRORS: usize = 10;

/// All counters at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Frames applied: one per accepted message.
    pub messages: u64,
    /// Observations stored, revisions included.
    pub observations: u64,
    /// Observations not stored, since the same value was there.
    pub duplicates: u64,
    /// Corrections of a value that was there.
    pub revisions: u64,
    /// Observations older than what the sequencer remembers.
    pub late: u64,
    /// Times assigned before the datastream's latest one, because that lies too
    /// far ahead of the clock.
    pub times_put_back: u64,
    /// Quarantined observations, in the order of [`RejectReason::ALL`].
    pub rejected: [u64; RejectReason::ALL.len()],
    /// Unreadable payloads, by [`PayloadError`]'s number less one.
    pub unreadable: [u64; PAYLOAD_ERRORS],
    /// Streams open.
    pub stream_readers: u64,
    /// Of those, the ones that lag so far that they read the log: the ring has
    /// newer frames only.
    pub stream_readers_lagging: u64,
    /// Quarantined messages pushed out by the bounds.
    pub quarantine_evicted: u64,
    pub log: LogStats,
    pub store: StoreStats,
}

/// The counters that are written to; one of each for the whole data plane.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) messages: AtomicU64,
    pub(crate) observations: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) revisions: AtomicU64,
    pub(crate) late: AtomicU64,
    pub(crate) times_put_back: AtomicU64,
    rejected: [AtomicU64; RejectReason::ALL.len()],
    unreadable: [AtomicU64; PAYLOAD_ERRORS],
    pub(crate) stream_readers: AtomicU64,
    pub(crate) stream_readers_lagging: AtomicU64,
    pub(crate) repeats: Repeats,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        if count > 0 {
            counter.fetch_add(count as u64, Relaxed);
        }
    }

    pub(crate) fn sub(counter: &AtomicU64, count: usize) {
        if count > 0 {
            counter.fetch_sub(count as u64, Relaxed);
        }
    }

    pub(crate) fn reject(&self, reason: RejectReason) {
        // Numbers are 1 to 14 without a hole, in the order of `ALL`.
        if let Some(counter) = self.rejected.get(usize::from(reason.number()) - 1) {
            counter.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn unreadable(&self, error: PayloadError) {
        if let Some(counter) = self.unreadable.get(usize::from(error.number()) - 1) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// Without the figures of log, store and quarantine.
    pub(crate) fn snapshot(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        Stats {
            messages: read(&self.messages),
            observations: read(&self.observations),
            duplicates: read(&self.duplicates),
            revisions: read(&self.revisions),
            late: read(&self.late),
            times_put_back: read(&self.times_put_back),
            rejected: std::array::from_fn(|at| read(&self.rejected[at])),
            unreadable: std::array::from_fn(|at| read(&self.unreadable[at])),
            stream_readers: read(&self.stream_readers),
            stream_readers_lagging: read(&self.stream_readers_lagging),
            ..Stats::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_counter_of_its_own() {
        let counters = Counters::default();
        for reason in RejectReason::ALL {
            counters.reject(reason);
        }
        counters.unreadable(PayloadError::DuplicateKey);
        let stats = counters.snapshot();
        assert_eq!(stats.rejected, [1; RejectReason::ALL.len()]);
        assert_eq!(stats.unreadable[PAYLOAD_ERRORS - 1], 1);
    }
}
