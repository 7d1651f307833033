//! Rows on their way into a file, as columns.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, BooleanBuilder, PrimitiveBuilder, StringBuilder};
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    ArrayRef, Int64Array, RecordBatch, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::SchemaRef;
use parquet::errors::ParquetError;

use crate::file::row::{FileRow, FileValue};
use crate::file::times::{self, Unit};
use crate::upkeep::compact::{Batch, Sparse};

/// Rows in the order of a file.
pub(crate) struct Columns {
    series: Vec<u32>,
    /// In microseconds.
    time: Vec<i64>,
    value: PrimitiveBuilder<Float64Type>,
    boolean: BooleanBuilder,
    /// May be shorter than `time`, like `boolean` and the position: see [`fill`].
    text: StringBuilder,
    quality: Vec<u8>,
    flags: Vec<u8>,
    revision: Vec<u16>,
    offset: Vec<u64>,
    index: Vec<u16>,
    delay: Vec<i64>,
    lat_e7: PrimitiveBuilder<Int32Type>,
    lon_e7: PrimitiveBuilder<Int32Type>,
}

/// What an index and a rollup need of rows of one series.
pub(crate) struct Part<'a> {
    pub(crate) series: u32,
    pub(crate) time: &'a [i64],
    pub(crate) quality: &'a [u8],
    value: &'a [f64],
    /// A bit for each row of all columns; `None`: each has a number.
    valid: Option<&'a [u8]>,
    first: usize,
}

impl Part<'_> {
    pub(crate) fn len(&self) -> usize {
        self.time.len()
    }

    /// The number of the row at `at`.
    pub(crate) fn number(&self, at: usize) -> Option<f64> {
        let bit = self.first + at;
        let is_valid = self
            .valid
            .is_none_or(|bits| bits[bit / 8] & (1 << (bit % 8)) != 0);
        is_valid.then(|| self.value[at])
    }
}

impl Columns {
    pub(crate) fn with_capacity(rows: usize) -> Self {
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
            delay: Vec::with_capacity(rows),
            lat_e7: PrimitiveBuilder::with_capacity(rows),
            lon_e7: PrimitiveBuilder::with_capacity(rows),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.series.len()
    }

    pub(crate) fn push(&mut self, row: &FileRow<'_>) {
        let at = self.len();
        match row.value {
            FileValue::Number(value) => self.value.append_value(value),
            _ => self.value.append_null(),
        }
        match row.value {
            FileValue::Missing | FileValue::Number(_) => {}
            FileValue::Boolean(value) => {
                fill(&mut self.boolean, at, BooleanBuilder::append_nulls);
                self.boolean.append_value(value);
            }
            FileValue::Text(value) => {
                fill(&mut self.text, at, StringBuilder::append_nulls);
                self.text.append_value(value);
            }
        }
        if let Some((lat, lon)) = row.location {
            fill(&mut self.lat_e7, at, PrimitiveBuilder::append_nulls);
            fill(&mut self.lon_e7, at, PrimitiveBuilder::append_nulls);
            self.lat_e7.append_value(lat);
            self.lon_e7.append_value(lon);
        }
        self.series.push(row.series);
        self.time.push(row.time);
        self.quality.push(row.quality.code());
        self.flags.push(row.flags);
        self.revision.push(row.revision);
        self.offset.push(row.offset);
        self.index.push(row.index);
        self.delay.push(times::delay(row.time, row.received));
    }

    /// Takes rows of one series over from a file, without looking at each.
    pub(crate) fn extend(
        &mut self,
        series: u32,
        batch: &Batch,
        rows: Range<usize>,
    ) -> Result<(), ParquetError> {
        let (at, count) = (self.len(), rows.len());
        self.series.resize(self.series.len() + count, series);
        self.time.extend_from_slice(&batch.time()[rows.clone()]);
        batch.value.append_to(&mut self.value, rows.clone());
        if let Some(boolean) = &batch.boolean {
            fill(&mut self.boolean, at, BooleanBuilder::append_nulls);
            self.boolean.append_array(&boolean.slice(rows.start, count));
        }
        if let Some(text) = &batch.text {
            fill(&mut self.text, at, StringBuilder::append_nulls);
            self.text.append_array(&text.slice(rows.start, count))?;
        }
        batch.quality.append_to(&mut self.quality, rows.clone());
        batch.flags.append_to(&mut self.flags, rows.clone());
        batch.revision.append_to(&mut self.revision, rows.clone());
        self.offset.extend_from_slice(&batch.offset()[rows.clone()]);
        batch.index.append_to(&mut self.index, rows.clone());
        self.delay.extend_from_slice(&batch.delay()[rows.clone()]);
        for (from, to) in [
            (&batch.lat_e7, &mut self.lat_e7),
            (&batch.lon_e7, &mut self.lon_e7),
        ] {
            if let Sparse::Some(_) = from {
                fill(to, at, PrimitiveBuilder::append_nulls);
                from.append_to(to, rows.clone());
            }
        }
        Ok(())
    }

    /// The least and the greatest offset; the rows must not be none.
    pub(crate) fn offsets(&self) -> (u64, u64) {
        let least = self.offset.iter().min();
        let greatest = self.offset.iter().max();
        (
            least.copied().unwrap_or(u64::MAX),
            greatest.copied().unwrap_or(0),
        )
    }

    /// The rows by series, in their order.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
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
    pub(crate) fn finish(
        &mut self,
        schema: &SchemaRef,
        unit: Unit,
    ) -> Result<RecordBatch, ParquetError> {
        let rows = self.len();
        let mut full = std::mem::replace(self, Self::with_capacity(rows));
        fill(&mut full.boolean, rows, BooleanBuilder::append_nulls);
        fill(&mut full.text, rows, StringBuilder::append_nulls);
        fill(&mut full.lat_e7, rows, PrimitiveBuilder::append_nulls);
        fill(&mut full.lon_e7, rows, PrimitiveBuilder::append_nulls);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(full.series)),
            unit.column(full.time)?,
            Arc::new(full.value.finish()),
            Arc::new(full.boolean.finish()),
            Arc::new(full.text.finish()),
            Arc::new(UInt8Array::from(full.quality)),
            Arc::new(UInt8Array::from(full.flags)),
            Arc::new(UInt16Array::from(full.revision)),
            Arc::new(UInt64Array::from(full.offset)),
            Arc::new(UInt16Array::from(full.index)),
            Arc::new(Int64Array::from(full.delay)),
            Arc::new(full.lat_e7.finish()),
            Arc::new(full.lon_e7.finish()),
        ];
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }
}

/// Adds a null to a column for each row that it lags: most columns are empty,
/// and so no row costs them anything.
fn fill<B: ArrayBuilder>(column: &mut B, rows: usize, append_nulls: fn(&mut B, usize)) {
    let lag = rows - column.len();
    if lag > 0 {
        append_nulls(column, lag);
    }
}
