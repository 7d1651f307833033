//! One file of the log.
//!
//! `{first offset, 20 digits}.log`, of one fixed size, zero-filled when it was
//! made and recycled afterwards, so that a write never changes the file's size
//! or blocks. Little-endian:
//!
//! ```text
//! offset  size  field
//!      0     8  "MADANGLG"
//!      8     4  format version, 1
//!     12     4  epoch: a random number of this use of the file
//!     16     8  offset of the first frame
//!     24    16  the data folder's id, or zeros
//!     40     8  offset of the first frame of the segment before, or 0
//!     48     8  where the frames of that segment end, or 0
//!     56     4  zeros
//!     60     4  CRC-32C over bytes 0 .. 60
//!     64        frames, each at a multiple of 8
//! ```
//!
//! A segment names the one before it, so that one which is lost or cut short is
//! known by headers alone. Bytes 24 .. 56 were zeros before folders had ids.
//!
//! Frames end where no frame of the segment's epoch with the next offset
//! stands: bytes that an earlier use of the file left cannot replay, and since
//! nobody outside knows the epoch, no payload can imitate a frame.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;

use domain::{FOLDER_ID_BYTES, FolderId, Offset};
use parking_lot::{Mutex, RwLock};

use crate::frame::format::{FORMAT_VERSION, u32_at, u64_at};

/// Bytes before the first frame.
pub(crate) const SEGMENT_HEADER_BYTES: u64 = 64;
/// Bytes between two remembered places of a segment.
const MARK_EVERY_BYTES: u64 = 256 << 10;
const MAGIC: &[u8; 8] = b"MADANGLG";

/// What a segment's header says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SegmentHeader {
    pub(crate) epoch: u32,
    pub(crate) first: Offset,
    /// The data folder that it was made in.
    pub(crate) folder: Option<FolderId>,
    /// What must lie before it, as far as it was not given back.
    pub(crate) before: Option<Before>,
}

/// The segment before one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Before {
    pub(crate) first: Offset,
    /// Where its frames end, in bytes.
    pub(crate) end: u64,
}

impl SegmentHeader {
    /// For a segment that begins with `first`. Zero is never an epoch, since
    /// it is what a new file holds.
    pub(crate) fn fresh(first: Offset, folder: Option<FolderId>, before: Option<Before>) -> Self {
        let random = RandomState::new().hash_one(first.get());
        Self {
            epoch: (random as u32).max(1),
            first,
            folder,
            before,
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; SEGMENT_HEADER_BYTES as usize] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.get().to_le_bytes());
        bytes[24..40].copy_from_slice(&FolderId::stamp(self.folder));
        if let Some(before) = self.before {
            bytes[40..48].copy_from_slice(&before.first.get().to_le_bytes());
            bytes[48..56].copy_from_slice(&before.end.to_le_bytes());
        }
        let crc = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// `None` where it is damaged or no header of this format.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let header = bytes.get(..SEGMENT_HEADER_BYTES as usize)?;
        let sound = &header[..8] == MAGIC
            && u32_at(header, 8) == FORMAT_VERSION
            && u32_at(header, 60) == crc32c::crc32c(&header[..60]);
        let mut folder = [0; FOLDER_ID_BYTES];
        folder.copy_from_slice(&header[24..40]);
        let before = Before {
            first: Offset::new(u64_at(header, 40)),
            end: u64_at(header, 48),
        };
        sound.then(|| Self {
            epoch: u32_at(header, 12),
            first: Offset::new(u64_at(header, 16)),
            folder: FolderId::from_bytes(folder),
            before: Some(before).filter(|before| before.end > 0),
        })
    }
}

/// The name of the segment whose first frame is `first`.
pub(crate) fn file_name(first: Offset) -> String {
    format!("{:020}.log", first.get())
}

/// The first offset that a segment's name tells.
pub(crate) fn parse_file_name(name: &str) -> Option<Offset> {
    let digits = name.strip_suffix(".log")?;
    let all_digits = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits
        .then(|| digits.parse().ok().map(Offset::new))
        .flatten()
}

/// A segment that holds frames, as writer and readers share it.
pub struct Segment {
    pub path: PathBuf,
    pub(crate) header: SegmentHeader,
    /// Of the file.
    pub bytes: u64,
    /// Where some frames begin, ascending.
    marks: Mutex<Vec<(Offset, u64)>>,
}

