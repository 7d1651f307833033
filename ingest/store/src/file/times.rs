//! How a file keeps its times: the only place where its numbers become
//! microseconds, and microseconds its numbers.
//!
//! Constraints: every time comes back as it was, to the microsecond; a receipt
//! is a whole millisecond, rounded up, whichever version wrote the file, so that
//! a compaction changes no answer. Version 1 kept receipts in microseconds.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef, TimestampMicrosecondArray, TimestampMillisecondArray};
use arrow_schema::{DataType, TimeUnit};
use domain::Timestamp;
use parquet::errors::ParquetError;

const MILLI: i64 = 1_000;

/// In what a file's column `time` counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// Every time of the file is whole milliseconds.
    Millis,
    Micros,
}

/// What a file's columns of times hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Times {
    pub(crate) unit: Unit,
    receipts: Receipts,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Receipts {
    /// Version 1: microseconds since 1970.
    Micros,
    /// From version 2 on: milliseconds after the time.
    Delays,
}

impl Unit {
    /// The one that loses nothing.
    pub(crate) fn of_all(mut times: impl Iterator<Item = i64>) -> Self {
        if times.all(is_whole_millis) {
            Self::Millis
        } else {
            Self::Micros
        }
    }

    pub(crate) fn data_type(self) -> DataType {
        let unit = match self {
            Self::Millis => TimeUnit::Millisecond,
            Self::Micros => TimeUnit::Microsecond,
        };
        DataType::Timestamp(unit, Some("UTC".into()))
    }

    /// Microseconds as a column; an error where they do not fit the unit.
    pub(crate) fn column(self, mut times: Vec<i64>) -> Result<ArrayRef, ParquetError> {
        if self == Self::Micros {
            let times = TimestampMicrosecondArray::from(times);
            return Ok(Arc::new(times.with_timezone("UTC")));
        }
        let mut over = 0;
        for time in &mut times {
            over |= *time % MILLI;
            *time /= MILLI;
        }
        if over != 0 {
            let what = "a time is no whole millisecond, and was said to be one";
            return Err(ParquetError::General(what.into()));
        }
        let times = TimestampMillisecondArray::from(times);
        Ok(Arc::new(times.with_timezone("UTC")))
    }
}

impl Times {
    /// Of a file of format `version` whose column `time` is of type `time`;
    /// `None` if that is none of ours.
    pub(crate) fn of(version: u32, time: &DataType) -> Option<Self> {
        let unit = match time {
            DataType::Timestamp(TimeUnit::Millisecond, _) => Unit::Millis,
            DataType::Timestamp(TimeUnit::Microsecond, _) => Unit::Micros,
            _ => return None,
        };
        let receipts = if version == 1 {
            Receipts::Micros
        } else {
            Receipts::Delays
        };
        Some(Self { unit, receipts })
    }

    pub(crate) fn micros(self, stored: i64) -> i64 {
        match self.unit {
            Unit::Millis => stored * MILLI,
            Unit::Micros => stored,
        }
    }

    /// Makes numbers of the column `time` microseconds.
    pub(crate) fn make_micros(self, stored: &mut [i64]) {
        if self.unit == Unit::Millis {
            stored.iter_mut().for_each(|time| *time *= MILLI);
        }
    }

    /// When the row of `time` was received, by what its column holds.
    pub(crate) fn received(self, time: i64, stored: i64) -> i64 {
        match self.receipts {
            Receipts::Micros => ceil_to_millis(stored),
            Receipts::Delays => received(time, stored),
        }
    }

    /// Turns the numbers of the column of receipts into delays after `times`.
    pub(crate) fn make_delays(self, times: &[i64], stored: &mut [i64]) {
        if self.receipts == Receipts::Micros {
            for (stored, time) in stored.iter_mut().zip(times) {
                *stored = delay(*time, *stored);
            }
        }
    }
}

pub(crate) fn is_whole_millis(time: i64) -> bool {
    time % MILLI == 0
}

/// Milliseconds from the millisecond of `time` to the receipt.
pub(crate) fn delay(time: i64, received: i64) -> i64 {
    ceil_to_millis(received) / MILLI - time.div_euclid(MILLI)
}

fn received(time: i64, delay: i64) -> i64 {
    (time.div_euclid(MILLI) + delay) * MILLI
}

fn ceil_to_millis(micros: i64) -> i64 {
    Timestamp::from_micros(micros).ceil_to_millis().as_micros()
}

/// The numbers of a column of times or delays.
pub(crate) fn longs(column: &ArrayRef) -> Option<&[i64]> {
    Some(match column.data_type() {
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            column.as_primitive::<TimestampMillisecondType>().values()
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            column.as_primitive::<TimestampMicrosecondType>().values()
        }
        DataType::Int64 => column.as_primitive::<Int64Type>().values(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
