//! What a device sends: the same three formats, written.
//!
//! A reading that was written and parsed again is the same reading, to the bit
//! of its number and the microsecond of its time. What a format cannot say is
//! an error, never left out.

mod cbor;
mod json;

use std::borrow::Cow;

use super::ContentFormat;
use crate::{Location, ParsedObservation, ParsedValue, Quality, Timestamp};

/// One observation as a device has it.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading<'a> {
    pub field: Cow<'a, str>,
    /// Absent: the platform assigns the receipt time.
    pub time: Option<Timestamp>,
    pub value: ParsedValue<'a>,
    /// SenML only. Absent: the model's unit.
    pub unit: Option<Cow<'a, str>>,
    /// Compact JSON only.
    pub quality: Option<Quality>,
    /// Compact JSON only.
    pub location: Option<Location>,
}

impl<'a> Reading<'a> {
    pub fn new(field: impl Into<Cow<'a, str>>, value: ParsedValue<'a>) -> Self {
        Self {
            field: field.into(),
            time: None,
            value,
            unit: None,
            quality: None,
            location: None,
        }
    }

    pub fn number(field: impl Into<Cow<'a, str>>, value: f64) -> Self {
        Self::new(field, ParsedValue::Number(value))
    }

    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    #[must_use]
    pub fn in_unit(mut self, unit: impl Into<Cow<'a, str>>) -> Self {
        self.unit = Some(unit.into());
        self
    }
}

impl<'a> From<ParsedObservation<'a>> for Reading<'a> {
    fn from(observation: ParsedObservation<'a>) -> Self {
        Self {
            field: observation.field,
            time: observation.time,
            value: observation.value,
            unit: observation.unit,
            quality: observation.quality,
            location: observation.location,
        }
    }
}

/// What a format cannot say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncodeError {
    #[error("a message needs at least one reading")]
    Nothing,
    #[error("a number that is NaN or infinite cannot be sent")]
    NotFinite,
    #[error("SenML writes times from 1978-07-04 to 2242-03-16 only")]
    Time,
    #[error("SenML has no place for a quality or a location: send compact JSON")]
    Quality,
    #[error("compact JSON has no place for a unit: send SenML")]
    Unit,
}

/// Writes `readings` in `format` to the end of `out`. `sequence` is the
/// device's own count, which only compact JSON carries.
pub fn encode(
    format: ContentFormat,
    readings: &[Reading<'_>],
    sequence: Option<u64>,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    if readings.is_empty() {
        return Err(EncodeError::Nothing);
    }
    let infinite = |reading: &Reading<'_>| matches!(reading.value, ParsedValue::Number(number) if !number.is_finite());
    if readings.iter().any(infinite) {
        return Err(EncodeError::NotFinite);
    }
    match format {
        ContentFormat::CompactJson => json::compact(readings, sequence, out),
        ContentFormat::SenmlJson => json::senml(readings, out),
        ContentFormat::SenmlCbor => cbor::senml(readings, out),
    }
}

/// A time as SenML has it, where it has one: absolute, so not below 2^28 s,
/// and so that the nearest f64 still tells microseconds apart.
fn senml_micros(reading: &Reading<'_>) -> Result<Option<i64>, EncodeError> {
    const FROM: i64 = (1 << 28) * 1_000_000;
    const UNTIL: i64 = (1 << 33) * 1_000_000;
    if reading.quality.is_some() || reading.location.is_some() {
        return Err(EncodeError::Quality);
    }
    match reading.time.map(Timestamp::as_micros) {
        Some(micros) if !(FROM..UNTIL).contains(&micros) => Err(EncodeError::Time),
        time => Ok(time),
    }
}
