//! Values of attributes and of expressions.

use std::borrow::Cow;

use domain::Timestamp;
use jiff::SignedDuration;
use jiff::civil::{Date, Time};

/// What an attribute holds or an expression comes to. A value within a JSON
/// document is of the variant that fits it; [`Value::Json`] is an object or an
/// array.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Never NaN.
    Number(f64),
    Text(Cow<'a, str>),
    Time(Timestamp),
    /// From the start, included, to the end, excluded; both are the same where it
    /// is an instant.
    Interval(Timestamp, Timestamp),
    /// What `date(...)` gives: a calendar day, of no zone.
    Date(Date),
    /// What `time(...)` gives.
    TimeOfDay(Time),
    Duration(SignedDuration),
    Geometry(Cow<'a, geo_types::Geometry<f64>>),
    Json(Cow<'a, serde_json::Value>),
}

impl<'a> Value<'a> {
    /// A JSON value as the variant that fits it.
    pub fn of_json(json: &'a serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                None => number.as_f64().map_or(Self::Null, Self::Number),
            },
            Json::String(text) => Self::Text(Cow::Borrowed(text)),
            Json::Array(_) | Json::Object(_) => Self::Json(Cow::Borrowed(json)),
        }
    }

    /// The same, owning what it holds.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Int(whole) => Value::Int(whole),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Time(time) => Value::Time(time),
            Self::Interval(start, end) => Value::Interval(start, end),
            Self::Date(date) => Value::Date(date),
            Self::TimeOfDay(time) => Value::TimeOfDay(time),
            Self::Duration(duration) => Value::Duration(duration),
            Self::Geometry(geometry) => Value::Geometry(Cow::Owned(geometry.into_owned())),
            Self::Json(json) => Value::Json(Cow::Owned(json.into_owned())),
        }
    }
}
