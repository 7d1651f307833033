//! Functions of times, in the zone that they name, else in UTC.

use domain::Timestamp;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

use super::Function;
use crate::expression::literal;
use crate::value::Value;

/// 0001-01-01T00:00:00Z and 9999-12-30T22:00:00Z: what can be written with any
/// offset.
const FIRST: Timestamp = Timestamp::from_micros(-62_135_596_800_000_000);
const LAST: Timestamp = Timestamp::from_micros(253_402_207_200_000_000);

/// Abbreviations that clients write, in hours from UTC. Those that mean several
/// zones are left out, but for those of RFC 2822.
const ABBREVIATIONS: [(&str, i8); 20] = [
    ("Z", 0),
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("KST", 9),
    ("JST", 9),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("PST", -8),
    ("PDT", -7),
];

/// Functions without arguments.
pub(super) fn constant(function: Function, now: Timestamp) -> Option<Value<'static>> {
    Some(Value::Time(match function {
        Function::Now => now,
        Function::MinDateTime => FIRST,
        Function::MaxDateTime => LAST,
        _ => return None,
    }))
}

/// `None` where it is no function of times, or these are none.
pub(super) fn call(
    function: Function,
    arguments: &[Value<'_>],
    constant_zone: Option<&TimeZone>,
) -> Option<Value<'static>> {
    let first = arguments.first()?;
    if function == Function::Interval {
        return interval(first, arguments.get(1)?);
    }
    let zone = match (constant_zone, arguments.get(1)) {
        (Some(zone), _) => zone.clone(),
        (None, Some(Value::Text(name))) => zone(name)?,
        (None, Some(_)) => return None,
        (None, None) => TimeZone::UTC,
    };
    match (function, first) {
        (Function::TotalOffsetMinutes, _) => {
            let offset = zone.to_offset(instant_in_jiff(first)?);
            Some(Value::Int(i64::from(offset.seconds() / 60)))
        }
        (_, Value::Time(_) | Value::Interval(..)) => {
            part(function, zone.to_datetime(instant_in_jiff(first)?))
        }
        (Function::Year | Function::Month | Function::Day | Function::Date, Value::Date(date)) => {
            part(function, midnight(*date))
        }
        (
            Function::Hour
            | Function::Minute
            | Function::Second
            | Function::FractionalSeconds
            | Function::Time,
            Value::TimeOfDay(time),
        ) => part(function, jiff::civil::Date::ZERO.to_datetime(*time)),
        _ => None,
    }
}

fn part(function: Function, time: DateTime) -> Option<Value<'static>> {
    let whole: i64 = match function {
        Function::Year => time.year().into(),
        Function::Month => time.month().into(),
        Function::Day => time.day().into(),
        Function::Hour => time.hour().into(),
        Function::Minute => time.minute().into(),
        Function::Second => time.second().into(),
        // OData's: what is below a second, as a fraction of it.
        Function::FractionalSeconds => {
            return Some(Value::Number(f64::from(time.subsec_nanosecond()) / 1e9));
        }
        Function::Date => return Some(Value::Date(time.date())),
        Function::Time => return Some(Value::TimeOfDay(time.time())),
        _ => return None,
    };
    Some(Value::Int(whole))
}

/// From a start to an end or for a duration; none that ends before it starts.
fn interval(start: &Value<'_>, end: &Value<'_>) -> Option<Value<'static>> {
    let start = instant_of(start)?;
    let end = match end {
        Value::Duration(duration) => shifted(start, *duration)?,
        Value::Interval(_, end) => *end,
        Value::Text(text) => match literal::instant(text) {
            Some(end) => end,
            None => shifted(start, literal::duration(text)?)?,
        },
        _ => instant_of(end)?,
    };
    (start <= end).then_some(Value::Interval(start, end))
}

/// The instant that a value is, or starts with; within JSON times are texts.
pub(crate) fn instant_of(value: &Value<'_>) -> Option<Timestamp> {
    match value {
        Value::Time(time) | Value::Interval(time, _) => Some(*time),
        Value::Date(date) => {
            let midnight = TimeZone::UTC.to_timestamp(midnight(*date)).ok()?;
            Timestamp::from_printable_micros(midnight.as_microsecond()).ok()
        }
        Value::Text(text) => literal::instant(text),
        _ => None,
    }
}

/// The date and time of day that a value is, or starts with, in UTC.
pub(crate) fn civil(value: &Value<'_>) -> Option<DateTime> {
    instant_in_jiff(value).map(|time| TimeZone::UTC.to_datetime(time))
}

fn instant_in_jiff(value: &Value<'_>) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_microsecond(instant_of(value)?.as_micros()).ok()
}

fn midnight(date: jiff::civil::Date) -> DateTime {
    date.to_datetime(jiff::civil::Time::midnight())
}

/// The time that is later by a duration, in whole microseconds; `None` beyond
/// what can be written.
pub(crate) fn shifted(time: Timestamp, by: SignedDuration) -> Option<Timestamp> {
    let micros = i64::try_from(by.as_micros()).ok()?;
    let sum = time.as_micros().checked_add(micros)?;
    Timestamp::from_printable_micros(sum).ok()
}

/// How long after the second time the first one is.
pub(crate) fn duration_of(later: Timestamp, earlier: Timestamp) -> Option<SignedDuration> {
    let micros = later.as_micros().checked_sub(earlier.as_micros())?;
    Some(SignedDuration::from_micros(micros))
}

/// The zone of an offset (`+09:00`, `+9`, `-0330`), of a name of the time zone
/// database, or of an abbreviation.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    if let Some((_, hours)) = ABBREVIATIONS.iter().find(|(known, _)| *known == name) {
        return Some(TimeZone::fixed(Offset::constant(*hours)));
    }
    // A space stands for a plus that was written into a URL as it is.
    if name.starts_with(['+', '-', ' ']) {
        return offset(name).map(TimeZone::fixed);
    }
    // The one within the program: what a query means does not depend on the
    // machine's files.
    TimeZoneDatabase::bundled().get(name).ok()
}

fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = text.split_at(1);
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() <= 2 => (digits, "0"),
        None => digits.split_at_checked(digits.len() - 2)?,
    };
    let number = |digits: &str| -> Option<i32> {
        let is_sound =
            (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        is_sound.then(|| digits.parse().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > 18 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3_600 + minutes * 60;
    let signed = if sign == "-" { -seconds } else { seconds };
    Offset::from_seconds(signed).ok()
}
