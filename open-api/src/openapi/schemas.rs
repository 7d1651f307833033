//! Schemas that no Rust type of ours has: values of several kinds, bytes, and
//! what others' formats look like.
//!
//! A value is written as `anyOf` its kinds, `null` among them, under a name of
//! its own: several names in one `type` make generators for Go stop, `oneOf`
//! makes one for Java refuse every number, and a `null` beside the reference
//! makes it refuse what is missing. Members beside those that are named are of
//! any kind or never null: oapi-codegen makes code of others that does not
//! compile.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::views::{TitleView, ValueView};

/// A schema as it stands in the document.
fn schema(written: Value) -> RefOr<Schema> {
    serde_json::from_value(written).expect("the schemas of this file are schemas")
}

impl PartialSchema for ValueView<'_> {
    fn schema() -> RefOr<Schema> {
        schema(json!({
            "description": "A number, a boolean, a text, or null where it is missing.",
            "anyOf": [
                {"type": "number", "format": "double"},
                {"type": "boolean"},
                {"type": "string"},
                {"type": "null"}
            ]
        }))
    }
}

impl ToSchema for ValueView<'_> {
    fn name() -> Cow<'static, str> {
        "Value".into()
    }
}

macro_rules! described {
    ($($(#[$doc:meta])* $type:ident $name:literal ($($part:ty),*) $written:tt)*) => {
        $(
            $(#[$doc])*
            pub(crate) struct $type;

            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    schema(json!($written))
                }
            }

            impl ToSchema for $type {
                fn name() -> Cow<'static, str> {
                    $name.into()
                }

                fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
                    // A schema without parts collects none.
                    let _ = &all;
                    $(
                        all.push((<$part as ToSchema>::name().into_owned(), <$part>::schema()));
                        <$part as ToSchema>::schemas(all);
                    )*
                }
            }
        )*
    };
}

