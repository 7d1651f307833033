//! The rows of one file that a query wants, in order, a page at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int32Type, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use domain::{DatastreamId, Flags, Location, Offset, Quality, Timestamp, Value};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use super::file::{DataFile, ReadError};
use super::index::Entry;
use super::schema::{self, PAGE_ROWS};
use crate::query::StoredObservation;

/// Which columns are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Columns {
    All,
    /// What numbers, their quality and their order need.
    Numbers,
}

const NUMBERS: [usize; 6] = [
    schema::SERIES,
    schema::TIME,
    schema::VALUE,
    schema::QUALITY,
    schema::OFFSET,
    schema::INDEX,
];

/// Rows of one file by (series, time, offset, index).
pub(super) struct FileRows {
    reader: ParquetRecordBatchReader,
    columns: Columns,
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
    pub(super) fn open(
        file: &DataFile,
        entries: &[Entry],
        from: Timestamp,
        to: Timestamp,
        columns: Columns,
    ) -> Result<Self, ReadError> {
        let metadata = file.metadata()?;
        let ranges: Vec<_> = entries
            .iter()
            .flat_map(|entry| row_ranges(&metadata, entry, from, to))
            .collect();
        let rows = file.entry.rows as usize;
        let selected: usize = ranges.iter().map(Range::len).sum();
        let selection = RowSelection::from_consecutive_ranges(ranges.into_iter(), rows);
        Self::new(file, metadata, Some(selection), selected, columns)
    }

    /// All rows.
    pub(super) fn all(file: &DataFile) -> Result<Self, ReadError> {
        let metadata = file.metadata()?;
        Self::new(file, metadata, None, file.entry.rows as usize, Columns::All)
    }

    fn new(
        file: &DataFile,
        metadata: ArrowReaderMetadata,
        selection: Option<RowSelection>,
        rows: usize,
        columns: Columns,
    ) -> Result<Self, ReadError> {
        let parquet = metadata.parquet_schema();
        let mask = match columns {
            Columns::All => ProjectionMask::leaves(parquet, 0..schema::COLUMNS),
            Columns::Numbers => ProjectionMask::leaves(parquet, NUMBERS),
        };
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file.source.clone(), metadata)
                .with_projection(mask)
                .with_batch_size(rows.clamp(1, PAGE_ROWS));
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection);
        }
        let reader = builder.build().map_err(|cause| file.unreadable(&cause))?;
        Ok(Self {
            reader,
            columns,
            ready: VecDeque::new(),
            file: FileName {
                path: file.path.clone(),
                number: file.entry.number,
            },
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<StoredObservation>, ReadError> {
        while self.ready.is_empty() {
            match self.reader.next() {
                None => return Ok(None),
                Some(Ok(batch)) => decode(&batch, self.columns, &mut self.ready)
                    .ok_or_else(|| self.damaged("a code that no version writes".into()))?,
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
fn row_ranges(
    metadata: &ArrowReaderMetadata,
    entry: &Entry,
    from: Timestamp,
    to: Timestamp,
) -> Vec<Range<usize>> {
    let whole = entry.first_row as usize..(entry.first_row + entry.rows) as usize;
    if entry.within(from, to) {
        return vec![whole];
    }
    let index = metadata.metadata().page_index_for_row_group(0);
    let (Some(ColumnIndexMetaData::INT64(times)), Some(pages)) =
        (index.column_index(schema::TIME), index.page_locations(schema::TIME))
    else {
        return vec![whole];
    };
    let starts = pages.iter().map(|page| page.first_row_index as usize);
    let ends = starts.clone().skip(1).chain([usize::MAX]);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (page, (start, end)) in starts.zip(ends).enumerate() {
        let part = start.max(whole.start)..end.min(whole.end);
        // A page's times are only this series' where it holds no other.
        let own = start >= whole.start && end <= whole.end;
        let outside = own
            && match (times.min_value(page), times.max_value(page)) {
                (Some(min), Some(max)) => *max < from.as_micros() || *min >= to.as_micros(),
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

/// Appends the rows of a batch; `None` where a code is unknown.
fn decode(
    batch: &RecordBatch,
    columns: Columns,
    rows: &mut VecDeque<StoredObservation>,
) -> Option<()> {
    let mut arrays = batch.columns().iter();
    let mut next = || arrays.next().map(Arc::as_ref);
    let series = next()?.as_primitive_opt::<UInt32Type>()?;
    let time = next()?.as_primitive_opt::<TimestampMicrosecondType>()?;
    let value = next()?.as_primitive_opt::<Float64Type>()?;
    let all = columns == Columns::All;
    let (boolean, text) = if all {
        (Some(next()?.as_boolean_opt()?), Some(next()?.as_string_opt::<i32>()?))
    } else {
        (None, None)
    };
    let quality = next()?.as_primitive_opt::<UInt8Type>()?;
    let (flags, revision) = if all {
        (Some(next()?.as_primitive_opt::<UInt8Type>()?), Some(next()?.as_primitive_opt::<UInt16Type>()?))
    } else {
        (None, None)
    };
    let offset = next()?.as_primitive_opt::<UInt64Type>()?;
    let index = next()?.as_primitive_opt::<UInt16Type>()?;
    let received = if all { Some(next()?.as_primitive_opt::<TimestampMicrosecondType>()?) } else { None };
    let place = if all {
        Some((next()?.as_primitive_opt::<Int32Type>()?, next()?.as_primitive_opt::<Int32Type>()?))
    } else {
        None
    };
    rows.reserve(batch.num_rows());
    for at in 0..batch.num_rows() {
        let stored_value = if value.is_valid(at) {
            Some(Value::Number(value.value(at)))
        } else if let Some(boolean) = boolean.filter(|boolean| boolean.is_valid(at)) {
            Some(Value::Boolean(boolean.value(at)))
        } else {
            text.filter(|text| text.is_valid(at)).map(|text| Value::Text(text.value(at).into()))
        };
        rows.push_back(StoredObservation {
            datastream: DatastreamId::new(series.value(at)),
            time: Timestamp::from_micros(time.value(at)),
            received: Timestamp::from_micros(received.map_or(0, |received| received.value(at))),
            value: stored_value,
            quality: Quality::from_code(quality.value(at))?,
            flags: Flags::from_bits(flags.map_or(0, |flags| flags.value(at))),
            revision: revision.map_or(0, |revision| revision.value(at)),
            offset: Offset::new(offset.value(at)),
            index: index.value(at),
            location: place.filter(|(lat, _)| lat.is_valid(at)).map(|(lat, lon)| Location::from_e7(lat.value(at), lon.value(at))),
        });
    }
    Some(())
}
