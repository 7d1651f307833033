//! Why a log cannot be opened, as the operator reads it.

use std::io;
use std::path::PathBuf;

use domain::{Misfit, Offset};

use super::frame::format::FORMAT_VERSION;

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum LogOpenError {
    #[error("cannot start the commit thread of the log")]
    Committer(#[source] io::Error),
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error(
        "{} is of log format {found}, and this version reads {FORMAT_VERSION}: use a newer madang",
        path.display()
    )]
    Newer { path: PathBuf, found: u32 },
    #[error(
        "{} names no log format: restore it from a backup, or let madang doctor --repair write it \
         again",
        path.display()
    )]
    FormatFile { path: PathBuf },
    #[error(
        "the log segment {} has no sound header: put it back as it was, as from a backup",
        path.display()
    )]
    Header { path: PathBuf },
    #[error(
        "the log segment {} is damaged at byte {position} (offset {expected}): \
         {evidence}, so this is no write that was cut short",
        path.display()
    )]
    Corrupt {
        path: PathBuf,
        position: u64,
        expected: Offset,
        evidence: &'static str,
    },
    #[error(
        "{} ends at offset {end}, and the store holds everything up to {stored}: \
         the log is older than the store; put the newer one in its place, or restore a backup",
        folder.display()
    )]
    OlderThanStore {
        folder: PathBuf,
        end: Offset,
        stored: Offset,
    },
    #[error(
        "{} ends at offset {end}, and the folder has acknowledged {least}: the log is an older \
         one, or its last segment is lost; put the newer one in its place, or restore a backup",
        folder.display()
    )]
    Older {
        folder: PathBuf,
        end: Offset,
        least: Offset,
    },
    #[error(
        "{} begins with offset {first}, and the store ends at {stored}: the store is older than \
         the log, or segments are lost; put the newer one in its place, or restore a backup",
        folder.display()
    )]
    Hole {
        folder: PathBuf,
        first: Offset,
        stored: Offset,
    },
    #[error(
        "{} has no segment, and this data folder has lived: put its files back, or restore a \
         backup",
        folder.display()
    )]
    Lost { folder: PathBuf },
    #[error("the log segment {} does not fit: {misfit}; put this folder's own back", path.display())]
    Misfit { path: PathBuf, misfit: Misfit },
    #[error(
        "the log segment {} is missing, which {} followed: put it back, or restore a backup",
        path.display(),
        next.display()
    )]
    SegmentLost { path: PathBuf, next: PathBuf },
    #[error(
        "the log segment {} has {bytes} bytes, and its frames end at {end}: it is cut short or \
         older than those after it; put the whole one back, or restore a backup",
        path.display()
    )]
    SegmentShort { path: PathBuf, bytes: u64, end: u64 },
}
