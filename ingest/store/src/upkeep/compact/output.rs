//! One day file in the making.

use std::ops::Range;
use std::path::Path;

use domain::FolderMark;
use parquet::errors::ParquetError;

use super::batch::Batch;
use crate::file::DataFile;
use crate::file::columns::Columns;
use crate::file::origin::Origin;
use crate::file::schema::{Level, PAGE_ROWS};
use crate::file::times::Unit;
use crate::file::write::FileWriter;
use crate::manifest::{DayFile, FileEntry};

/// Where all outputs of one compaction come from.
pub(super) struct MadeFrom {
    pub(super) mark: FolderMark,
    /// Numbers of files.
    pub(super) inputs: Vec<u64>,
}

/// Takes rows by series and time.
pub(super) struct Output {
    number: u64,
    writer: FileWriter,
    /// The page that fills up.
    page: Columns,
    first_offset: u64,
    last_offset: u64,
}

impl Output {
    pub(super) fn create(folder: &Path, number: u64, unit: Unit) -> Result<Self, ParquetError> {
        Ok(Self {
            number,
            writer: FileWriter::create(folder, number, Level::Day, unit)?,
            page: Columns::with_capacity(0),
            first_offset: u64::MAX,
            last_offset: 0,
        })
    }

    /// Takes rows of one series. Pages stay full, so that a query can pass over
    /// whole ones.
    pub(super) fn append(
        &mut self,
        series: u32,
        batch: &Batch,
        rows: Range<usize>,
    ) -> Result<(), ParquetError> {
        let mut start = rows.start;
        while start < rows.end {
            let room = PAGE_ROWS - self.page.len();
            let end = rows.end.min(start + room);
            self.page.extend(series, batch, start..end)?;
            if self.page.len() == PAGE_ROWS {
                self.write_page()?;
            }
            start = end;
        }
        Ok(())
    }

    fn write_page(&mut self) -> Result<(), ParquetError> {
        let (first, last) = self.page.offsets();
        self.first_offset = self.first_offset.min(first);
        self.last_offset = self.last_offset.max(last);
        self.writer.write(&mut self.page)
    }

    /// Writes what is left, and what belongs beside the file.
    pub(super) fn finish(
        mut self,
        folder: &Path,
        day: DayFile,
        made: &MadeFrom,
    ) -> Result<DataFile, ParquetError> {
        if self.page.len() > 0 {
            self.write_page()?;
        }
        let entry = FileEntry {
            first_offset: self.first_offset,
            last_offset: self.last_offset,
            ..FileEntry::numbered(self.number, Some(day))
        };
        let origin = Origin {
            mark: made.mark,
            entry: &entry,
            inputs: &made.inputs,
        };
        Ok(self.writer.finish(&origin)?.place(folder, entry)?)
    }
}
