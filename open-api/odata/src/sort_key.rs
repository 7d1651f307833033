//! The order of rows: comparison of values of any type, and the key of a row that
//! outlives it.

use std::borrow::Cow;
use std::cmp::Ordering;

use domain::Timestamp;
use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::expression::compare_numbers;
use crate::options::OrderItem;
use crate::row::{Row, RowError};
use crate::value::Value;

/// Null first, and with it what has no order: objects, arrays and geometries. Then
/// by type, then by value; numbers as numbers, whole or not. Intervals are ordered by start, then by end; an instant is one that ends as it
/// starts.
pub fn compare_keys(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    let by_type = rank(left).cmp(&rank(right));
    by_type.then_with(|| match (left, right) {
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Text(one), Value::Text(other)) => one.cmp(other),
        (Value::Date(one), Value::Date(other)) => one.cmp(other),
        (Value::TimeOfDay(one), Value::TimeOfDay(other)) => one.cmp(other),
        (Value::Duration(one), Value::Duration(other)) => one.cmp(other),
        _ => match (ends(left), ends(right)) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => compare_numbers(left, right).unwrap_or(Ordering::Equal),
        },
    })
}

/// The place of a type among the others.
fn rank(value: &Value<'_>) -> u8 {
    match value {
        Value::Null | Value::Json(_) | Value::Geometry(_) => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Number(_) => 2,
        Value::Text(_) => 3,
        Value::Time(_) | Value::Interval(..) => 4,
        Value::Date(_) => 5,
        Value::TimeOfDay(_) => 6,
        Value::Duration(_) => 7,
    }
}

fn ends(value: &Value<'_>) -> Option<(Timestamp, Timestamp)> {
    match value {
        Value::Time(time) => Some((*time, *time)),
        Value::Interval(start, end) => Some((*start, *end)),
        _ => None,
    }
}

/// The order values of a row, owned: compared as the rows are, written into the
/// token of a next page and read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SortKey(Vec<KeyPart>);

/// A value in a form for tokens, which are short: times are microseconds. What has
/// no order is null. Numbers are texts, as readers of JSON may change the last bit of
/// one, and the next page would then begin elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum KeyPart {
    #[serde(rename = "0")]
    Null,
    #[serde(rename = "b")]
    Bool(bool),
    #[serde(rename = "i")]
    Int(i64),
    #[serde(rename = "n", with = "exact")]
    Number(f64),
    #[serde(rename = "s")]
    Text(String),
    #[serde(rename = "t")]
    Time(i64),
    #[serde(rename = "v")]
    Interval(i64, i64),
    #[serde(rename = "d")]
    Date(Date),
    #[serde(rename = "c")]
    TimeOfDay(Time),
    #[serde(rename = "p")]
    Duration(SignedDuration),
}

impl SortKey {
    /// The key of a row under an order.
    pub fn of(order: &[OrderItem], row: &dyn Row, now: Timestamp) -> Result<Self, RowError> {
        let parts = order.iter().map(|item| {
            let value = item.by.evaluate(row, now)?;
            Ok(KeyPart::from(value))
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// Which of two rows comes first under the order that both keys were made
    /// with. Keys of different lengths (one from a token that was made up) compare
    /// by the parts that both have.
    pub fn compare(&self, other: &Self, order: &[OrderItem]) -> Ordering {
        let parts = self.0.iter().zip(&other.0).zip(order);
        let mut orderings = parts.map(|((one, other), item)| {
            let ascending = compare_keys(&one.value(), &other.value());
            if item.descending {
                ascending.reverse()
            } else {
                ascending
            }
        });
        let decisive = orderings.find(|ordering| ordering.is_ne());
        decisive.unwrap_or(Ordering::Equal)
    }

    /// The values, in the order of the items that they were made of.
    pub fn values(&self) -> impl Iterator<Item = Value<'_>> {
        self.0.iter().map(KeyPart::value)
    }

    /// How many items of an order it was made of.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl KeyPart {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Int(whole) => Value::Int(*whole),
            Self::Number(number) => Value::Number(*number),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Time(micros) => Value::Time(Timestamp::from_micros(*micros)),
            Self::Interval(start, end) => {
                Value::Interval(Timestamp::from_micros(*start), Timestamp::from_micros(*end))
            }
            Self::Date(date) => Value::Date(*date),
            Self::TimeOfDay(time) => Value::TimeOfDay(*time),
            Self::Duration(duration) => Value::Duration(*duration),
        }
    }
}

impl From<Value<'_>> for KeyPart {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null | Value::Json(_) | Value::Geometry(_) => Self::Null,
            Value::Bool(truth) => Self::Bool(truth),
            Value::Int(whole) => Self::Int(whole),
            Value::Number(number) => Self::Number(number),
            Value::Text(text) => Self::Text(text.into_owned()),
            Value::Time(time) => Self::Time(time.as_micros()),
            Value::Interval(start, end) => Self::Interval(start.as_micros(), end.as_micros()),
            Value::Date(date) => Self::Date(date),
            Value::TimeOfDay(time) => Self::TimeOfDay(time),
            Value::Duration(duration) => Self::Duration(duration),
        }
    }
}

/// A number as the shortest text that reads as the same.
mod exact {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        let number: f64 = String::deserialize(from)?
            .parse()
            .map_err(D::Error::custom)?;
        if number.is_nan() {
            return Err(D::Error::custom("a number is expected"));
        }
        Ok(number)
    }
}
