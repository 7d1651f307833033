//! Opening a log that was left, in whatever way.
//!
//! The last segment is read whole. Where its frames end, a torn group may
//! stand: the one write that had not been synced. It is cut, and zeros are
//! written over it. Sound frames of it are kept: the last group is written once
//! more and synced before anything is built on it, since after a failed sync
//! the system may show bytes that the disk never got, and takes them for clean.
//!
//! A bad frame is refused, because no write that was cut short leaves one, if it
//! - is followed by the beginning of a later group: a group is written only
//!   after the one before it was synced;
//! - would be sound but for one bit (`bit_rot`).
//!
//! So all that a flipped bit can touch is refused, or was padding; more than
//! one wrong bit within the last group cannot be told from a torn write.
//! What earlier segments hold was synced; they are checked when they are read.

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use data_files::sync_folder;
use domain::{FolderId, FolderMark, Misfit, Offset};

use super::end::End;
use super::file::LogFile;
use super::segment::{
    SEGMENT_HEADER_BYTES, Segment, SegmentHeader, Segments, file_name, parse_file_name,
};

use super::spare::Spares;
use super::writer::{Writer, begin_segment, cached_from};
use super::{Disk, DiskConfig, MIN_SEGMENT_BYTES};
use crate::frame::format::{ALIGNMENT, FORMAT_VERSION};
use crate::medium::Recovered;
use crate::open_error::LogOpenError;

/// Names the format's version, so that an older binary refuses the folder
/// before it has read a segment.
pub const FORMAT_FILE: &str = "FORMAT";
const FORMAT_IN_THE_MAKING: &str = "FORMAT.tmp";

/// Opens the log of `config`, or makes one. `stored` is the last offset that the
/// store holds.
pub(super) fn recover(
    config: &DiskConfig,
    stored: Offset,
) -> Result<Recovered<Disk>, LogOpenError> {
    let DiskConfig { folder, faults, .. } = config;
    let found = if folder.is_dir() {
        find_segments(folder)?
    } else {
        Vec::new()
    };
    check_parts(folder, &found, config.mark, stored)?;
    let end = match found.last() {
        Some(last) => Some(find_end(last)?),
        None => None,
    };
    check_end(folder, end.as_ref(), config.least, stored)?;
    fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
    check_format(folder)?;
    let spares = Spares::start(folder, config.segment_bytes, &config.scope)
        .map_err(io("make a spare segment in", folder))?;
    let segments = Arc::new(Segments::new(found.clone()));
    let (segment, file, end) = match (found.last(), end) {
        (Some(last), Some(end)) => {
            let file = LogFile::open(&last.path, faults).map_err(io("open", &last.path))?;
            // Whoever wrote it may have been killed before the sync, of the
            // frames or of the segment's name, or have seen it fail: what is
            // taken for durable from here on has to be.
            end.take_over(&file)
                .map_err(io("write the end of", &last.path))?;
            file.sync().map_err(io("sync", &last.path))?;
            sync_folder(folder).map_err(io("sync", folder))?;
            (Arc::clone(last), file, end)
        }
        _ => {
            let header = SegmentHeader::fresh(stored.next(), config.mark.id(), None);
            let (segment, file) = begin_segment(folder, header, &spares, faults)
                .map_err(io("begin the log in", folder))?;
            segments.push(Arc::clone(&segment));
            (segment, file, End::of_nothing(stored))
        }
    };
    Ok(Recovered {
        end: Writer {
            folder: folder.to_owned(),
            segments: Arc::clone(&segments),
            segment,
            file,
            position: end.position,
            cached_from: cached_from(end.position),
            spares,
            faults: faults.clone(),
            mark: config.mark,
        },
        medium: Disk { segments },
        durable: end.durable,
    })
}

fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> LogOpenError + 'a {
    move |cause| LogOpenError::Io {
        action,
        path: path.to_owned(),
        cause,
    }
}

/// Refuses a newer format before anything is touched.
pub fn check_format(folder: &Path) -> Result<(), LogOpenError> {
    let path = folder.join(FORMAT_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let version = text.trim().strip_prefix("madang-log ");
            match version.and_then(|version| version.parse::<u32>().ok()) {
                Some(FORMAT_VERSION) => Ok(()),
                Some(found) => Err(LogOpenError::Newer { path, found }),
                None => Err(LogOpenError::FormatFile { path }),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Never half written: a start that is killed here hinders no other.
            let made = folder.join(FORMAT_IN_THE_MAKING);
            let text = format!("madang-log {FORMAT_VERSION}\n");
            fs::write(&made, text).map_err(io("write", &made))?;
            let file = fs::File::open(&made).map_err(io("open", &made))?;
            file.sync_all().map_err(io("sync", &made))?;
            fs::rename(&made, &path).map_err(io("name", &path))?;
            sync_folder(folder).map_err(io("sync", folder))
        }
        Err(cause) => Err(io("read", &path)(cause)),
    }
}

