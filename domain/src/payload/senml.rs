//! SenML (RFC 8428) apart from its two encodings: base values, relative time,
//! names, and one record becoming one observation.
//!
//! Read more kindly than the RFC writes: `v` may be null (quality `missing`),
//! in JSON `t` may be RFC 3339 where no base time stands, and a base name that
//! is the device's identity needs no separator after it. Labels that are
//! not known are passed over unless they end in `_`. Sums (`s`), update times
//! (`ut`) and base sums have no place in a Datastream and are not kept; a
//! record with nothing but a sum is rejected by name.

use std::borrow::Cow;

use super::name::{BaseName, check_field, is_separated, resolve, resolve_joined};
use super::senml_time::Seconds;
use super::{MAX_OBSERVATIONS, PayloadError};
use crate::value::MAX_TEXT_BYTES;
use crate::{
    DeviceId, ParsedObservation, ParsedValue, RejectReason, Rejection, Telemetry, Timestamp,
};

/// The version of RFC 8428; a record of a later one must not be used.
pub(super) const VERSION: f64 = 10.0;
/// Bytes kept of a unit, which each observation has a copy of. No unit that is
/// known comes near, so what was cut is as unknown as before.
const MAX_UNIT_BYTES: usize = 64;

/// The labels of RFC 8428 and a bit for each, to notice one that comes twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub(super) enum Label {
    BaseVersion = 1,
    BaseName = 1 << 1,
    BaseTime = 1 << 2,
    BaseUnit = 1 << 3,
    BaseValue = 1 << 4,
    BaseSum = 1 << 5,
    Name = 1 << 6,
    Unit = 1 << 7,
    Value = 1 << 8,
    Text = 1 << 9,
    Boolean = 1 << 10,
    Sum = 1 << 11,
    Time = 1 << 12,
    UpdateTime = 1 << 13,
    Data = 1 << 14,
}

impl Label {
    #[inline]
    pub(super) fn of_text(label: &str) -> Option<Self> {
        Some(match label {
            "n" => Self::Name,
            "v" => Self::Value,
            "t" => Self::Time,
            "u" => Self::Unit,
            "bn" => Self::BaseName,
            "bt" => Self::BaseTime,
            "bu" => Self::BaseUnit,
            "bv" => Self::BaseValue,
            "vs" => Self::Text,
            "vb" => Self::Boolean,
            "s" => Self::Sum,
            "ut" => Self::UpdateTime,
            "vd" => Self::Data,
            "bs" => Self::BaseSum,
            "bver" => Self::BaseVersion,
            _ => return None,
        })
    }

    /// The integer labels of SenML CBOR (RFC 8428, table 4).
    pub(super) fn of_number(label: i64) -> Option<Self> {
        Some(match label {
            0 => Self::Name,
            1 => Self::Unit,
            2 => Self::Value,
            3 => Self::Text,
            4 => Self::Boolean,
            5 => Self::Sum,
            6 => Self::Time,
            7 => Self::UpdateTime,
            8 => Self::Data,
            -1 => Self::BaseVersion,
            -2 => Self::BaseName,
            -3 => Self::BaseTime,
            -4 => Self::BaseUnit,
            -5 => Self::BaseValue,
            -6 => Self::BaseSum,
            _ => return None,
        })
    }
}

/// What one label of a record says, once its encoding is out of the way.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Item<'a> {
    Number(f64),
    /// The f64 nearest to a decimal fraction of CBOR, and its billionths.
    Decimal(f64, i128),
    Boolean(bool),
    Text(Cow<'a, str>),
    Null,
    /// An array, object, byte string or whatever else no label wants.
    Other,
}

/// When an observation was made, as a record writes it.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Time {
    /// To be added to the base time.
    Seconds(Seconds),
    Absolute(Timestamp),
}

/// One record as it stands in the payload.
#[derive(Default)]
pub(super) struct Record<'a> {
    /// Bits of [`Label`].
    seen: u16,
    name: Option<Cow<'a, str>>,
    unit: Option<Cow<'a, str>>,
    value: Option<ParsedValue<'a>>,
    time: Option<Time>,
    fault: Option<RejectReason>,
}

/// What holds for this record and all after it.
#[derive(Default)]
struct Base<'a> {
    name: Option<Cow<'a, str>>,
    name_is: BaseName,
    time: Option<Seconds>,
    unit: Option<Cow<'a, str>>,
    value: Option<f64>,
}

/// A pack (an array of records) on its way to [`Telemetry`].
pub(super) struct Pack<'p, 'a> {
    device: &'p str,
    now: Timestamp,
    base: Base<'a>,
    records: usize,
    telemetry: &'p mut Telemetry<'a>,
}

