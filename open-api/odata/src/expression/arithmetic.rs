//! Arithmetic of numbers, times and durations. What has no meaning, has no finite
//! value, or divides by zero is null: an expression never fails over a row.
//!
//! Whole numbers stay whole as long as they fit. Division is that of whole numbers
//! only where both sides are known to be whole before any row is read: `result` is
//! never.

use jiff::SignedDuration;

use super::ast::Arithmetic;
use super::functions::{duration_of, instant_of, shifted};
use crate::value::Value;

pub(super) fn combined(
    operation: Arithmetic,
    left: &Value<'_>,
    right: &Value<'_>,
) -> Value<'static> {
    let result = match (left, right) {
        (Value::Int(one), Value::Int(other)) => whole(operation, *one, *other),
        (Value::Int(_) | Value::Number(_), Value::Int(_) | Value::Number(_)) => None,
        (Value::Duration(one), Value::Duration(other)) => {
            return of_durations(operation, *one, *other).unwrap_or(Value::Null);
        }
        (Value::Duration(duration), Value::Int(_) | Value::Number(_)) => {
            return scaled(operation, *duration, right).unwrap_or(Value::Null);
        }
        (Value::Int(_) | Value::Number(_), Value::Duration(duration)) => {
            return match operation {
                Arithmetic::Multiply => scaled(operation, *duration, left).unwrap_or(Value::Null),
                _ => Value::Null,
            };
        }
        _ => return of_times(operation, left, right).unwrap_or(Value::Null),
    };
    result
        .or_else(|| real(operation, as_real(left)?, as_real(right)?))
        .unwrap_or(Value::Null)
}

pub(super) fn negated(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Int(whole) => match whole.checked_neg() {
            Some(negative) => Value::Int(negative),
            None => Value::Number(-(*whole as f64)),
        },
        Value::Number(number) => Value::Number(-number),
        Value::Duration(duration) => duration.checked_neg().map_or(Value::Null, Value::Duration),
        _ => Value::Null,
    }
}

/// `None` where the result is not whole, or too large.
fn whole(operation: Arithmetic, left: i64, right: i64) -> Option<Value<'static>> {
    let result = match operation {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => None,
        Arithmetic::DivideWhole => left.checked_div(right),
        Arithmetic::Modulo => left.checked_rem(right),
    };
    result.map(Value::Int)
}

fn as_real(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(whole) => Some(*whole as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

fn real(operation: Arithmetic, left: f64, right: f64) -> Option<Value<'static>> {
    let result = match operation {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::DivideWhole => (left / right).trunc(),
        Arithmetic::Modulo => left % right,
    };
    result.is_finite().then_some(Value::Number(result))
}

fn of_durations(
    operation: Arithmetic,
    left: SignedDuration,
    right: SignedDuration,
) -> Option<Value<'static>> {
    let sum = match operation {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        _ => None,
    };
    sum.map(Value::Duration)
}

fn scaled(
    operation: Arithmetic,
    duration: SignedDuration,
    factor: &Value<'_>,
) -> Option<Value<'static>> {
    let (seconds, factor) = (duration.as_secs_f64(), as_real(factor)?);
    let scaled = match operation {
        Arithmetic::Multiply => seconds * factor,
        Arithmetic::Divide | Arithmetic::DivideWhole => seconds / factor,
        _ => return None,
    };
    let scaled = SignedDuration::try_from_secs_f64(scaled).ok()?;
    Some(Value::Duration(scaled))
}

fn of_times(operation: Arithmetic, left: &Value<'_>, right: &Value<'_>) -> Option<Value<'static>> {
    match (left, operation, right) {
        (Value::Duration(duration), Arithmetic::Add, time) => moved(time, *duration),
        (time, Arithmetic::Add, Value::Duration(duration)) => moved(time, *duration),
        (time, Arithmetic::Subtract, Value::Duration(duration)) => {
            moved(time, duration.checked_neg()?)
        }
        (
            Value::Time(_) | Value::Interval(..) | Value::Date(_),
            Arithmetic::Subtract,
            Value::Time(_) | Value::Interval(..) | Value::Date(_),
        ) => duration_of(instant_of(left)?, instant_of(right)?).map(Value::Duration),
        _ => None,
    }
}

/// The same later; of an interval both ends.
fn moved(time: &Value<'_>, by: SignedDuration) -> Option<Value<'static>> {
    match time {
        Value::Time(time) => shifted(*time, by).map(Value::Time),
        Value::Interval(start, end) => {
            Some(Value::Interval(shifted(*start, by)?, shifted(*end, by)?))
        }
        Value::Date(date) => {
            let whole_days = SignedDuration::from_hours(24 * (by.as_hours() / 24));
            date.checked_add(whole_days).ok().map(Value::Date)
        }
        _ => None,
    }
}
