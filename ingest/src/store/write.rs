//! Writing one Parquet file from a frozen head.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder, StringBuilder};
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    ArrayRef, RecordBatch, TimestampMicrosecondArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use super::head::{FileRow, FileValue, SortedRows};
use super::index::{Index, IndexBuilder};
use super::schema;

/// Rows that are turned into columns at once: a few megabytes.
const BATCH_ROWS: usize = 4 * schema::PAGE_ROWS;
/// Bytes gathered for one write.
const WRITE_BYTES: usize = 256 << 10;

/// What was written.
pub(super) struct Written {
    pub(super) index: Index,
    pub(super) bytes: u64,
    pub(super) crc: u32,
}

/// Writes and syncs `rows` as the Parquet file `path`.
pub(super) fn write_file(path: &Path, rows: &SortedRows<'_>) -> Result<Written, ParquetError> {
    let schema = schema::schema();
    let out = BufWriter::with_capacity(WRITE_BYTES, Summed::new(File::create(path)?));
    let mut writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(schema::properties()))?;
    let mut index = IndexBuilder::default();
    for first in (0..rows.len()).step_by(BATCH_ROWS) {
        let end = rows.len().min(first + BATCH_ROWS);
        let mut columns = Columns::with_capacity(end - first);
        for row in rows.slice(first, end) {
            index.push(&row);
            columns.push(&row);
        }
        writer.write(&columns.finish(&schema)?)?;
    }
    let out = writer.into_inner()?;
    let summed = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    summed.file.sync_all()?;
    Ok(Written {
        index: index.finish(),
        bytes: summed.bytes,
        crc: summed.crc,
    })
}

/// A file that sums up what is written to it.
struct Summed {
    file: File,
    bytes: u64,
    crc: u32,
}

impl Summed {
    fn new(file: File) -> Self {
        Self {
            file,
            bytes: 0,
            crc: 0,
        }
    }
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.crc = crc32c::crc32c_append(self.crc, &bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Rows on their way into columns.
struct Columns {
    series: Vec<u32>,
    time: Vec<i64>,
    value: PrimitiveBuilder<Float64Type>,
    boolean: BooleanBuilder,
    text: StringBuilder,
    quality: Vec<u8>,
    flags: Vec<u8>,
    revision: Vec<u16>,
    offset: Vec<u64>,
    index: Vec<u16>,
    received: Vec<i64>,
    lat_e7: PrimitiveBuilder<Int32Type>,
    lon_e7: PrimitiveBuilder<Int32Type>,
}

impl Columns {
    fn with_capacity(rows: usize) -> Self {
        Self {
            series: Vec::with_capacity(rows),
            time: Vec::with_capacity(rows),
            value: PrimitiveBuilder::with_capacity(rows),
            boolean: BooleanBuilder::with_capacity(rows),
            text: StringBuilder::new(),
            quality: Vec::with_capacity(rows),
            flags: Vec::with_capacity(rows),
            revision: Vec::with_capacity(rows),
            offset: Vec::with_capacity(rows),
            index: Vec::with_capacity(rows),
            received: Vec::with_capacity(rows),
            lat_e7: PrimitiveBuilder::with_capacity(rows),
            lon_e7: PrimitiveBuilder::with_capacity(rows),
        }
    }

    fn push(&mut self, row: &FileRow<'_>) {
        let (mut number, mut boolean, mut text) = (None, None, None);
        match row.value {
            FileValue::Missing => {}
            FileValue::Number(value) => number = Some(value),
            FileValue::Boolean(value) => boolean = Some(value),
            FileValue::Text(value) => text = Some(value),
        }
        self.series.push(row.series);
        self.time.push(row.time);
        self.value.append_option(number);
        self.boolean.append_option(boolean);
        self.text.append_option(text);
        self.quality.push(row.quality.code());
        self.flags.push(row.flags);
        self.revision.push(row.revision);
        self.offset.push(row.offset);
        self.index.push(row.index);
        self.received.push(row.received);
        self.lat_e7.append_option(row.location.map(|(lat, _)| lat));
        self.lon_e7.append_option(row.location.map(|(_, lon)| lon));
    }

    fn finish(mut self, schema: &SchemaRef) -> Result<RecordBatch, ParquetError> {
        let utc = |times: Vec<i64>| TimestampMicrosecondArray::from(times).with_timezone("UTC");
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(self.series)),
            Arc::new(utc(self.time)),
            Arc::new(self.value.finish()),
            Arc::new(self.boolean.finish()),
            Arc::new(self.text.finish()),
            Arc::new(UInt8Array::from(self.quality)),
            Arc::new(UInt8Array::from(self.flags)),
            Arc::new(UInt16Array::from(self.revision)),
            Arc::new(UInt64Array::from(self.offset)),
            Arc::new(UInt16Array::from(self.index)),
            Arc::new(utc(self.received)),
            Arc::new(self.lat_e7.finish()),
            Arc::new(self.lon_e7.finish()),
        ];
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }
}
