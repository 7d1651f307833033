//! Values of attributes, in short.

use std::borrow::Cow;

use domain::Location;
use geo_types::{Geometry, Point};
use odata::Value;

pub(crate) fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

pub(crate) fn owned<'a>(text: String) -> Value<'a> {
    Value::Text(Cow::Owned(text))
}

pub(crate) fn json<'a>(json: serde_json::Value) -> Value<'a> {
    Value::Json(Cow::Owned(json))
}

/// Longitude first, as GeoJSON has it.
pub(crate) fn point<'a>(place: Location) -> Value<'a> {
    let point = Point::new(place.lon(), place.lat());
    Value::Geometry(Cow::Owned(Geometry::Point(point)))
}

pub(crate) fn geojson_type<'a>() -> Value<'a> {
    text("application/geo+json")
}
