//! The log as files of a folder.
//!
//! In reading order: `segment` and `file` (a file of the log), `spare` (the next
//! file), `writer`, `reader`, `recovery`, `bit_rot` (what it refuses to cut),
//! `probe` (how quick the disk is), `scan` (segments that nobody has open).

mod bit_rot;
pub(crate) mod end;
pub(crate) mod file;
mod probe;
mod reader;
pub(crate) mod recovery;
pub(crate) mod scan;
pub(crate) mod segment;
pub(crate) mod spare;
mod writer;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::{FolderMark, Offset};
use supervisor::Scope;

use super::{Durable, Medium, Recovered};
use crate::fault::Fault;
use crate::frame::Frame;
use crate::frame::decode::Decoder;
use crate::open_error::LogOpenError;
use crate::read_error::LogReadError;
use crate::staging::Group;
use file::Faults;
use reader::Place;
use segment::Segments;
use writer::Writer;

/// The least a segment may hold, in bytes: two groups of the log.
pub const MIN_SEGMENT_BYTES: u64 = 2 << 20;
/// The most, in bytes: recovery reads the last segment into memory.
pub const MAX_SEGMENT_BYTES: u64 = 1 << 30;

/// Which files there are, as writer and readers share it.
pub struct Disk {
    segments: Arc<Segments>,
}

/// How a log is kept on a disk.
#[derive(Clone, Debug)]
pub struct DiskConfig {
    pub folder: PathBuf,
    pub segment_bytes: u64,
    /// The data folder that it belongs to.
    pub mark: FolderMark,
    /// What is durable for certain: a log that ends before it is an older one.
    pub least: Offset,
    /// Who watches the thread that makes segments.
    pub scope: Scope,
    pub(crate) faults: Faults,
}

impl DiskConfig {
    /// Of any data folder, and watched by nobody.
    pub fn new(folder: impl Into<PathBuf>, segment_bytes: u64) -> Self {
        Self {
            folder: folder.into(),
            segment_bytes,
            mark: FolderMark::ANY,
            least: Offset::ZERO,
            scope: Scope::default(),
            faults: Faults::default(),
        }
    }
}

impl Disk {
    pub(crate) fn segments(&self) -> &Arc<Segments> {
        &self.segments
    }
}

impl Medium for Disk {
    type Config = DiskConfig;
    type End = Writer;
    type Place = Place;

    fn recover(config: &DiskConfig, stored: Offset) -> Result<Recovered<Self>, LogOpenError> {
        recovery::recover(config, stored)
    }

    fn time_a_sync(config: &DiskConfig) -> Result<Duration, LogOpenError> {
        probe::time_a_sync(&config.folder)
    }

    fn has_room(&self, writer: &Writer, bytes: usize) -> bool {
        writer.has_room(bytes)
    }

    fn append(&self, writer: &mut Writer, group: &mut Group) -> Result<(), Fault> {
        writer.write(group)
    }

    fn read(
        &self,
        place: &mut Option<Place>,
        wanted: Offset,
        durable: &Durable,
        decoder: &mut Decoder,
    ) -> Result<Frame, LogReadError> {
        reader::read(&self.segments, place, wanted, durable, decoder)
    }

    fn first_offset(&self) -> Offset {
        self.segments.first_offset()
    }

    fn release(&self, writer: &mut Writer, up_to: Offset, budget: u64) -> io::Result<()> {
        writer.release(up_to, budget)
    }
}
