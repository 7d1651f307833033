//! Rows on their way into a file, as columns.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder, StringBuilder};
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    ArrayRef, RecordBatch, TimestampMicrosecondArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};
use arrow_schema::SchemaRef;
use parquet::errors::ParquetError;

use super::compact::Batch;
use super::head::{FileRow, FileValue};

/// Rows in the order of a file.
pub(super) struct Columns {
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

/// What an index and a rollup need of rows of one series.
pub(super) struct Part<'a> {
    pub(super) series: u32,
    pub(super) time: &'a [i64],
    pub(super) quality: &'a [u8],
    value: &'a [f64],
    /// A bit for each row of all columns; `None`: each has a number.
    valid: Option<&'a [u8]>,
    first: usize,
}

impl Part<'_> {
    pub(super) fn len(&self) -> usize {
        self.time.len()
    }

    /// The number of the row at `at`.
    pub(super) fn number(&self, at: usize) -> Option<f64> {
        let bit = self.first + at;
        let is_valid = self
            .valid
            .is_none_or(|bits| bits[bit / 8] & (1 << (bit % 8)) != 0);
        is_valid.then(|| self.value[at])
    }
}

impl Columns {
    pub(super) fn with_capacity(rows: usize) -> Self {
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

    pub(super) fn len(&self) -> usize {
        self.series.len()
    }

    pub(super) fn push(&mut self, row: &FileRow<'_>) {
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

    /// Takes rows of one series over from a file, without looking at each.
    pub(super) fn extend(
        &mut self,
        series: u32,
        batch: &Batch,
        rows: Range<usize>,
    ) -> Result<(), ParquetError> {
        let count = rows.len();
        self.series.resize(self.series.len() + count, series);
        self.time.extend_from_slice(&batch.time()[rows.clone()]);
        batch.value.append_to(&mut self.value, rows.clone());
        match &batch.boolean {
            Some(boolean) => self.boolean.append_array(&boolean.slice(rows.start, count)),
            None => self.boolean.append_nulls(count),
        }
        match &batch.text {
            Some(text) => self.text.append_array(&text.slice(rows.start, count))?,
            None => self.text.append_nulls(count),
        }
        batch.quality.append_to(&mut self.quality, rows.clone());
        batch.flags.append_to(&mut self.flags, rows.clone());
        batch.revision.append_to(&mut self.revision, rows.clone());
        self.offset.extend_from_slice(&batch.offset()[rows.clone()]);
        batch.index.append_to(&mut self.index, rows.clone());
        self.received
            .extend_from_slice(&batch.received()[rows.clone()]);
        batch.lat_e7.append_to(&mut self.lat_e7, rows.clone());
        batch.lon_e7.append_to(&mut self.lon_e7, rows);
        Ok(())
    }

    /// The least and the greatest offset; the rows must not be none.
    pub(super) fn offsets(&self) -> (u64, u64) {
        let least = self.offset.iter().min();
        let greatest = self.offset.iter().max();
        (
            least.copied().unwrap_or(u64::MAX),
            greatest.copied().unwrap_or(0),
        )
    }

    /// The rows by series, in their order.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let (values, valid) = (self.value.values_slice(), self.value.validity_slice());
        let mut first = 0;
        self.series
            .chunk_by(|one, next| one == next)
            .map(move |same| {
                let rows = first..first + same.len();
                first = rows.end;
                Part {
                    series: same[0],
                    time: &self.time[rows.clone()],
                    quality: &self.quality[rows.clone()],
                    value: &values[rows.clone()],
                    valid,
                    first: rows.start,
                }
            })
    }

    /// Empties it.
    pub(super) fn finish(&mut self, schema: &SchemaRef) -> Result<RecordBatch, ParquetError> {
        let next = Self::with_capacity(self.len());
        let mut full = std::mem::replace(self, next);
        let utc = |times: Vec<i64>| TimestampMicrosecondArray::from(times).with_timezone("UTC");
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(full.series)),
            Arc::new(utc(full.time)),
            Arc::new(full.value.finish()),
            Arc::new(full.boolean.finish()),
            Arc::new(full.text.finish()),
            Arc::new(UInt8Array::from(full.quality)),
            Arc::new(UInt8Array::from(full.flags)),
            Arc::new(UInt16Array::from(full.revision)),
            Arc::new(UInt64Array::from(full.offset)),
            Arc::new(UInt16Array::from(full.index)),
            Arc::new(utc(full.received)),
            Arc::new(full.lat_e7.finish()),
            Arc::new(full.lon_e7.finish()),
        ];
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }
}
