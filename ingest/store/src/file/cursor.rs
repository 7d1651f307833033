//! The rows of one file that a query wants, in order, a page at a time.

use std::collections::VecDeque;
use std::ops::Range;

use domain::Timestamp;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use crate::file::decode::{Arrays, Columns};
use crate::file::index::Entry;
use crate::file::schema::{self, PAGE_ROWS};
use crate::file::times::Times;
use crate::file::{DataFile, Footer, ReadError};
use crate::observation::StoredObservation;

const NUMBERS: [usize; 6] = [
    schema::SERIES,
    schema::TIME,
    schema::VALUE,
    schema::QUALITY,
    schema::OFFSET,
    schema::INDEX,
];

/// Rows of one file by (series, time, offset, index).
pub(crate) struct FileRows {
    reader: ParquetRecordBatchReader,
    columns: Columns,
    times: Times,
    /// Decoded, not yet given.
    ready: VecDeque<StoredObservation>,
    file: FileName,
}

/// For errors.
struct FileName {
    path: std::path::PathBuf,
    number: u64,
}

impl FileRows {
    /// The rows of `entries` (ascending) that may lie from `from` to before
    /// `to`; some outside may be among them.
    pub(crate) fn open(
        file: &DataFile,
        entries: &[Entry],
        from: Timestamp,
        to: Timestamp,
        columns: Columns,
    ) -> Result<Self, ReadError> {
        let footer = file.footer()?;
        let ranges: Vec<_> = entries
            .iter()
            .flat_map(|entry| row_ranges(&footer, entry, from, to))
            .collect();
        let rows = file.entry.rows as usize;
        let selected: usize = ranges.iter().map(Range::len).sum();
        let selection = RowSelection::from_consecutive_ranges(ranges.into_iter(), rows);
        Self::new(file, footer, Some(selection), selected, columns)
    }

    /// All rows.
    pub(crate) fn all(file: &DataFile) -> Result<Self, ReadError> {
        let footer = file.footer()?;
        Self::new(file, footer, None, file.entry.rows as usize, Columns::All)
    }

    fn new(
        file: &DataFile,
        footer: Footer,
        selection: Option<RowSelection>,
        rows: usize,
        columns: Columns,
    ) -> Result<Self, ReadError> {
        let parquet = footer.metadata.parquet_schema();
        let mask = match columns {
            Columns::All => ProjectionMask::leaves(parquet, 0..schema::COLUMNS),
            Columns::Numbers => ProjectionMask::leaves(parquet, NUMBERS),
        };
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            file.source.clone(),
            footer.metadata,
        )
        .with_projection(mask)
        .with_batch_size(rows.clamp(1, PAGE_ROWS));
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection);
        }
        let reader = builder.build().map_err(|cause| file.unreadable(&cause))?;
        Ok(Self {
            reader,
            columns,
            times: footer.times,
            ready: VecDeque::new(),
            file: FileName {
                path: file.path.clone(),
                number: file.entry.number,
            },
        })
    }

    pub(crate) fn next(&mut self) -> Result<Option<StoredObservation>, ReadError> {
        while self.ready.is_empty() {
            match self.reader.next() {
                None => return Ok(None),
                Some(Ok(batch)) => {
                    let arrays = Arrays::of(&batch, self.columns, self.times);
                    let rows = arrays.and_then(|arrays| {
                        (0..batch.num_rows()).map(|at| arrays.row(at)).collect()
                    });
                    let unknown = || self.damaged("it has a code that no version writes".into());
                    self.ready = rows.ok_or_else(unknown)?;
                }
                Some(Err(cause)) => return Err(self.damaged(cause.to_string())),
            }
        }
        Ok(self.ready.pop_front())
    }

    fn damaged(&self, what: String) -> ReadError {
        ReadError::Damaged {
            path: self.file.path.clone(),
            number: self.file.number,
            what,
        }
    }
}

/// The rows of `entry` without the pages that lie outside the times.
pub(crate) fn row_ranges(
    footer: &Footer,
    entry: &Entry,
    from: Timestamp,
    to: Timestamp,
) -> Vec<Range<usize>> {
    let whole = entry.first_row as usize..(entry.first_row + entry.rows) as usize;
    if entry.within(from, to) {
        return vec![whole];
    }
    let index = footer.metadata.metadata().page_index_for_row_group(0);
    let (Some(ColumnIndexMetaData::INT64(times)), Some(pages)) = (
        index.column_index(schema::TIME),
        index.page_locations(schema::TIME),
    ) else {
        return vec![whole];
    };
    let start_of = |page: usize| pages.get(page).map(|page| page.first_row_index as usize);
    let next = pages.partition_point(|page| page.first_row_index as usize <= whole.start);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for page in next.saturating_sub(1)..pages.len() {
        let start = start_of(page).unwrap_or(0);
        let end = start_of(page + 1).unwrap_or(usize::MAX);
        if start >= whole.end {
            break;
        }
        let part = start.max(whole.start)..end.min(whole.end);
        // A page's times are only this series' where it holds no other.
        let own = start >= whole.start && end <= whole.end;
        let outside = own
            && match (times.min_value(page), times.max_value(page)) {
                (Some(min), Some(max)) => {
                    footer.times.micros(*max) < from.as_micros()
                        || footer.times.micros(*min) >= to.as_micros()
                }
                _ => false,
            };
        if part.is_empty() || outside {
            continue;
        }
        match ranges.last_mut() {
            Some(last) if last.end == part.start => last.end = part.end,
            _ => ranges.push(part),
        }
    }
    ranges
}
