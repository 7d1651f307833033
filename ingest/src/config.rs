//! What the data plane can be told.

use std::path::PathBuf;

use domain::{FolderMark, Offset};
use supervisor::Scope;

use frame_log::CommitPolicy;

/// How the data plane keeps its data.
#[derive(Clone, Debug)]
pub struct Config {
    /// `DIR`: the log lives in `DIR/log`, the store in `DIR/store`.
    pub data_dir: PathBuf,
    /// Bytes of log that stay for readers of streams after the store holds
    /// them; 10 GiB by default. More stays while the store lags.
    pub log_budget_bytes: u64,
    /// Rows that the head gathers before they are flushed into a file;
    /// 1,000,000 by default.
    pub flush_rows: usize,
    /// Who writes and syncs the log.
    pub commit: CommitPolicy,
    /// Bytes of one segment of the log, [`crate::MIN_SEGMENT_BYTES`] to
    /// [`crate::MAX_SEGMENT_BYTES`]; 64 MiB by default.
    pub segment_bytes: u64,
    /// Quarantined messages that are kept for each device; 1,000 by default.
    pub quarantine_per_device: usize,
    /// Datastreams that the unknown fields of one device may make within an hour
    /// of the clock; 16 by default.
    pub new_fields_per_hour: usize,
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
            new_fields_per_hour: 16,
            scope: Scope::default(),
            mark: FolderMark::ANY,
            least_offset: Offset::ZERO,
        }
    }
}