described! {
    /// What `http_edge::Problem` writes.
    ProblemSchema "Problem" () {
        "description": "RFC 9457. `type` is a stable path below `/problems/` and leads to a page that tells the way out. Some kinds have members of their own beside these.",
        "type": "object",
        "required": ["type", "title", "status", "detail", "request_id"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "request_id": {"type": "string"}
        },
        "additionalProperties": true,
        "example": {
            "type": "/problems/invalid-parameter",
            "title": "A parameter cannot be read",
            "status": 400,
            "detail": "from: a time needs an offset, as 2026-05-01T09:00:00+09:00 or ...Z",
            "request_id": "5f1c22aa-1f3"
        }
    }

    /// A data model as `device_registry` reads it.
    NewModel "NewModel" (NewField) {
        "type": "object",
        "required": ["id", "title", "fields"],
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z0-9-]{1,64}[.][a-z0-9-]{1,64}(~[A-Za-z0-9._~-]{1,64})?$"},
            "title": {"$ref": "#/components/schemas/Title"},
            "purpose": {"$ref": "#/components/schemas/Title"},
            "owner": {"type": "string", "description": "Who answers for the model."},
            "licence": {
                "description": "Of what its devices send, where they are registered without another one.",
                "type": "string"
            },
            "expected_interval_s": {
                "description": "Seconds between two readings, of each field that says nothing else. Left out: nobody says.",
                "type": "integer", "format": "int32", "minimum": 1, "maximum": 2678400
            },
            "retention_days": {
                "description": "Left out: for ever.",
                "type": "integer", "format": "int32", "minimum": 1, "maximum": 36500
            },
            "fields": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/NewField"},
                "minItems": 1,
                "maxItems": 128
            }
        }
    }

    /// A field of it.
    NewField "NewField" (TitleView) {
        "type": "object",
        "required": ["name", "title"],
        "properties": {
            "name": {"type": "string", "pattern": "^[A-Za-z0-9._~-]{1,64}$"},
            "kind": {"type": "string", "description": "`number`, the default, `boolean` or `text`."},
            "unit": {"type": "string", "description": "UCUM code; a number has one, `1` where it is pure."},
            "codes": {
                "description": "What a text may be.",
                "type": "array", "items": {"type": "string"}, "maxItems": 256
            },
            "min": {"type": "number", "format": "double"},
            "max": {"type": "number", "format": "double"},
            "expected_interval_s": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 2678400},
            "title": {"$ref": "#/components/schemas/Title"}
        }
    }

    /// What an agency says otherwise of a model, as `device_registry` reads it.
    NewRefinement "Refinement" (NewRefinedField) {
        "description": "What is left out is as the model says.",
        "type": "object",
        "properties": {
            "title": {"$ref": "#/components/schemas/Title"},
            "purpose": {"$ref": "#/components/schemas/Title"},
            "expected_interval_s": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 2678400},
            "retention_days": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 36500},
            "fields": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/RefinedField"},
                "maxItems": 128
            }
        }
    }

    /// A field of it.
    NewRefinedField "RefinedField" (TitleView) {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "pattern": "^[A-Za-z0-9._~-]{1,64}$"},
            "title": {"$ref": "#/components/schemas/Title"},
            "min": {"type": "number", "format": "double", "description": "Not below the model's."},
            "max": {"type": "number", "format": "double", "description": "Not above the model's."},
            "expected_interval_s": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 2678400}
        }
    }

    /// A file, or a body that is no JSON.
    Binary "Binary" () {"type": "string", "format": "binary"}

    /// An area of GeoJSON.
    Geometry "Geometry" () {
        "description": "GeoJSON (RFC 7946): a Polygon or a MultiPolygon in WGS 84, longitude first.",
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"type": "string"},
            "coordinates": {"type": "array", "items": {}}
        }
    }

    /// Where a feature of interest lies.
    FeatureGeometrySchema "FeatureGeometry" () {
        "description": "GeoJSON (RFC 7946): a Point, a LineString or a Polygon in WGS 84, longitude first.",
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"type": "string"},
            "coordinates": {"type": "array", "items": {}}
        }
    }

    /// Whatever of GeoJSON has an area.
    GeoJsonObject "GeoJsonObject" () {
        "description": "GeoJSON (RFC 7946): a Feature, a FeatureCollection with one area, a Polygon or a MultiPolygon.",
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"type": "string"}},
        "additionalProperties": true
    }

    /// One reading, in compact JSON.
    Reading "Reading" (ValueView<'static>) {
        "description": "Values of one time by field: under `v`, or, without `v`, as members of their own beside `t`.",
        "type": "object",
        "properties": {
            "t": {"$ref": "#/components/schemas/Value", "description": "RFC 3339 with an offset, or seconds or milliseconds since 1970. Left out: the time of receipt."},
            "v": {
                "type": "object",
                "additionalProperties": {"$ref": "#/components/schemas/Value"}
            },
            "loc": {
                "description": "Latitude and longitude, in degrees; null or left out: the device's place.",
                "type": ["array", "null"],
                "items": {"type": "number", "format": "double"},
                "minItems": 2,
                "maxItems": 2
            },
            "seq": {"type": "integer", "format": "int64", "minimum": 0},
            "q": {"type": "string", "description": "`good`, `uncertain`, `bad` or `missing`."}
        },
        "additionalProperties": true,
        "example": {"t": "2026-05-01T09:00:00+09:00", "v": {"pm25": 12.1, "pm10": 30}}
    }

    /// One reading or several.
    Readings "Readings" (Reading) {
        "description": "One reading, or an array of them: at most 1,000 values and 64 KiB.",
        "anyOf": [
            {"$ref": "#/components/schemas/Reading"},
            {"type": "array", "items": {"$ref": "#/components/schemas/Reading"}, "maxItems": 1000}
        ]
    }

    /// A record of SenML.
    SenmlRecord "SenmlRecord" () {
        "description": "A record of SenML (RFC 8428).",
        "type": "object",
        "properties": {
            "bn": {"type": "string"},
            "bt": {"type": "number", "format": "double"},
            "bu": {"type": "string"},
            "bv": {"type": "number", "format": "double"},
            "bver": {"type": "integer", "format": "int32"},
            "n": {"type": "string"},
            "u": {"type": "string"},
            "v": {"type": "number", "format": "double"},
            "vs": {"type": "string"},
            "vb": {"type": "boolean"},
            "t": {"type": "number", "format": "double"}
        }
    }

    /// A pack of SenML.
    SenmlPack "SenmlPack" (SenmlRecord) {
        "description": "At most 1,000 records and 64 KiB.",
        "type": "array",
        "items": {"$ref": "#/components/schemas/SenmlRecord"},
        "maxItems": 1000
    }
}
