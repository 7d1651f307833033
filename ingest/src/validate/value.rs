//! Whether a value is what its field takes.

use device_registry::{Field, ValueKind};
use domain::value::MAX_TEXT_BYTES;
use domain::{Flags, ParsedObservation, ParsedValue, Quality, RejectReason, units};

use frame_log::ValueRef;

/// UCUM's unit of a number without one.
const DIMENSIONLESS: &str = "1";

/// A value as it will be stored.
pub(super) struct Judged<'a> {
    pub(super) value: ValueRef<'a>,
    pub(super) quality: Quality,
    pub(super) flags: Flags,
}

/// Judges a value of a field that the model knows.
pub(super) fn of_field<'a>(
    parsed: &'a ParsedObservation<'_>,
    field: &Field,
) -> Result<Judged<'a>, RejectReason> {
    let quality = parsed.quality.unwrap_or(Quality::Good);
    let value = match (&parsed.value, &field.kind) {
        (ParsedValue::Null, _) => return Ok(missing(Flags::NONE)),
        (ParsedValue::Number(number), ValueKind::Number) => {
            return number_of_field(*number, quality, parsed.unit.as_deref(), field);
        }
        (ParsedValue::Boolean(is), ValueKind::Boolean) => ValueRef::Boolean(*is),
        (ParsedValue::Text(text), ValueKind::Text { codes }) => {
            let known = codes.is_empty() || codes.iter().any(|code| **code == **text);
            if !known {
                return Err(RejectReason::BadText);
            }
            text_value(text)?
        }
        _ => return Err(RejectReason::WrongType),
    };
    if parsed.unit.is_some() {
        return Err(RejectReason::UnknownUnit);
    }
    Ok(Judged {
        value,
        quality,
        flags: Flags::NONE,
    })
}

fn number_of_field<'a>(
    number: f64,
    quality: Quality,
    unit: Option<&str>,
    field: &Field,
) -> Result<Judged<'a>, RejectReason> {
    let number = match unit {
        None => number,
        Some(unit) => {
            let target = field.unit.as_deref().unwrap_or(DIMENSIONLESS);
            units::convert(number, unit, target).map_err(|_| RejectReason::UnknownUnit)?
        }
    };
    if !number.is_finite() {
        return Err(RejectReason::NotFinite);
    }
    let below = field.min.is_some_and(|min| number < min);
    let above = field.max.is_some_and(|max| number > max);
    let (quality, flags) = match (below || above, quality) {
        (false, quality) => (quality, Flags::NONE),
        (true, Quality::Good) => (Quality::Uncertain, Flags::OUT_OF_RANGE),
        // The device itself says worse.
        (true, quality) => (quality, Flags::OUT_OF_RANGE),
    };
    Ok(Judged {
        value: ValueRef::Number(number),
        quality,
        flags,
    })
}

/// Judges a value of a field that the model does not know: kept as it is, in
/// whatever unit the device means, for the operator to adopt.
pub(super) fn of_extra<'a>(parsed: &'a ParsedObservation<'_>) -> Result<Judged<'a>, RejectReason> {
    let value = match &parsed.value {
        ParsedValue::Null => return Ok(missing(Flags::EXTRA)),
        ParsedValue::Number(number) if number.is_finite() => ValueRef::Number(*number),
        ParsedValue::Number(_) => return Err(RejectReason::NotFinite),
        ParsedValue::Boolean(is) => ValueRef::Boolean(*is),
        ParsedValue::Text(text) => text_value(text)?,
    };
    Ok(Judged {
        value,
        quality: parsed.quality.unwrap_or(Quality::Good),
        flags: Flags::EXTRA,
    })
}

fn missing<'a>(flags: Flags) -> Judged<'a> {
    Judged {
        value: ValueRef::Missing,
        quality: Quality::Missing,
        flags,
    }
}

fn text_value(text: &str) -> Result<ValueRef<'_>, RejectReason> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(RejectReason::BadText);
    }
    Ok(ValueRef::Text(text))
}
