//! Values of attributes as JSON.

use domain::Timestamp;
use odata::{Attribute, Kind, Value, Version, geojson};
use serde_json::{Value as Json, json};

/// The value as the version writes it.
pub(crate) fn json_value(version: Version, attribute: &Attribute, value: Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => truth.into(),
        Value::Int(whole) => whole.into(),
        Value::Number(number) => number.into(),
        Value::Text(text) => text.into_owned().into(),
        Value::Time(time) if attribute.kind == Kind::Interval && version == Version::V2_0 => {
            json!({"start": time.to_rfc3339()})
        }
        Value::Time(time) => time.to_rfc3339().into(),
        Value::Interval(start, end) => interval(version, start, end),
        Value::Date(date) => date.to_string().into(),
        Value::TimeOfDay(time) => time.to_string().into(),
        Value::Duration(duration) => duration.to_string().into(),
        Value::Geometry(geometry) => geojson(&geometry),
        Value::Json(json) => json.into_owned(),
    }
}

fn interval(version: Version, start: Timestamp, end: Timestamp) -> Json {
    let (start, end) = (start.to_rfc3339(), end.to_rfc3339());
    match version {
        Version::V1_1 => format!("{start}/{end}").into(),
        Version::V2_0 => json!({"start": start, "end": end}),
    }
}
