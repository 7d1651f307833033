//! Equality and order of values, row by row.
//!
//! - `eq null` holds for null, and `ne` is the exact opposite of `eq`; nothing is
//!   less or greater than null. So no comparison is null.
//! - Values of different types are different, and none is less: 10 is not '10'.
//! - An instant is an interval that starts and ends with it, a date the instant
//!   00:00Z. An interval is less than another if it ends before that starts, or
//!   as it starts. So of an interval and an instant T: `lt` holds if it ends at T
//!   or before and starts before T, `le` if it ends at T or before, `gt` if it
//!   starts after T, `ge` if it starts at T or after, `eq` if both are T.

use std::cmp::Ordering;

use domain::Timestamp;
use jiff::civil::{DateTime, Time};

use super::ast::Comparison;
use super::functions::{civil, instant_of};
use crate::value::Value;

pub(super) fn holds(comparison: Comparison, left: &Value<'_>, right: &Value<'_>) -> bool {
    match comparison {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => !equal(left, right),
        Comparison::Less => less(left, right),
        Comparison::Greater => less(right, left),
        Comparison::LessOrEqual => less_or_equal(left, right),
        Comparison::GreaterOrEqual => less_or_equal(right, left),
    }
}

pub(super) fn equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Geometry(one), Value::Geometry(other)) => one == other,
        (Value::Json(one), Value::Json(other)) => one == other,
        _ => match (interval(left), interval(right)) {
            (Some(one), Some(other)) => one == other,
            _ => order(left, right) == Some(Ordering::Equal),
        },
    }
}

fn less(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (interval(left), interval(right)) {
        (Some((start, end)), Some((other_start, _))) => end <= other_start && start < other_start,
        _ => order(left, right) == Some(Ordering::Less),
    }
}

fn less_or_equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (interval(left), interval(right)) {
        (Some((start, end)), Some(other)) => end <= other.0 || (start, end) == other,
        _ => matches!(order(left, right), Some(Ordering::Less | Ordering::Equal)),
    }
}

/// Start and end of what is in time.
fn interval(value: &Value<'_>) -> Option<(Timestamp, Timestamp)> {
    match value {
        Value::Interval(start, end) => Some((*start, *end)),
        Value::Time(_) | Value::Date(_) => instant_of(value).map(|time| (time, time)),
        _ => None,
    }
}

/// The order of two values of one type that has one, but for times.
fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
        (Value::Duration(one), Value::Duration(other)) => Some(one.cmp(other)),
        (Value::TimeOfDay(one), other) => Some(one.cmp(&clock(other)?)),
        (other, Value::TimeOfDay(one)) => Some(clock(other)?.cmp(one)),
        _ => numbers(left, right),
    }
}

/// The time of day in UTC of an instant, or of an interval's start.
fn clock(value: &Value<'_>) -> Option<Time> {
    match value {
        Value::TimeOfDay(time) => Some(*time),
        Value::Time(_) | Value::Interval(..) => civil(value).map(DateTime::time),
        _ => None,
    }
}

/// The order of two numbers, exact even where one has no `f64`.
pub(crate) fn numbers(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(one), Value::Int(other)) => Some(one.cmp(other)),
        (Value::Number(one), Value::Number(other)) => one.partial_cmp(other),
        (Value::Int(one), Value::Number(other)) => whole_and_real(*one, *other),
        (Value::Number(one), Value::Int(other)) => {
            whole_and_real(*other, *one).map(Ordering::reverse)
        }
        _ => None,
    }
}

fn whole_and_real(whole: i64, real: f64) -> Option<Ordering> {
    /// The least `f64` that is more than any `i64`: 2 to the power of 63.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if real.is_nan() {
        return None;
    }
    if real >= BEYOND {
        return Some(Ordering::Less);
    }
    if real < -BEYOND {
        return Some(Ordering::Greater);
    }
    let by_fraction = 0.0_f64.partial_cmp(&(real - real.trunc()))?;
    Some(whole.cmp(&(real.trunc() as i64)).then(by_fraction))
}
