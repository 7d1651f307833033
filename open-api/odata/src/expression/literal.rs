//! Constants that stand bare: numbers, times, dates, times of day; and the ISO
//! 8601 texts of instants and durations.
//!
//! A date is not a time: where one is compared with a time, it is 00:00Z of that
//! day, neither local midnight nor the whole day. Offsets may lack their colon
//! (`-0700`), as in 1.1's examples.

use std::borrow::Cow;

use domain::{TimeError, Timestamp};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::ast::Literal;
use super::functions::instant_of;
use crate::cursor::{Cursor, Fault, quote};
use crate::value::Value;

/// What a duration may be at most, either way, in days: 20,000 years.
const MAX_DURATION_DAYS: i64 = 7_300_000;

const A_TIME: &str = "a time with an offset, as 2026-05-01T09:00:00+09:00 or ...Z";
const A_CONSTANT: &str = "a number, or a time, as 2026-05-01T09:00:00Z";

/// Reads what starts with a digit.
pub(super) fn bare(cursor: &mut Cursor<'_>) -> Result<Literal, Fault> {
    let at = cursor.position();
    let first = &*time_text(cursor);
    let literal = number(first)
        .or_else(|| date(first).map(Literal::Date))
        .or_else(|| time_of_day(first).map(Literal::TimeOfDay));
    if let Some(literal) = literal {
        return Ok(literal);
    }
    let refused = |text: &str, expected: &str| Fault::unexpected(at, quote(text), expected);
    if !first.contains(':') {
        return Err(refused(first, A_CONSTANT));
    }
    let start = timestamp(first).map_err(|_| refused(first, A_TIME))?;
    if !is_interval(cursor) {
        return Ok(Literal::Time(start));
    }
    cursor.advance("/");
    let second = &*time_text(cursor);
    match interval_end(start, second) {
        Some(end) if start <= end => Ok(Literal::Interval(start, end)),
        Some(_) => Err(refused(second, "an end that is not before the start")),
        None => Err(refused(second, "the end of the interval, as its start")),
    }
}

fn bare_text<'t>(cursor: &mut Cursor<'t>) -> &'t str {
    cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '+' | '-'))
}

/// The same with the offset of a time, where a space stands for its plus.
fn time_text<'t>(cursor: &mut Cursor<'t>) -> Cow<'t, str> {
    let text = bare_text(cursor);
    let has_offset = |clock: &str| clock.contains(['Z', 'z', '+', '-']);
    let is_local_time = text
        .split_once(['T', 't'])
        .is_some_and(|(_, clock)| clock.contains(':') && !has_offset(clock));
    let mut ahead = cursor.clone();
    if is_local_time && ahead.eat(' ') {
        let offset = ahead.take_while(|c| c.is_ascii_digit() || c == ':');
        if matches!(offset.len(), 2 | 4 | 5) {
            *cursor = ahead;
            return Cow::Owned(format!("{text}+{offset}"));
        }
    }
    Cow::Borrowed(text)
}

/// Whether a slash and the end of an interval follow.
fn is_interval(cursor: &Cursor<'_>) -> bool {
    let after = cursor.rest().strip_prefix('/');
    after.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == 'P'))
}

fn interval_end(start: Timestamp, text: &str) -> Option<Timestamp> {
    if text.starts_with('P') {
        super::functions::shifted(start, duration(text)?)
    } else {
        timestamp(text).ok()
    }
}

/// Digits, a fraction, an exponent; whole where there are digits only.
fn number(text: &str) -> Option<Literal> {
    let is_digit = |byte: u8| byte.is_ascii_digit();
    if text.bytes().all(is_digit)
        && let Ok(whole) = text.parse()
    {
        return Some(Literal::Int(whole));
    }
    let is_of_number =
        |byte: u8| is_digit(byte) || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    if !text.bytes().all(is_of_number) || text.ends_with('.') {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    number.is_finite().then_some(Literal::Number(number))
}

pub(super) fn date(text: &str) -> Option<Date> {
    // Years of more digits, ordinal days and weeks are other forms of the same.
    let has_form = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    has_form.then(|| text.parse().ok())?
}

pub(super) fn time_of_day(text: &str) -> Option<Time> {
    let has_form = text.len() >= 5 && text.as_bytes()[2] == b':';
    let is_bare = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.');
    (has_form && text.chars().all(is_bare)).then(|| text.parse().ok())?
}

/// RFC 3339, with or without seconds and the colon of the offset.
fn timestamp(text: &str) -> Result<Timestamp, TimeError> {
    let time = Timestamp::parse(text)?;
    Timestamp::from_printable_micros(time.as_micros())
}

/// A time or a date as a text within JSON.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    match date(text) {
        Some(date) => instant_of(&Value::Date(date)),
        None => timestamp(text).ok(),
    }
}

/// ISO 8601, of weeks, days and smaller: a month has no length of its own.
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    // Jiff's own form, as "1 hour", is none of the standard's.
    if !text.trim_start_matches(['+', '-']).starts_with('P') {
        return None;
    }
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    let most = SignedDuration::from_hours(MAX_DURATION_DAYS * 24);
    (-most..=most).contains(&duration).then_some(duration)
}