impl<'p, 'a> Pack<'p, 'a> {
    /// What its records say is added to an empty `telemetry`: a large value,
    /// built where the caller will have it.
    pub(super) fn new(
        device: &'p DeviceId,
        now: Timestamp,
        telemetry: &'p mut Telemetry<'a>,
    ) -> Self {
        Self {
            device: device.as_str(),
            now,
            base: Base::default(),
            records: 0,
            telemetry,
        }
    }

    /// To be asked before a record is read.
    pub(super) fn begin(&mut self) -> Result<Record<'a>, PayloadError> {
        if self.records == MAX_OBSERVATIONS {
            return Err(PayloadError::TooManyObservations);
        }
        self.records += 1;
        Ok(Record::default())
    }

    /// Takes what `label` says; base values go into effect at once, since
    /// they hold for the record that they stand in.
    #[inline]
    pub(super) fn take(
        &mut self,
        record: &mut Record<'a>,
        label: Label,
        item: Item<'a>,
    ) -> Result<(), PayloadError> {
        let bit = label as u16;
        if record.seen & bit != 0 {
            return Err(PayloadError::DuplicateKey);
        }
        record.seen |= bit;
        match (label, item) {
            (Label::BaseName, Item::Text(text)) => {
                self.base.name_is = BaseName::of(&text, self.device);
                self.base.name = Some(text);
            }
            (Label::BaseUnit, Item::Text(text)) => self.base.unit = Some(cut_unit(text)),
            (Label::BaseTime, Item::Number(seconds)) => {
                self.base.time = Some(Seconds::Float(seconds));
            }
            (Label::BaseTime, Item::Decimal(_, nanos)) => {
                self.base.time = Some(Seconds::Nanos(nanos));
            }
            (Label::BaseValue, Item::Number(number) | Item::Decimal(number, _)) => {
                self.base.value = Some(number);
            }
            (Label::BaseVersion, Item::Number(version)) if version > VERSION => {
                return Err(PayloadError::Version);
            }
            (Label::BaseSum | Label::BaseVersion, Item::Number(_) | Item::Decimal(..)) => {}
            (
                Label::BaseName
                | Label::BaseUnit
                | Label::BaseTime
                | Label::BaseValue
                | Label::BaseSum
                | Label::BaseVersion,
                _,
            ) => return Err(PayloadError::Shape),
            (label, item) => record.take(label, item),
        }
        Ok(())
    }

    /// Judges a record that was read to its end.
    pub(super) fn finish(&mut self, mut record: Record<'a>) {
        const BASE: u16 = Label::BaseVersion as u16
            | Label::BaseName as u16
            | Label::BaseTime as u16
            | Label::BaseUnit as u16
            | Label::BaseValue as u16
            | Label::BaseSum as u16;
        if record.seen & !BASE == 0 {
            // Only base values, as RFC 8428 has them in a first record.
            return;
        }
        let index = (self.records - 1) as u16;
        match self.observation(index, &mut record) {
            Ok(observation) => self.telemetry.observations.push(observation),
            Err(reason) => {
                let name = join(&self.base.name, &record.name);
                self.telemetry
                    .rejections
                    .push(Rejection::new(index, &name, reason));
            }
        }
    }

    fn observation(
        &mut self,
        index: u16,
        record: &mut Record<'a>,
    ) -> Result<ParsedObservation<'a>, RejectReason> {
        let field = self.field(record)?;
        if let Some(reason) = record.fault {
            return Err(reason);
        }
        Ok(ParsedObservation {
            index,
            field,
            value: self.value(record)?,
            time: self.time(record)?,
            unit: record.unit.take().or_else(|| self.base.unit.clone()),
            quality: None,
            location: None,
        })
    }

    fn field(&self, record: &Record<'a>) -> Result<Cow<'a, str>, RejectReason> {
        if self.base.name_is == BaseName::Owner
            && let Some(own) = &record.name
            && !is_separated(own)
        {
            check_field(own)?;
            return Ok(own.clone());
        }
        match join(&self.base.name, &record.name) {
            // The base name alone, which may be the whole of the name.
            Cow::Borrowed(whole) if record.name.is_none() => {
                resolve_joined(self.base.name_is, "", whole, self.device).map(Cow::Borrowed)
            }
            Cow::Borrowed(whole) => resolve(whole, self.device).map(Cow::Borrowed),
            Cow::Owned(whole) => {
                // The end of the record's name, which then can stay borrowed.
                let own = record.name.as_deref().unwrap_or_default();
                let field = resolve_joined(self.base.name_is, own, &whole, self.device)?;
                match &record.name {
                    Some(Cow::Borrowed(own)) if own.ends_with(field) => {
                        Ok(Cow::Borrowed(&own[own.len() - field.len()..]))
                    }
                    _ => Ok(Cow::Owned(field.to_owned())),
                }
            }
        }
    }

    fn value(&self, record: &mut Record<'a>) -> Result<ParsedValue<'a>, RejectReason> {
        let number = match (record.value.take(), self.base.value) {
            (Some(ParsedValue::Number(number)), base) => number + base.unwrap_or(0.0),
            (Some(other), _) => return Ok(other),
            // RFC 8428, 4.5: the one that is missing counts as zero.
            (None, Some(base)) => base,
            (None, None) => return Err(RejectReason::NoValue),
        };
        if number.is_finite() {
            Ok(ParsedValue::Number(number))
        } else {
            Err(RejectReason::NotFinite)
        }
    }

    fn time(&mut self, record: &Record<'a>) -> Result<Option<Timestamp>, RejectReason> {
        let seconds = match (record.time, self.base.time) {
            (None, None) => return Ok(None),
            (Some(Time::Absolute(time)), None) => return Ok(Some(time)),
            (Some(Time::Absolute(_)), Some(_)) => return Err(RejectReason::UnreadableTime),
            (Some(Time::Seconds(own)), None) => own,
            (Some(Time::Seconds(own)), Some(base)) => own.plus(base),
            (None, Some(base)) => base,
        };
        if seconds.is_zero() {
            // "Now" is the receipt time, which the platform assigns.
            return Ok(None);
        }
        let time = if seconds.is_relative() {
            self.telemetry.relative_times = true;
            seconds.relative_to(self.now)
        } else {
            seconds.since_1970()
        };
        Ok(Some(time?))
    }

    /// To be asked after the last record: a pack has at least one.
    pub(super) fn end(&self) -> Result<(), PayloadError> {
        if self.records == 0 {
            return Err(PayloadError::Shape);
        }
        Ok(())
    }
}

/// A label that is not in the RFC: it may be passed over, unless it says that
/// it may not.
pub(super) fn pass_over(label: &str) -> Result<(), PayloadError> {
    if label.ends_with('_') {
        return Err(PayloadError::UnknownMandatoryLabel);
    }
    Ok(())
}

#[inline]
fn cut_unit(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() <= MAX_UNIT_BYTES {
        return text;
    }
    cut(text)
}

#[cold]
fn cut(text: Cow<'_, str>) -> Cow<'_, str> {
    let end = (0..=MAX_UNIT_BYTES)
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    match text {
        Cow::Borrowed(whole) => Cow::Borrowed(&whole[..end]),
        Cow::Owned(whole) => Cow::Owned(whole[..end].to_owned()),
    }
}

fn join<'a>(base: &Option<Cow<'a, str>>, own: &Option<Cow<'a, str>>) -> Cow<'a, str> {
    match (base, own) {
        (None, None) => Cow::Borrowed(""),
        (Some(name), None) | (None, Some(name)) => name.clone(),
        (Some(base), Some(own)) if base.is_empty() => own.clone(),
        (Some(base), Some(own)) => Cow::Owned([&**base, &**own].concat()),
    }
}

impl<'a> Record<'a> {
    fn take(&mut self, label: Label, item: Item<'a>) {
        match (label, item) {
            (Label::Name, Item::Text(text)) => self.name = Some(text),
            (Label::Unit, Item::Text(text)) => self.unit = Some(cut_unit(text)),
            (Label::Value, Item::Number(number) | Item::Decimal(number, _)) => {
                self.set(ParsedValue::Number(number));
            }
            (Label::Value, Item::Null) => self.set(ParsedValue::Null),
            (Label::Boolean, Item::Boolean(boolean)) => self.set(ParsedValue::Boolean(boolean)),
            (Label::Text, Item::Text(text)) if text.len() > MAX_TEXT_BYTES => {
                self.refuse(RejectReason::BadText);
            }
            (Label::Text, Item::Text(text)) => self.set(ParsedValue::Text(text)),
            (Label::Time, Item::Number(seconds)) => {
                self.time = Some(Time::Seconds(Seconds::Float(seconds)));
            }
            (Label::Time, Item::Decimal(_, nanos)) => {
                self.time = Some(Time::Seconds(Seconds::Nanos(nanos)));
            }
            (Label::Time, Item::Text(text)) => match Timestamp::parse(&text) {
                Ok(time) => self.time = Some(Time::Absolute(time)),
                Err(error) => self.refuse(error.into()),
            },
            (Label::Sum | Label::UpdateTime, _) => {}
            (Label::Name, _) => self.refuse(RejectReason::BadFieldName),
            (Label::Unit, _) => self.refuse(RejectReason::UnknownUnit),
            (Label::Time, _) => self.refuse(RejectReason::UnreadableTime),
            _ => self.refuse(RejectReason::WrongType),
        }
    }

    /// RFC 8428, 4.2: exactly one value field.
    fn set(&mut self, value: ParsedValue<'a>) {
        if self.value.replace(value).is_some() {
            self.refuse(RejectReason::WrongType);
        }
    }

    fn refuse(&mut self, reason: RejectReason) {
        self.fault.get_or_insert(reason);
    }
}
