//! What the data plane can be told.

use std::path::PathBuf;

use domain::{FolderMark, Offset};
use supervisor::Scope;

/// The least a segment may hold, in bytes: two groups of the log.
pub const MIN_SEGMENT_BYTES: u64 = 2 << 20;
/// The most, in bytes: recovery reads the last segment into memory.
pub const MAX_SEGMENT_BYTES: u64 = 1 << 30;

/// How the data plane keeps its data.
#[derive(Clone, Debug)]
pub struct Config {
    /// `DIR`: the log lives in `DIR/log`, the store in `DIR/store`.
    pub data_dir: PathBuf,
    /// Bytes of log that stay for readers of streams after the store holds
    /// them; 10 GiB by default. More stays while the store is behind.
    pub log_budget_bytes: u64,
    /// Rows that the head gathers before they are flushed into a file;
    /// 1,000,000 by default.
    pub flush_rows: usize,
    /// Who writes and syncs the log.
    pub commit: CommitPolicy,
    /// Bytes of one segment of the log, [`MIN_SEGMENT_BYTES`] to [`MAX_SEGMENT_BYTES`];
    /// 64 MiB by default.
    pub segment_bytes: u64,
    /// Quarantined messages that are kept for each device; 1,000 by default.
    pub quarantine_per_device: usize,
    /// Who watches the threads; nobody by default.
    pub scope: Scope,
    /// The data folder that log and store belong to; any by default.
    pub mark: FolderMark,
    /// The last offset that is known elsewhere to have been durable: a log that
    /// ends before it is an older one. 0 by default.
    pub least_offset: Offset,
}

impl Config {
    /// The defaults, for the data folder `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            log_budget_bytes: 10 << 30,
            flush_rows: 1_000_000,
            commit: CommitPolicy::Measure,
            segment_bytes: 64 << 20,
            quarantine_per_device: 1_000,
            scope: Scope::default(),
            mark: FolderMark::ANY,
            least_offset: Offset::ZERO,
        }
    }
}

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
