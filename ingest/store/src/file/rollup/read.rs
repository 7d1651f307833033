//! Reading a rollup: the directory once, blocks as they are asked for.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::build::{HEADER_BYTES, MAGIC, Packed, VERSION};
use super::format::{Cells, Sketches, unpack, word};
use super::{Sketch, Width};

/// Bytes of a block in the directory.
const ENTRY_BYTES: usize = 40;
/// Bytes after the directory.
const FOOTER_BYTES: usize = 16;

/// One rollup. Holds its directory only: not its cells, and no open file.
pub(crate) struct Rollups {
    path: PathBuf,
    blocks: Vec<Packed>,
}

impl Rollups {
    /// `None` where it is not there, damaged, of another version or of another
    /// Parquet file.
    pub(crate) fn open(path: &Path, file_crc: u32) -> Option<Self> {
        let file = File::open(path).ok()?;
        let blocks = directory(&file, file_crc)?;
        Some(Self {
            path: path.to_owned(),
            blocks,
        })
    }

    /// Reads it series by series; `None` where it is gone meanwhile.
    pub(crate) fn reader(&self) -> Option<Reader<'_>> {
        Some(Reader {
            blocks: &self.blocks,
            file: File::open(&self.path).ok()?,
            at: usize::MAX,
            hours: None,
            fives: None,
            sketches: None,
        })
    }

    /// Whether every block is as it was written.
    pub(crate) fn is_sound(&self) -> bool {
        let Some(mut reader) = self.reader() else {
            return false;
        };
        self.blocks.iter().all(|block| {
            reader.cells(block.first, Width::Hour).is_some()
                && (block.parts[1].0 == 0 || reader.five_minutes().is_some())
                && reader.sketches().is_some()
        })
    }
}

/// Whether the file is a rollup of a version before this one.
pub(crate) fn is_older(path: &Path) -> bool {
    let mut header = [0; HEADER_BYTES];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut header, 0));
    let version = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
    read.is_ok() && header[..8] == *MAGIC && version < VERSION
}

fn directory(file: &File, file_crc: u32) -> Option<Vec<Packed>> {
    let bytes = file.metadata().ok()?.len();
    let read = |at: u64, len: usize| {
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, at).ok().map(|()| bytes)
    };
    let header = read(0, HEADER_BYTES)?;
    let footer = read(bytes.checked_sub(FOOTER_BYTES as u64)?, FOOTER_BYTES)?;
    let begins = u64::from_le_bytes(footer[..8].try_into().ok()?);
    let count = u32::from_le_bytes(footer[8..12].try_into().ok()?) as usize;
    let crc = u32::from_le_bytes(footer[12..].try_into().ok()?);
    let len = count * ENTRY_BYTES;
    if begins.checked_add((len + FOOTER_BYTES) as u64)? != bytes {
        return None;
    }
    let entries = read(begins, len)?;
    let found = crc32c::crc32c_append(crc32c::crc32c(&header), &entries);
    let sound = crc32c::crc32c_append(found, &footer[..12]) == crc
        && header[..8] == *MAGIC
        && header[8..12] == VERSION.to_le_bytes()
        && header[12..16] == file_crc.to_le_bytes();
    if !sound {
        return None;
    }
    entries.chunks_exact(ENTRY_BYTES).map(block).collect()
}

fn block(mut entry: &[u8]) -> Option<Packed> {
    let entry = &mut entry;
    let (first, last) = (word(entry)?, word(entry)?);
    let begins = u64::from(word(entry)?) | u64::from(word(entry)?) << 32;
    let mut parts = [(0, 0); 3];
    for part in &mut parts {
        *part = (word(entry)?, word(entry)?);
    }
    Some(Packed {
        first,
        last,
        begins,
        parts,
    })
}

/// Reads series in any order, ascending ones without reading a block twice.
pub(crate) struct Reader<'a> {
    blocks: &'a [Packed],
    file: File,
    /// The block whose parts were read last.
    at: usize,
    hours: Option<Cells>,
    fives: Option<Cells>,
    sketches: Option<Sketches>,
}

impl Reader<'_> {
    /// The cells of the block that holds `series`, if any does, and it is not
    /// damaged.
    pub(crate) fn cells(&mut self, series: u32, width: Width) -> Option<&Cells> {
        let at = self.blocks.partition_point(|block| block.last < series);
        if self.blocks.get(at)?.first > series {
            return None;
        }
        if at != self.at {
            (self.hours, self.fives, self.sketches) = (None, None, None);
            self.at = at;
        }
        match width {
            Width::Hour => self.hours(),
            Width::FiveMinutes => self.five_minutes(),
        }
    }

    /// The sketch of a cell of the hours that were read last.
    pub(crate) fn sketch(&mut self, cell: usize) -> Option<&Sketch> {
        self.sketches()?.of(cell)
    }

    fn hours(&mut self) -> Option<&Cells> {
        if self.hours.is_none() {
            self.hours = Some(Cells::from_bytes(&self.part(0)?)?);
        }
        self.hours.as_ref()
    }

    fn five_minutes(&mut self) -> Option<&Cells> {
        if self.fives.is_none() {
            let bytes = self.part(1)?;
            self.fives = Some(match bytes.len() {
                0 => Cells::default(),
                _ => Cells::from_bytes(&bytes)?,
            });
        }
        self.fives.as_ref()
    }

    fn sketches(&mut self) -> Option<&Sketches> {
        if self.sketches.is_none() {
            let bytes = self.part(2)?;
            self.sketches = Some(Sketches::from_bytes(&bytes, self.hours()?)?);
        }
        self.sketches.as_ref()
    }

    /// A part of the block, unpacked.
    fn part(&self, number: usize) -> Option<Vec<u8>> {
        let block = self.blocks.get(self.at)?;
        let before: u64 = block.parts[..number]
            .iter()
            .map(|(bytes, _)| u64::from(*bytes))
            .sum();
        let (bytes, crc) = block.parts[number];
        let mut packed = vec![0; bytes as usize];
        self.file
            .read_exact_at(&mut packed, block.begins + before)
            .ok()?;
        if crc32c::crc32c(&packed) != crc {
            tracing::warn!(series = block.first, "a block of a rollup is damaged");
            return None;
        }
        unpack(&packed)
    }
}
