//! Some rows of one file, as the columns they were read as.

use std::ops::Range;

use arrow_array::builder::PrimitiveBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float64Type, Int32Type, UInt8Type, UInt16Type, UInt64Type,
};
use arrow_array::{Array, BooleanArray, PrimitiveArray, RecordBatch, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;

use crate::file::schema;
use crate::file::times::{Times, longs};

/// Columns without the series, which the index tells.
pub(crate) struct Batch {
    /// In microseconds.
    time: Vec<i64>,
    offset: PrimitiveArray<UInt64Type>,
    /// In milliseconds.
    delay: Vec<i64>,
    pub(crate) value: Sparse<Float64Type>,
    /// `None`: no row has one, as with `text`.
    pub(crate) boolean: Option<BooleanArray>,
    pub(crate) text: Option<StringArray>,
    pub(crate) quality: Dense<UInt8Type>,
    pub(crate) flags: Dense<UInt8Type>,
    pub(crate) revision: Dense<UInt16Type>,
    pub(crate) index: Dense<UInt16Type>,
    pub(crate) lat_e7: Sparse<Int32Type>,
    pub(crate) lon_e7: Sparse<Int32Type>,
}

/// A column that has something in every row.
pub(crate) enum Dense<T: ArrowPrimitiveType> {
    /// The same in each: it was not even read.
    Same(T::Native),
    Each(PrimitiveArray<T>),
}

impl<T: ArrowPrimitiveType> Dense<T> {
    pub(crate) fn append_to(&self, out: &mut Vec<T::Native>, rows: Range<usize>) {
        match self {
            Self::Same(value) => out.resize(out.len() + rows.len(), *value),
            Self::Each(array) => out.extend_from_slice(&array.values()[rows]),
        }
    }

    fn value(&self, at: usize) -> T::Native {
        match self {
            Self::Same(value) => *value,
            Self::Each(array) => array.value(at),
        }
    }
}

/// A column that may have nothing in a row.
pub(crate) enum Sparse<T: ArrowPrimitiveType> {
    /// Nothing in any: it was not even read.
    Empty,
    Some(PrimitiveArray<T>),
}

impl<T: ArrowPrimitiveType> Sparse<T> {
    pub(crate) fn append_to(&self, out: &mut PrimitiveBuilder<T>, rows: Range<usize>) {
        match self {
            Self::Empty => out.append_nulls(rows.len()),
            Self::Some(array) if array.null_count() == 0 => out.append_slice(&array.values()[rows]),
            Self::Some(array) => out.append_array(&array.slice(rows.start, rows.len())),
        }
    }

    fn get(&self, at: usize) -> Option<T::Native> {
        match self {
            Self::Some(array) if array.is_valid(at) => Some(array.value(at)),
            _ => None,
        }
    }
}

/// The order of rows of one series.
pub(super) type Place = (i64, u64, u16);

impl Batch {
    /// `None` where a column has another type than the format says.
    pub(super) fn of(batch: &RecordBatch, plan: &Plan) -> Option<Self> {
        let column = |number: usize| {
            let at = plan.read.iter().position(|read| *read == number)?;
            Some(batch.column(at))
        };
        let text = match column(schema::TEXT) {
            Some(array) => Some(array.as_string_opt()?.clone()),
            None => None,
        };
        let boolean = match column(schema::BOOLEAN) {
            Some(array) => Some(array.as_boolean_opt()?.clone()),
            None => None,
        };
        let mut time = longs(column(schema::TIME)?)?.to_vec();
        plan.times.make_micros(&mut time);
        let mut delay = longs(column(schema::RECEIPT)?)?.to_vec();
        plan.times.make_delays(&time, &mut delay);
        Some(Self {
            time,
            offset: column(schema::OFFSET)?.as_primitive_opt()?.clone(),
            delay,
            value: sparse(column(schema::VALUE))?,
            boolean,
            text,
            quality: dense(column(schema::QUALITY), plan.quality)?,
            flags: dense(column(schema::FLAGS), plan.flags)?,
            revision: dense(column(schema::REVISION), plan.revision)?,
            index: dense(column(schema::INDEX), plan.index)?,
            lat_e7: sparse(column(schema::LAT))?,
            lon_e7: sparse(column(schema::LON))?,
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.time.len()
    }

    pub(crate) fn time(&self) -> &[i64] {
        &self.time
    }

    pub(crate) fn offset(&self) -> &[u64] {
        self.offset.values()
    }

    pub(crate) fn delay(&self) -> &[i64] {
        &self.delay
    }

    pub(super) fn place(&self, at: usize) -> Place {
        (self.time[at], self.offset.value(at), self.index.value(at))
    }

    /// Whether two rows have one value, by the rule of the queries.
    pub(super) fn same_value(&self, at: usize, other: &Self, other_at: usize) -> bool {
        self.value.get(at) == other.value.get(other_at)
            && self.boolean_at(at) == other.boolean_at(other_at)
            && self.text_at(at) == other.text_at(other_at)
    }

    fn boolean_at(&self, at: usize) -> Option<bool> {
        let array = self.boolean.as_ref()?;
        array.is_valid(at).then(|| array.value(at))
    }

    fn text_at(&self, at: usize) -> Option<&str> {
        let array = self.text.as_ref()?;
        array.is_valid(at).then(|| array.value(at))
    }
}

fn sparse<T: ArrowPrimitiveType>(array: Option<&arrow_array::ArrayRef>) -> Option<Sparse<T>> {
    match array {
        Some(array) => Some(Sparse::Some(array.as_primitive_opt()?.clone())),
        None => Some(Sparse::Empty),
    }
}

fn dense<T: ArrowPrimitiveType>(
    array: Option<&arrow_array::ArrayRef>,
    same: Option<T::Native>,
) -> Option<Dense<T>> {
    match array {
        Some(array) => Some(Dense::Each(array.as_primitive_opt()?.clone())),
        None => same.map(Dense::Same),
    }
}

/// Which columns of a file have to be read: most say nothing, or always the
/// same, and the file's statistics tell so.
pub(super) struct Plan {
    times: Times,
    read: Vec<usize>,
    quality: Option<u8>,
    flags: Option<u8>,
    revision: Option<u16>,
    index: Option<u16>,
}

impl Plan {
    pub(super) fn of(metadata: &ParquetMetaData, times: Times) -> Self {
        let group = metadata.row_group(0);
        let same = |column: usize| constant(group.column(column));
        let byte = |column| same(column).and_then(|value| u8::try_from(value).ok());
        let short = |column| same(column).and_then(|value| u16::try_from(value).ok());
        let mut plan = Self {
            times,
            read: vec![schema::TIME, schema::OFFSET, schema::RECEIPT],
            quality: byte(schema::QUALITY),
            flags: byte(schema::FLAGS),
            revision: short(schema::REVISION),
            index: short(schema::INDEX),
        };
        let varies = [
            (schema::QUALITY, plan.quality.is_none()),
            (schema::FLAGS, plan.flags.is_none()),
            (schema::REVISION, plan.revision.is_none()),
            (schema::INDEX, plan.index.is_none()),
        ];
        for (column, varies) in varies {
            if varies {
                plan.read.push(column);
            }
        }
        for column in [
            schema::VALUE,
            schema::BOOLEAN,
            schema::TEXT,
            schema::LAT,
            schema::LON,
        ] {
            if !is_empty(group.column(column), group.num_rows()) {
                plan.read.push(column);
            }
        }
        plan.read.sort_unstable();
        plan
    }

    pub(super) fn mask(&self, metadata: &ParquetMetaData) -> ProjectionMask {
        let schema = metadata.file_metadata().schema_descr();
        ProjectionMask::leaves(schema, self.read.iter().copied())
    }
}

/// The one value of a column, where it has but one.
fn constant(column: &ColumnChunkMetaData) -> Option<i32> {
    let Some(Statistics::Int32(values)) = column.statistics() else {
        return None;
    };
    let (least, greatest) = (*values.min_opt()?, *values.max_opt()?);
    (least == greatest && values.null_count_opt().unwrap_or(0) == 0).then_some(least)
}

fn is_empty(column: &ColumnChunkMetaData, rows: i64) -> bool {
    let nulls = column.statistics().and_then(Statistics::null_count_opt);
    nulls.is_some_and(|nulls| nulls == rows as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_gives_its_rows_whichever_way_it_is_kept() {
        let array = PrimitiveArray::<UInt8Type>::from(vec![1, 2, 3]);
        let mut out = vec![9];
        Dense::<UInt8Type>::Same(7).append_to(&mut out, 0..2);
        Dense::Each(array).append_to(&mut out, 1..3);
        assert_eq!(out, [9, 7, 7, 2, 3]);

        let mut out = PrimitiveBuilder::<Int32Type>::new();
        Sparse::Empty.append_to(&mut out, 0..1);
        let array = PrimitiveArray::<Int32Type>::from(vec![Some(4), None, Some(6)]);
        Sparse::Some(array).append_to(&mut out, 1..3);
        let expected = PrimitiveArray::<Int32Type>::from(vec![None, None, Some(6)]);
        assert_eq!(out.finish(), expected);
    }
}
