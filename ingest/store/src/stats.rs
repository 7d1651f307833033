//! The store's own figures. Counts start at zero with the process.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the store consists of at one moment, and what it has done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StoreStats {
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
    /// Day files that retention has set aside, and that are still there.
    pub files_kept_aside: u64,
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
    /// Day files that retention has set aside since the start.
    pub files_expired: u64,
    /// Rows of those files.
    pub rows_expired: u64,
}

/// The counts that are written to.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) flush_failures: AtomicU64,
    pub(crate) compactions: AtomicU64,
    pub(crate) compaction_failures: AtomicU64,
    pub(crate) compaction_rows: AtomicU64,
    pub(crate) compaction_bytes: AtomicU64,
    pub(crate) repeats_dropped: AtomicU64,
    pub(crate) files_expired: AtomicU64,
    pub(crate) rows_expired: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(count as u64, Relaxed);
    }

    /// Without what the files tell.
    pub(crate) fn snapshot(&self) -> StoreStats {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        StoreStats {
            flush_failures: read(&self.flush_failures),
            compactions: read(&self.compactions),
            compaction_failures: read(&self.compaction_failures),
            compaction_rows: read(&self.compaction_rows),
            compaction_bytes: read(&self.compaction_bytes),
            repeats_dropped: read(&self.repeats_dropped),
            files_expired: read(&self.files_expired),
            rows_expired: read(&self.rows_expired),
            ..StoreStats::default()
        }
    }
}
