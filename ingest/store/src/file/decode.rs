//! From the columns of a file back to rows.

use std::slice::Iter;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float64Type, Int32Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray, RecordBatch, StringArray};
use domain::{DatastreamId, Flags, Location, Offset, Quality, Timestamp, Value};

use crate::file::times::{Times, longs};
use crate::observation::StoredObservation;

/// Which columns are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Columns {
    All,
    /// What numbers, their quality and their order need.
    Numbers,
}

/// The columns of one batch; those that were not asked for are left out.
pub(crate) struct Arrays<'a> {
    series: &'a PrimitiveArray<UInt32Type>,
    times: Times,
    /// As it is stored, like `receipt`.
    time: &'a [i64],
    value: &'a PrimitiveArray<Float64Type>,
    boolean: Option<&'a BooleanArray>,
    text: Option<&'a StringArray>,
    quality: &'a PrimitiveArray<UInt8Type>,
    flags: Option<&'a PrimitiveArray<UInt8Type>>,
    revision: Option<&'a PrimitiveArray<UInt16Type>>,
    offset: &'a PrimitiveArray<UInt64Type>,
    index: &'a PrimitiveArray<UInt16Type>,
    receipt: Option<&'a [i64]>,
    lat_e7: Option<&'a PrimitiveArray<Int32Type>>,
    lon_e7: Option<&'a PrimitiveArray<Int32Type>>,
}

impl<'a> Arrays<'a> {
    /// `None` where a column has another type than the format says.
    pub(crate) fn of(batch: &'a RecordBatch, columns: Columns, times: Times) -> Option<Self> {
        let mut arrays = Rest(batch.columns().iter());
        let all = columns == Columns::All;
        Some(Self {
            series: arrays.primitive()?,
            times,
            time: longs(arrays.0.next()?)?,
            value: arrays.primitive()?,
            boolean: if all {
                Some(arrays.0.next()?.as_boolean_opt()?)
            } else {
                None
            },
            text: if all {
                Some(arrays.0.next()?.as_string_opt()?)
            } else {
                None
            },
            quality: arrays.primitive()?,
            flags: if all { Some(arrays.primitive()?) } else { None },
            revision: if all { Some(arrays.primitive()?) } else { None },
            offset: arrays.primitive()?,
            index: arrays.primitive()?,
            receipt: if all {
                Some(longs(arrays.0.next()?)?)
            } else {
                None
            },
            lat_e7: if all { Some(arrays.primitive()?) } else { None },
            lon_e7: if all { Some(arrays.primitive()?) } else { None },
        })
    }

    /// One row; `None` where a code is unknown. What was not asked for is zero
    /// or missing.
    pub(crate) fn row(&self, at: usize) -> Option<StoredObservation> {
        let time = self.times.micros(self.time[at]);
        let received = self
            .receipt
            .map_or(0, |receipt| self.times.received(time, receipt[at]));
        Some(StoredObservation {
            datastream: DatastreamId::new(self.series.value(at)),
            time: Timestamp::from_micros(time),
            received: Timestamp::from_micros(received),
            value: self.value(at),
            quality: Quality::from_code(self.quality.value(at))?,
            flags: Flags::from_bits(self.flags.map_or(0, |flags| flags.value(at))),
            revision: self.revision.map_or(0, |revisions| revisions.value(at)),
            offset: Offset::new(self.offset.value(at)),
            index: self.index.value(at),
            location: self.location(at),
        })
    }

    fn value(&self, at: usize) -> Option<Value> {
        if self.value.is_valid(at) {
            return Some(Value::Number(self.value.value(at)));
        }
        if let Some(boolean) = self.boolean.filter(|boolean| boolean.is_valid(at)) {
            return Some(Value::Boolean(boolean.value(at)));
        }
        let text = self.text.filter(|text| text.is_valid(at))?;
        Some(Value::Text(text.value(at).into()))
    }

    fn location(&self, at: usize) -> Option<Location> {
        let lat = self.lat_e7.filter(|lat| lat.is_valid(at))?;
        Some(Location::from_e7(lat.value(at), self.lon_e7?.value(at)))
    }
}

/// The columns that were not taken yet.
struct Rest<'a>(Iter<'a, ArrayRef>);

impl<'a> Rest<'a> {
    fn primitive<T: ArrowPrimitiveType>(&mut self) -> Option<&'a PrimitiveArray<T>> {
        self.0.next()?.as_primitive_opt()
    }
}
