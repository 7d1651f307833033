//! Why a frame cannot be read back.

use std::io;
use std::path::PathBuf;

use domain::Offset;

/// Why a frame cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum LogReadError {
    #[error("the log begins at offset {first}: what was before is gone")]
    Gone { first: Offset },
    #[error("cannot read the log segment {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error(
        "the log segment {} is damaged at byte {position}: offset {expected} should stand there",
        path.display()
    )]
    Corrupt {
        path: PathBuf,
        position: u64,
        expected: Offset,
    },
    #[error("the log segment {} has a frame that cannot be read: {what}", path.display())]
    Frame { path: PathBuf, what: String },
}
