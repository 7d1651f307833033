//! Copies segments of the log, up to an offset.
//!
//! Every frame is checked on its way. The last segment is cut after the last
//! frame: a log that is opened goes on in a new one.

use std::path::PathBuf;

use domain::Offset;
use frame_log::{Decoder, Frame, SegmentFile, Verdict};

use super::BackupError;
use super::folder::{CopyError, CopyFolder};
use super::sum::Summing;
use crate::open::LOG_FOLDER;

/// What was copied.
pub(super) struct CopiedLog {
    /// The last frame.
    pub(super) offset: Offset,
    /// Stored observations of the frames that the store's files do not hold.
    pub(super) rows: u64,
}

/// Which frames there are to copy.
pub(super) struct Frames {
    /// By the offset of their first frame, oldest first.
    pub(super) segments: Vec<(Offset, PathBuf)>,
    /// Up to it the store's files hold everything.
    pub(super) flushed: Offset,
    /// The last one to copy.
    pub(super) last: Offset,
    /// Whether the log is known to reach `last`: then one that ends before it
    /// is damaged.
    pub(super) is_last_known: bool,
}

/// Copies all segments of `frames`.
pub(super) fn copy_log(frames: &Frames, into: &mut CopyFolder) -> Result<CopiedLog, BackupError> {
    let mut copied = CopiedLog {
        offset: frames.flushed,
        rows: 0,
    };
    let mut decoder = Decoder::default();
    for (at, (first, path)) in frames.segments.iter().enumerate() {
        if *first > frames.last {
            break;
        }
        let io = CopyError::io("read", path);
        let damaged = |position, expected| BackupError::Damaged {
            path: path.clone(),
            position,
            expected,
        };
        let opened = SegmentFile::open(path, *first).map_err(io)?;
        let segment = opened.ok_or_else(|| damaged(0, *first))?;
        let walked = segment
            .walk(frames.last, |checked| {
                if checked.offset > frames.flushed
                    && let Ok(Frame::Telemetry(frame)) = decoder.decode(checked)
                {
                    let stored = |verdict| verdict != Verdict::Duplicate;
                    let observations = frame.observations.iter();
                    copied.rows += observations.filter(|it| stored(it.verdict)).count() as u64;
                }
            })
            .map_err(CopyError::io("read", path))?;
        // The frame that must follow there, if any is known to.
        let wanted = match frames.segments.get(at + 1) {
            Some((next, _)) => Some((*next).min(frames.last.next())),
            None => frames.is_last_known.then(|| frames.last.next()),
        };
        if wanted.is_some_and(|wanted| walked.next != wanted) {
            return Err(damaged(walked.end, walked.next));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{LOG_FOLDER}/{name}");
        into.copy_part(path, &name, walked.end, Summing::sha256())?;
        copied.offset = Offset::new(walked.next.get() - 1);
    }
    Ok(copied)
}
