//! Segments as files, front to back: for copies of a log and for looking at
//! one that nobody has open.
//!
//! Reads only. A frame counts where its CRC, its epoch and its offset are
//! right; where the first one does not, the walk ends and the caller judges.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use domain::{FolderId, Offset};

use super::end::{Damage, End};
use super::segment::{SEGMENT_HEADER_BYTES, SegmentHeader, parse_file_name};
use crate::frame::MAX_FRAME_BYTES;
use crate::frame::decode::{Checked, check, claimed_bytes};
use crate::frame::format::HEADER_BYTES;

/// Bytes read at once; the longest frame fits.
const READ_BYTES: usize = 1 << 20;
const _: () = assert!(READ_BYTES >= MAX_FRAME_BYTES);

/// Where the walk through a segment came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Walked {
    /// Bytes from the file's beginning to the end of the last frame.
    pub end: u64,
    /// The offset that would follow.
    pub next: Offset,
}

/// A segment's file.
#[derive(Debug)]
pub struct SegmentFile {
    path: PathBuf,
    header: SegmentHeader,
    file: File,
    bytes: u64,
}

/// The segments of a folder by their names, oldest first.
pub fn segment_paths(folder: &Path) -> io::Result<Vec<(Offset, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(first) = name.and_then(parse_file_name) {
            found.push((first, path));
        }
    }
    found.sort();
    Ok(found)
}

impl SegmentFile {
    /// `None` where the header is damaged or is not that of `first`.
    pub fn open(path: &Path, first: Offset) -> io::Result<Option<Self>> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut header = [0; SEGMENT_HEADER_BYTES as usize];
        if bytes < SEGMENT_HEADER_BYTES {
            return Ok(None);
        }
        file.read_exact_at(&mut header, 0)?;
        let header = SegmentHeader::from_bytes(&header).filter(|header| header.first == first);
        Ok(header.map(|header| Self {
            path: path.to_owned(),
            header,
            file,
            bytes,
        }))
    }

    /// The data folder that it was made in, as far as it tells.
    pub fn folder(&self) -> Option<FolderId> {
        self.header.folder
    }

    /// What recovery would say of its end, where it is the last segment: how
    /// many bytes of a torn write there are, or why it refuses the log. Reads
    /// the whole file into memory, as recovery does.
    pub fn end(&self) -> io::Result<Result<u64, Damage>> {
        let bytes = fs::read(&self.path)?;
        Ok(End::find(&bytes, self.header, |_, _| {}).map(|end| end.torn))
    }

    /// Shows each sound frame up to `last`, in order, to `visit`.
    pub fn walk(&self, last: Offset, mut visit: impl FnMut(&Checked<'_>)) -> io::Result<Walked> {
        let mut at = Walked {
            end: SEGMENT_HEADER_BYTES,
            next: self.header.first,
        };
        let (mut buffer, mut given) = (Vec::new(), 0);
        while at.next <= last {
            let needed = claimed_bytes(&buffer[given..]).unwrap_or(HEADER_BYTES);
            if buffer.len() - given < needed {
                let left = self.bytes.saturating_sub(at.end);
                buffer.resize((READ_BYTES as u64).min(left) as usize, 0);
                self.file.read_exact_at(&mut buffer, at.end)?;
                given = 0;
            }
            let frame = check(&buffer[given..], self.header.epoch);
            let Some(frame) = frame.filter(|frame| frame.offset == at.next) else {
                break;
            };
            visit(&frame);
            // The last one's padding may lie beyond the file's end.
            let bytes = frame.bytes().min(buffer.len() - given);
            given += bytes;
            at.end += bytes as u64;
            at.next = at.next.next();
        }
        Ok(at)
    }
}
