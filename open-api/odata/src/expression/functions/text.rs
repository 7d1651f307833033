//! Functions of texts. Positions and lengths count characters, from 0.

use std::borrow::Cow;

use super::Function;
use crate::value::Value;

/// `None` where it is no function of texts, or these are none.
pub(super) fn call<'v>(function: Function, arguments: &[Value<'v>]) -> Option<Value<'v>> {
    let Value::Text(first) = arguments.first()? else {
        return None;
    };
    let second = match arguments.get(1) {
        Some(Value::Text(text)) => Some(text.as_ref()),
        _ => None,
    };
    Some(match function {
        Function::Contains => Value::Bool(first.contains(second?)),
        Function::SubstringOf => Value::Bool(second?.contains(first.as_ref())),
        Function::StartsWith => Value::Bool(first.starts_with(second?)),
        Function::EndsWith => Value::Bool(first.ends_with(second?)),
        Function::Length => whole(first.chars().count()),
        Function::IndexOf => match first.find(second?) {
            Some(at) => whole(first[..at].chars().count()),
            None => Value::Int(-1),
        },
        Function::Substring => substring(first, arguments.get(1)?, arguments.get(2))?,
        Function::ToLower => Value::Text(first.to_lowercase().into()),
        Function::ToUpper => Value::Text(first.to_uppercase().into()),
        Function::Trim => Value::Text(first.trim().to_owned().into()),
        Function::Concat => Value::Text([first.as_ref(), second?].concat().into()),
        _ => return None,
    })
}

fn whole(count: usize) -> Value<'static> {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// What lies beyond either end is not there; so a start below 0 takes from the
/// length.
fn substring<'v>(
    text: &Cow<'v, str>,
    from: &Value<'_>,
    length: Option<&Value<'_>>,
) -> Option<Value<'v>> {
    let from = position(from)?;
    let end = match length {
        Some(length) => from.saturating_add(position(length)?.max(0)),
        None => i64::MAX,
    };
    let count = |place: i64| usize::try_from(place.max(0)).unwrap_or(usize::MAX);
    let (from, end) = (count(from), count(end));
    let taken: String = text
        .chars()
        .skip(from)
        .take(end.saturating_sub(from))
        .collect();
    Some(Value::Text(taken.into()))
}

/// A whole number, or one that is whole in effect.
fn position(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(whole) => Some(*whole),
        Value::Number(number) if number.fract() == 0.0 => Some(*number as i64),
        _ => None,
    }
}
