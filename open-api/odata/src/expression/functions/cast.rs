//! `cast(...)`: what a value is as another type; null where it is nothing of it.

use super::time::{civil, instant_of};
use crate::expression::ast::CastType;
use crate::expression::literal;
use crate::expression::print::written;
use crate::value::Value;

pub(crate) fn cast<'v>(value: Value<'v>, to: CastType) -> Value<'v> {
    let cast = match to {
        CastType::Text => text(&value),
        CastType::Whole => whole(&value),
        CastType::Number => number(&value),
        CastType::Bool => truth(&value),
        CastType::Time => instant_of(&value).map(Value::Time),
        CastType::Date => date(&value),
        CastType::TimeOfDay => time_of_day(&value),
        CastType::Duration => duration(&value),
    };
    match (cast, value, to) {
        (Some(cast), ..) => cast,
        (None, Value::Text(text), CastType::Text) => Value::Text(text),
        _ => Value::Null,
    }
}

fn text(value: &Value<'_>) -> Option<Value<'static>> {
    match value {
        // Left as it is.
        Value::Text(_) | Value::Null => None,
        Value::Json(json) => Some(Value::Text(json.to_string().into())),
        other => Some(Value::Text(written(other)?.into())),
    }
}

fn whole(value: &Value<'_>) -> Option<Value<'static>> {
    match value {
        Value::Int(whole) => Some(Value::Int(*whole)),
        // Towards zero; beyond what it can hold there is nothing.
        Value::Number(number) if number.abs() < i64::MAX as f64 => {
            Some(Value::Int(number.trunc() as i64))
        }
        Value::Text(text) => text.parse().ok().map(Value::Int),
        _ => None,
    }
}

fn number(value: &Value<'_>) -> Option<Value<'static>> {
    let number = match value {
        Value::Int(whole) => *whole as f64,
        Value::Number(number) => *number,
        Value::Text(text) => text.parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(Value::Number(number))
}

fn truth(value: &Value<'_>) -> Option<Value<'static>> {
    match value {
        Value::Bool(truth) => Some(Value::Bool(*truth)),
        Value::Text(text) => text.parse().ok().map(Value::Bool),
        _ => None,
    }
}

/// In UTC, as everything that names no zone.
fn date(value: &Value<'_>) -> Option<Value<'static>> {
    match value {
        Value::Date(date) => Some(Value::Date(*date)),
        other => Some(Value::Date(civil(other)?.date())),
    }
}

fn time_of_day(value: &Value<'_>) -> Option<Value<'static>> {
    match value {
        Value::TimeOfDay(time) => Some(Value::TimeOfDay(*time)),
        Value::Text(text) => match literal::time_of_day(text) {
            Some(time) => Some(Value::TimeOfDay(time)),
            None => Some(Value::TimeOfDay(civil(value)?.time())),
        },
        other => Some(Value::TimeOfDay(civil(other)?.time())),
    }
}

fn duration(value: &Value<'_>) -> Option<Value<'static>> {
    match value {
        Value::Duration(duration) => Some(Value::Duration(*duration)),
        Value::Text(text) => literal::duration(text).map(Value::Duration),
        _ => None,
    }
}
