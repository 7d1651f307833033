//! A copy of a folder that nobody has open: the caller holds its lock.

use std::fs;
use std::path::{Path, PathBuf};

use domain::Offset;
use frame_log::{FORMAT_FILE, SegmentFile, segment_paths};
use observation_store::PinnedStore;

use super::folder::CopyFolder;
use super::log::{Frames, copy_log};
use super::store::copy_store;
use super::{BackupError, DataBackup, DataBytes, MAX_BACKLOG_BYTES};
use crate::open::{LOG_FOLDER, STORE_FOLDER};
use crate::sequence::{Sequencer, memory_file};

/// Later than any frame.
const END: Offset = Offset::new(u64::MAX - 1);

/// How much [`backup_closed`] would take.
pub fn closed_bytes(data: &Path, oldest: Option<Offset>) -> Result<DataBytes, BackupError> {
    let store = data.join(STORE_FOLDER);
    let pinned = PinnedStore::of_closed(&store).map_err(BackupError::Manifest)?;
    let segments = segments(data, needed_from(data, pinned.flushed_offset()), oldest)?;
    Ok(DataBytes {
        linked: pinned.files().iter().map(|file| file.bytes).sum(),
        copied: segments.iter().map(|(_, path)| bytes(path)).sum(),
    })
}

/// Copies store and log of the folder `data`, which is left as it is: a write
/// that was cut short at the log's end is not copied.
pub fn backup_closed(
    data: &Path,
    into: &mut CopyFolder,
    oldest: Option<Offset>,
) -> Result<DataBackup, BackupError> {
    let (store, log) = (data.join(STORE_FOLDER), data.join(LOG_FOLDER));
    let mut pinned = PinnedStore::of_closed(&store).map_err(BackupError::Manifest)?;
    let rows = pinned.rows();
    let flushed = pinned.flushed_offset();
    let segments = segments(data, needed_from(data, flushed), oldest)?;
    if let Some((first, path)) = segments.last() {
        refuse_damaged_end(path, *first)?;
    }
    let damaged = copy_store(&mut pinned, into)?;
    let frames = Frames {
        segments,
        flushed,
        last: END,
        is_last_known: false,
    };
    let copied = copy_log(&frames, into)?;
    for name in [memory_file::FILE, FORMAT_FILE] {
        let path = log.join(name);
        if path.exists() {
            into.copy(&path, &format!("{LOG_FOLDER}/{name}"))?;
        }
    }
    Ok(DataBackup {
        offset: copied.offset.max(flushed),
        rows: rows + copied.rows,
        damaged,
    })
}

/// Recovery reads the frames after it: the sequencer's memory is older than the
/// store if the process was killed after writing one and before the other.
fn needed_from(data: &Path, flushed: Offset) -> Offset {
    let memory = memory_file::read(&data.join(LOG_FOLDER), &mut Sequencer::default());
    match memory {
        Ok(found) => found.map_or(Offset::ZERO, |found| found.known).min(flushed),
        Err(_) => flushed,
    }
}

/// What the next start would refuse must not pass for the log's end here.
fn refuse_damaged_end(path: &Path, first: Offset) -> Result<(), BackupError> {
    let io = |cause| BackupError::Log {
        folder: path.to_owned(),
        cause,
    };
    let Some(segment) = SegmentFile::open(path, first).map_err(io)? else {
        return Err(damaged(path, 0, first));
    };
    match segment.end().map_err(io)? {
        Ok(_) => Ok(()),
        Err(end) => Err(damaged(path, end.position, end.expected)),
    }
}

fn damaged(path: &Path, position: u64, expected: Offset) -> BackupError {
    BackupError::Damaged {
        path: path.to_owned(),
        position,
        expected,
    }
}

/// Those with what recovery needs, and before them as many as sessions may
/// want and the limit allows.
fn segments(
    data: &Path,
    needed: Offset,
    oldest: Option<Offset>,
) -> Result<Vec<(Offset, PathBuf)>, BackupError> {
    let folder = data.join(LOG_FOLDER);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut segments = segment_paths(&folder).map_err(|cause| BackupError::Log {
        folder: folder.clone(),
        cause,
    })?;
    let first = oldest.map_or(needed.next(), |oldest| oldest.min(needed.next()));
    let next = segments.partition_point(|(begin, _)| *begin <= first);
    segments.drain(..next.saturating_sub(1));
    let mut total: u64 = segments.iter().map(|(_, path)| bytes(path)).sum();
    while total > MAX_BACKLOG_BYTES
        && segments
            .get(1)
            .is_some_and(|(next, _)| *next <= needed.next())
    {
        total -= bytes(&segments.remove(0).1);
    }
    Ok(segments)
}

fn bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}