impl Segment {
    pub(crate) fn new(path: PathBuf, header: SegmentHeader, bytes: u64) -> Self {
        Self {
            path,
            header,
            bytes,
            marks: Mutex::new(vec![(header.first, SEGMENT_HEADER_BYTES)]),
        }
    }

    /// The offset of its first frame.
    pub fn first(&self) -> Offset {
        self.header.first
    }

    /// Remembers where a frame begins, unless that is near the last known place.
    pub(crate) fn mark(&self, offset: Offset, position: u64) {
        let mut marks = self.marks.lock();
        let last = marks.last().map_or(0, |(_, last)| *last);
        if position >= last + MARK_EVERY_BYTES {
            marks.push((offset, position));
        }
    }

    /// The nearest known place at or before `offset`.
    pub(crate) fn place_before(&self, offset: Offset) -> (Offset, u64) {
        let marks = self.marks.lock();
        let next = marks.partition_point(|(known, _)| *known <= offset);
        marks[next.saturating_sub(1)]
    }
}

/// All segments of a log, oldest first; the last one is written to.
#[derive(Default)]
pub(crate) struct Segments {
    list: RwLock<Vec<Arc<Segment>>>,
    /// Frames from it on stay, whatever the store holds.
    kept_from: Mutex<Option<Offset>>,
}

impl Segments {
    pub(crate) fn new(segments: Vec<Arc<Segment>>) -> Self {
        Self {
            list: RwLock::new(segments),
            kept_from: Mutex::new(None),
        }
    }

    /// Keeps frames from `first` on until the answer is dropped; `None` where
    /// somebody keeps some already.
    pub(crate) fn keep(self: &Arc<Self>, first: Offset) -> Option<KeptSegments> {
        // The list's lock: nothing is being released meanwhile.
        let list = self.list.write();
        let mut kept = self.kept_from.lock();
        if kept.is_some() {
            return None;
        }
        *kept = Some(first);
        drop((kept, list));
        Some(KeptSegments(Arc::clone(self)))
    }

    /// Those with frames from `first` on.
    pub(crate) fn from(&self, first: Offset) -> Vec<Arc<Segment>> {
        let list = self.list.read();
        let next = list.partition_point(|segment| segment.header.first <= first);
        list[next.saturating_sub(1)..].to_vec()
    }

    pub(crate) fn push(&self, segment: Arc<Segment>) {
        self.list.write().push(segment);
    }

    pub(crate) fn first_offset(&self) -> Offset {
        self.list
            .read()
            .first()
            .map_or(Offset::ZERO, |segment| segment.header.first)
    }

    /// The segment that has `offset`, if it is not gone.
    pub(crate) fn holding(&self, offset: Offset) -> Option<Arc<Segment>> {
        let segments = self.list.read();
        let next = segments.partition_point(|segment| segment.header.first <= offset);
        segments.get(next.checked_sub(1)?).cloned()
    }

    /// Whether `segment` is still part of the log.
    pub(crate) fn has(&self, segment: &Arc<Segment>) -> bool {
        self.list
            .read()
            .iter()
            .any(|known| Arc::ptr_eq(known, segment))
    }

    /// Takes out the oldest segments while all their frames are at or before
    /// `up_to` and the rest still has `budget` bytes. The last one stays.
    pub(crate) fn take_released(&self, up_to: Offset, budget: u64) -> Vec<Arc<Segment>> {
        let mut segments = self.list.write();
        let up_to = match *self.kept_from.lock() {
            Some(kept) => up_to.min(Offset::new(kept.get().saturating_sub(1))),
            None => up_to,
        };
        let mut left: u64 = segments.iter().map(|segment| segment.bytes).sum();
        let mut count = 0;
        while let (Some(oldest), Some(next)) = (segments.get(count), segments.get(count + 1)) {
            if next.header.first > up_to.next() || left - oldest.bytes < budget {
                break;
            }
            left -= oldest.bytes;
            count += 1;
        }
        segments.drain(..count).collect()
    }
}

/// Segments that nobody gives back as long as this lives.
pub struct KeptSegments(Arc<Segments>);

impl Drop for KeptSegments {
    fn drop(&mut self) {
        *self.0.kept_from.lock() = None;
    }
}

#[cfg(test)]
mod tests;
