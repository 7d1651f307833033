//! Plain counters of the data plane. They start at zero with the process:
//! what recovery replays is not counted again.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use domain::RejectReason;
use domain::payload::PayloadError;
use observation_store::StoreStats;

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
    /// Assigned times that are earlier than the datastream's latest, since that
    /// lies ahead of the clock.
    pub times_put_back: u64,
    /// Quarantined observations, in the order of [`RejectReason::ALL`].
    pub rejected: [u64; RejectReason::ALL.len()],
    /// Unreadable payloads, by [`PayloadError`]'s number less one.
    pub unreadable: [u64; PAYLOAD_ERRORS],
    /// fdatasync calls of the log.
    pub syncs: u64,
    /// Groups written.
    pub groups: u64,
    /// Bytes of frames written.
    pub bytes_logged: u64,
    /// Rows not yet in a file, those being flushed included.
    pub head_rows: u64,
    /// Parquet files served.
    pub files: u64,
    /// Of those, the ones of one day, agency and model; the others are as they
    /// were flushed.
    pub day_files: u64,
    /// Rows in files, repeats of a value included.
    pub file_rows: u64,
    /// Bytes of Parquet files.
    pub file_bytes: u64,
    /// Files set aside, since they were damaged.
    pub files_set_aside: u64,
    /// Flushes that failed and were tried again.
    pub flush_failures: u64,
    /// Times that files were made day files, or one of several.
    pub compactions: u64,
    /// Compactions that could not be written and are tried again.
    pub compaction_failures: u64,
    /// Rows written by compactions: a row may be written several times.
    pub compaction_rows: u64,
    /// Bytes of Parquet files written by compactions.
    pub compaction_bytes: u64,
    /// Rows left out by compactions, since they repeated the value before.
    pub repeats_dropped: u64,
    /// Day files that retention has set aside, and that are still there.
    pub files_kept_aside: u64,
    /// Day files that retention has set aside since the start.
    pub files_expired: u64,
    /// Rows of those files.
    pub rows_expired: u64,
    /// Streams open.
    pub stream_readers: u64,
    /// Of those, the ones that read the log, since they lag and the ring has newer ones only.
    pub stream_readers_lagging: u64,
    /// Quarantined messages pushed out by the bounds.
    pub quarantine_evicted: u64,
}

impl Stats {
    /// With the figures of the store.
    pub(crate) fn with_store(self, store: &StoreStats) -> Self {
        let StoreStats {
            head_rows,
            files,
            day_files,
            file_rows,
            file_bytes,
            files_set_aside,
            files_kept_aside,
            flush_failures,
            compactions,
            compaction_failures,
            compaction_rows,
            compaction_bytes,
            repeats_dropped,
            files_expired,
            rows_expired,
        } = *store;
        Self {
            head_rows,
            files,
            day_files,
            file_rows,
            file_bytes,
            files_set_aside,
            files_kept_aside,
            flush_failures,
            compactions,
            compaction_failures,
            compaction_rows,
            compaction_bytes,
            repeats_dropped,
            files_expired,
            rows_expired,
            ..self
        }
    }
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

    /// Without the figures of log and store.
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