/// All segments by their headers, oldest first.
fn find_segments(folder: &Path) -> Result<Vec<Arc<Segment>>, LogOpenError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(io("list", folder))? {
        let path = entry.map_err(io("list", folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(first) = name.and_then(parse_file_name) else {
            continue;
        };
        let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
        let mut file = fs::File::open(&path).map_err(io("open", &path))?;
        let length = file.metadata().map_err(io("look at", &path))?.len();
        let header = match io::Read::read_exact(&mut file, &mut bytes) {
            Ok(()) => SegmentHeader::from_bytes(&bytes),
            Err(_) => None,
        };
        match header.filter(|header| header.first == first) {
            Some(header) => found.push(Arc::new(Segment::new(path, header, length))),
            None => return Err(LogOpenError::Header { path }),
        }
    }
    found.sort_by_key(|segment| segment.header.first);
    Ok(found)
}

/// Why the log in `folder` cannot be opened; changes nothing.
pub fn look(
    folder: &Path,
    mark: FolderMark,
    least: Offset,
    stored: Offset,
) -> Result<(), LogOpenError> {
    let found = find_segments(folder)?;
    check_parts(folder, &found, mark, stored)?;
    let end = match found.last() {
        Some(last) => Some(find_end(last)?),
        None => None,
    };
    check_end(folder, end.as_ref(), least, stored)
}

/// An empty log whose first frame will be `first`, in the place of one that is
/// lost.
pub fn begin_anew(folder: &Path, first: Offset, id: Option<FolderId>) -> io::Result<()> {
    let header = SegmentHeader::fresh(first, id, None);
    let mut file = fs::File::create_new(folder.join(file_name(first)))?;
    io::Write::write_all(&mut file, &header.to_bytes())?;
    file.set_len(MIN_SEGMENT_BYTES)?;
    file.sync_all()?;
    sync_folder(folder)
}

/// Whether all segments are there, whole and of this folder, by their headers
/// alone. Those before folders had ids tell neither.
fn check_parts(
    folder: &Path,
    found: &[Arc<Segment>],
    mark: FolderMark,
    stored: Offset,
) -> Result<(), LogOpenError> {
    let Some(oldest) = found.first() else {
        // Where the store holds something, there was a log.
        if mark.adopts() && stored == Offset::ZERO {
            return Ok(());
        }
        let folder = folder.to_owned();
        return Err(LogOpenError::Lost { folder });
    };
    if oldest.header.first > stored.next() {
        return Err(LogOpenError::Hole {
            folder: folder.to_owned(),
            first: oldest.header.first,
            stored,
        });
    }
    let mut told = None;
    for segment in found {
        let misfit = match segment.header.folder {
            Some(id) => mark.check(Some(id)).err(),
            // Those without an id were made before all that have one.
            None => told.map(|()| Misfit::Unmarked),
        };
        if let Some(misfit) = misfit {
            let path = segment.path.clone();
            return Err(LogOpenError::Misfit { path, misfit });
        }
        told = told.or(segment.header.folder.map(drop));
    }
    found
        .windows(2)
        .try_for_each(|pair| check_pair(&pair[0], &pair[1]))
}

fn check_pair(segment: &Segment, next: &Segment) -> Result<(), LogOpenError> {
    let Some(before) = next.header.before else {
        return Ok(());
    };
    if before.first != segment.header.first {
        return Err(LogOpenError::SegmentLost {
            path: segment.path.with_file_name(file_name(before.first)),
            next: next.path.clone(),
        });
    }
    // A copy may lack the padding of the last frame.
    if segment.bytes + (ALIGNMENT as u64) <= before.end {
        return Err(LogOpenError::SegmentShort {
            path: segment.path.clone(),
            bytes: segment.bytes,
            end: before.end,
        });
    }
    Ok(())
}

/// Whether the log reaches as far as the rest of the folder knows it to.
fn check_end(
    folder: &Path,
    end: Option<&End>,
    least: Offset,
    stored: Offset,
) -> Result<(), LogOpenError> {
    let Some(end) = end.map(|end| end.durable) else {
        return Ok(());
    };
    if end < stored {
        let folder = folder.to_owned();
        return Err(LogOpenError::OlderThanStore {
            folder,
            end,
            stored,
        });
    }
    if end < least {
        let folder = folder.to_owned();
        return Err(LogOpenError::Older { folder, end, least });
    }
    Ok(())
}

/// Reads the last segment to the end of its frames.
fn find_end(segment: &Segment) -> Result<End, LogOpenError> {
    let bytes = fs::read(&segment.path).map_err(io("read", &segment.path))?;
    let mark = |offset, position| segment.mark(offset, position);
    End::find(&bytes, segment.header, mark).map_err(|damage| LogOpenError::Corrupt {
        path: segment.path.clone(),
        position: damage.position,
        expected: damage.expected,
        evidence: damage.evidence,
    })
}
