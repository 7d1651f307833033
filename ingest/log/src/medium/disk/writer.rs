//! Writes groups into the newest segment, and syncs them.

use std::path::PathBuf;
use std::sync::Arc;
use std::{fs, io};

use data_files::sync_folder;
use domain::{FolderMark, Offset};

use super::file::{Faults, LogFile};
use super::segment::{Before, SEGMENT_HEADER_BYTES, Segment, SegmentHeader, Segments, file_name};
use super::spare::Spares;
use crate::fault::Fault;
use crate::frame::encode::seal;
use crate::staging::Group;

/// Writes end at multiples of it, the rest in zeros: the system need not read a
/// page of a recycled file from the disk before a part of it is written.
const PAGE_BYTES: u64 = 4096;

/// Newest bytes of a segment that stay in the system's cache, for readers that
/// lag by a little.
const CACHED_BYTES: u64 = 16 << 20;
/// Older ones leave it in pieces of this size.
const FORGOTTEN_BYTES: u64 = 1 << 20;

/// The end of the log. It is kept in a mutex: who holds the lock leads.
pub struct Writer {
    pub(super) folder: PathBuf,
    pub(super) segments: Arc<Segments>,
    pub(super) segment: Arc<Segment>,
    pub(super) file: LogFile,
    /// Where the next group goes.
    pub(crate) position: u64,
    /// Bytes of the segment before it are not kept in the system's cache.
    pub(super) cached_from: u64,
    pub(super) spares: Spares,
    pub(super) faults: Faults,
    pub(super) mark: FolderMark,
}

impl Writer {
    /// Whether a group of so many bytes needs no new segment.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.position + bytes as u64 <= self.segment.bytes
    }

    /// Writes one group and syncs it. After an error nothing more may be
    /// written: what the disk holds is unknown.
    pub(crate) fn write(&mut self, group: &mut Group) -> Result<(), Fault> {
        let bytes = group.bytes.len() as u64;
        if !self.has_room(group.bytes.len()) {
            self.rotate(group.first)?;
        }
        seal(&mut group.bytes, self.segment.header.epoch);
        let segment = &self.segment;
        let whole_pages = (self.position + bytes).next_multiple_of(PAGE_BYTES);
        // A segment has room for a group of the greatest size.
        let padded = whole_pages.min(segment.bytes).max(self.position + bytes) - self.position;
        group.bytes.resize(padded as usize, 0);
        self.file
            .write_at(&group.bytes, self.position)
            .map_err(|cause| Fault::new("write the log", &segment.path, cause))?;
        group.bytes.truncate(bytes as usize);
        self.file
            .sync()
            .map_err(|cause| Fault::new("sync the log", &segment.path, cause))?;
        segment.mark(group.first, self.position);
        self.position += bytes;
        self.forget(cached_from(self.position));
        Ok(())
    }

    /// The log is seldom read once it is applied: the memory in which the
    /// system caches it is given back before it fills, so that new bytes go
    /// where older ones were, and the store's files stay cached.
    fn forget(&mut self, end: u64) {
        if end > self.cached_from {
            self.file.forget(self.cached_from..end);
            self.cached_from = end;
        }
    }

    /// Goes on in a new segment, whose first frame will be `first`. All frames
    /// before it are synced.
    fn rotate(&mut self, first: Offset) -> Result<(), Fault> {
        let before = Before {
            first: self.segment.header.first,
            end: self.position,
        };
        let header = SegmentHeader::fresh(first, self.mark.id(), Some(before));
        let (segment, file) = begin_segment(&self.folder, header, &self.spares, &self.faults)
            .map_err(|cause| Fault::new("begin a segment of the log in", &self.folder, cause))?;
        self.forget(self.position);
        self.segments.push(Arc::clone(&segment));
        self.segment = segment;
        self.file = file;
        self.position = SEGMENT_HEADER_BYTES;
        self.cached_from = 0;
        Ok(())
    }

    /// Gives back segments that the store holds and no reader's budget keeps.
    pub(crate) fn release(&self, up_to: Offset, budget: u64) -> io::Result<()> {
        for segment in self.segments.take_released(up_to, budget) {
            self.spares.recycle(&segment.path, segment.bytes)?;
        }
        Ok(())
    }
}

/// From where on a segment that is written up to `position` stays in the
/// system's cache.
pub(super) const fn cached_from(position: u64) -> u64 {
    position.saturating_sub(CACHED_BYTES) / FORGOTTEN_BYTES * FORGOTTEN_BYTES
}

/// Turns the spare into a segment. Its header is durable before it has a
/// segment's name, and its name before it has a frame.
pub(super) fn begin_segment(
    folder: &std::path::Path,
    header: SegmentHeader,
    spares: &Spares,
    faults: &Faults,
) -> io::Result<(Arc<Segment>, LogFile)> {
    let spare = spares.wait()?;
    let file = LogFile::open(&spare, faults)?;
    file.write_at(&header.to_bytes(), 0)?;
    file.sync()?;
    let path = folder.join(file_name(header.first));
    fs::rename(&spare, &path)?;
    spares.taken();
    sync_folder(folder)?;
    let bytes = fs::metadata(&path)?.len();
    Ok((Arc::new(Segment::new(path, header, bytes)), file))
}
