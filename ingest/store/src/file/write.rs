//! Writing one Parquet file, and what lies beside it.
//!
//! The file gets its name only when it is whole and synced; the caller syncs
//! the folder before it tells the manifest.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use crate::file::columns::Columns;
use crate::file::index::{Index, IndexBuilder};
use crate::file::origin::Origin;
use crate::file::replace::{TEMPORARY, put};
use crate::file::rollup::RollupBuilder;
use crate::file::schema::{self, Level};
use crate::file::times::Unit;
use crate::file::{DataFile, disk};
use crate::head::SortedRows;
use crate::manifest::FileEntry;

/// Rows that a flush turns into columns at once: a few megabytes.
const BATCH_ROWS: usize = 4 * schema::PAGE_ROWS;
/// Bytes gathered for one write.
const WRITE_BYTES: usize = 256 << 10;

/// A file in the making, under a name that a start removes.
pub(crate) struct FileWriter {
    temporary: PathBuf,
    schema: SchemaRef,
    unit: Unit,
    writer: ArrowWriter<BufWriter<Summed>>,
    index: IndexBuilder,
    /// Of a day file.
    rollup: Option<RollupBuilder>,
}

/// A file that is whole and synced, still under its temporary name.
pub(crate) struct Written {
    temporary: PathBuf,
    index: Index,
    rollup: Option<Vec<u8>>,
    bytes: u64,
    crc: u32,
}

impl FileWriter {
    /// Begins the file of the number `number`, for times that fit `unit`.
    pub(crate) fn create(
        folder: &Path,
        number: u64,
        level: Level,
        unit: Unit,
    ) -> Result<Self, ParquetError> {
        let temporary = folder.join(format!("{number:012}.parquet.{TEMPORARY}"));
        let schema = schema::schema(unit);
        let summed = Summed::new(disk::create(&temporary)?, temporary.clone());
        let out = BufWriter::with_capacity(WRITE_BYTES, summed);
        let properties = schema::properties(level);
        Ok(Self {
            temporary,
            writer: ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties))?,
            schema,
            unit,
            index: IndexBuilder::new(unit),
            rollup: (level == Level::Day).then(RollupBuilder::default),
        })
    }

    /// Writes the rows, which come after those before, and empties `columns`.
    pub(crate) fn write(&mut self, columns: &mut Columns) -> Result<(), ParquetError> {
        for part in columns.parts() {
            self.index.push(&part);
            if let Some(rollup) = &mut self.rollup {
                rollup.push(&part);
            }
        }
        self.writer.write(&columns.finish(&self.schema, self.unit)?)
    }

    /// Ends the file, which tells of itself what `origin` says.
    pub(crate) fn finish(mut self, origin: &Origin<'_>) -> Result<Written, ParquetError> {
        for pair in origin.pairs()? {
            self.writer.append_key_value_metadata(pair);
        }
        let out = self.writer.into_inner()?;
        let summed = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        disk::sync(&summed.file, &summed.path)?;
        Ok(Written {
            temporary: self.temporary,
            index: self.index.finish(),
            rollup: self.rollup.and_then(|rollup| rollup.finish(summed.crc)),
            bytes: summed.bytes,
            crc: summed.crc,
        })
    }
}

/// Writes the rows of a frozen head.
pub(crate) fn write_head(
    folder: &Path,
    rows: &SortedRows<'_>,
    origin: &Origin<'_>,
) -> Result<Written, ParquetError> {
    let number = origin.entry.number;
    let mut writer = FileWriter::create(folder, number, Level::Flushed, rows.unit)?;
    let mut columns = Columns::with_capacity(BATCH_ROWS);
    for first in (0..rows.len()).step_by(BATCH_ROWS) {
        let end = rows.len().min(first + BATCH_ROWS);
        rows.show(first..end, |row| columns.push(row));
        writer.write(&mut columns)?;
    }
    writer.finish(origin)
}

impl Written {
    /// Gives the file its name, its index and its rollup, and opens it. `entry` says what
    /// the file cannot.
    pub(crate) fn place(self, folder: &Path, entry: FileEntry) -> io::Result<DataFile> {
        let entries = self.index.entries();
        let times = entries.iter().map(|entry| (entry.min_time, entry.max_time));
        let entry = FileEntry {
            bytes: self.bytes,
            crc: self.crc,
            rows: entries.iter().map(|entry| u64::from(entry.rows)).sum(),
            min_time: times.clone().map(|(min, _)| min).min().unwrap_or_default(),
            max_time: times.map(|(_, max)| max).max().unwrap_or_default(),
            rollup: self.rollup.is_some(),
            ..entry
        };
        disk::rename(&self.temporary, &folder.join(entry.file_name()))?;
        put(folder, &entry.index_name(), &self.index.to_bytes(entry.crc))?;
        if let Some(rollup) = &self.rollup {
            put(folder, &entry.rollup_name(), rollup)?;
        }
        Ok(DataFile::new(folder, entry, self.index))
    }
}

/// A file that sums up what is written to it.
struct Summed {
    file: File,
    path: PathBuf,
    bytes: u64,
    crc: u32,
}

impl Summed {
    fn new(file: File, path: PathBuf) -> Self {
        Self {
            file,
            path,
            bytes: 0,
            crc: 0,
        }
    }
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        disk::write_all(&mut self.file, &self.path, bytes)?;
        self.crc = crc32c::crc32c_append(self.crc, bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
