//! A copy of store and log that a platform can start from, made while it runs
//! or of a folder that nobody has open.
//!
//! Constraints: the copy is consistent with one offset: it holds every frame
//! up to it, and none later; neither the write path nor the flusher waits for
//! more than a moment; what compaction and retention remove meanwhile is still
//! copied (`store::pinned`), and the segments of the log stay (`log::keep`).
//!
//! In this order, when it runs: keep the log from the store's flushed offset
//! on; pin the store; take the sequencer's memory and sync, so that what it
//! knows is durable; what is durable then is the copy's offset. Data files are
//! linked where the file system can, since nobody ever changes one; segments
//! are copied, since they are written to and used again.

mod closed;
mod folder;
mod log;
mod running;
mod store;
mod sum;

use std::path::PathBuf;

use domain::Offset;
use frame_log::CommitError;
use observation_store::ManifestError;

pub use closed::{backup_closed, closed_bytes};
pub use data_files::free_bytes;
pub use folder::{CopiedFile, CopyError, CopyFolder};
pub use sum::Checksum;

/// Bytes of log before what the store lacks that go along for kept sessions:
/// their queue is a position in the log. What is older is told to them as lost,
/// as where the log itself no longer has it.
pub const MAX_BACKLOG_BYTES: u64 = 1 << 30;

/// What the copy holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataBackup {
    /// The copy is consistent with it.
    pub offset: Offset,
    /// Rows in files, and in the frames of the log that they do not hold yet.
    pub rows: u64,
    /// Data files that proved damaged and are left out.
    pub damaged: Vec<String>,
}

/// How much a copy takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataBytes {
    /// That are linked where the file system can.
    pub linked: u64,
    /// That are copied, at most.
    pub copied: u64,
}

/// Why store and log were not copied.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("another backup is being made")]
    Busy,
    #[error("the platform is stopping, or its log has failed")]
    Stopped(#[source] CommitError),
    #[error(
        "cannot pin the store's files; where the file system has no hard links, stop the platform and back up its folder"
    )]
    Pin(#[source] std::io::Error),
    #[error("cannot read the store")]
    Manifest(#[source] ManifestError),
    #[error("cannot read the log in {}", folder.display())]
    Log {
        folder: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error(
        "the log segment {} is damaged at byte {position}: offset {expected} should stand there",
        path.display()
    )]
    Damaged {
        path: PathBuf,
        position: u64,
        expected: Offset,
    },
    #[error(transparent)]
    Copy(#[from] CopyError),
}
