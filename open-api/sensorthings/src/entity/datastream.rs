//! Datastreams: what they measure, in which unit, where and over which time.

use device_registry::{Datastream, ValueKind};
use odata::Value;
use serde_json::{Value as Json, json};

use crate::values::{json, owned, point, text};
use crate::world::World;

pub(super) fn value<'a>(
    world: &World<'a>,
    datastream: Datastream<'a>,
    attribute: &str,
) -> Value<'a> {
    match attribute {
        "name" => {
            let thing = world.thing_of(datastream);
            let thing = thing.map_or("", |thing| world.name_of(thing));
            owned(format!("{thing}: {}", title(datastream)))
        }
        "description" => text(match &datastream.definition {
            Some(field) => &field.title_ko,
            None => datastream.field.as_str(),
        }),
        "unitOfMeasurement" => json(unit(datastream)),
        "observationType" => text(observation_type(world, datastream)),
        "observedArea" => {
            let thing = world.thing_of(datastream);
            let stay = thing.and_then(|thing| world.stay_now(thing));
            stay.map_or(Value::Null, |stay| point(stay.place))
        }
        "phenomenonTime" => match world.extent(datastream.id) {
            Some((first, last)) => Value::Interval(first, last),
            None => Value::Null,
        },
        "resultType" => json(result_type(world, datastream)),
        "properties" => json(json!({
            "agency": datastream.agency.as_str(),
            "domain": datastream.model.domain(),
            "model": datastream.model.as_str(),
            "field": datastream.field.as_str(),
            "device": datastream.device.as_str(),
            "licence": &*datastream.licence.0,
            "attribution": datastream.attribution,
            "visibility": datastream.visibility.as_str(),
        })),
        _ => Value::Null,
    }
}

pub(super) fn title(datastream: Datastream<'_>) -> &str {
    match &datastream.definition {
        Some(field) => &field.title_en,
        None => datastream.field.as_str(),
    }
}

/// In version 1.1 there is one always; of what has none, its members are null.
fn unit(datastream: Datastream<'_>) -> Json {
    match &datastream.unit {
        Some(code) => json!({
            "name": code,
            "symbol": code,
            "definition": format!("http://unitsofmeasure.org/ucum.html#{code}"),
        }),
        None => json!({"name": null, "symbol": null, "definition": null}),
    }
}

/// What the values of a datastream are.
enum Values<'a> {
    Numbers,
    Booleans,
    /// One of these.
    Words(&'a [Box<str>]),
    Texts,
    /// Nobody has told, and nothing has come.
    Unknown,
}

impl<'a> Values<'a> {
    /// As the model tells; of a field beyond it, as the latest value is.
    fn of(world: &World<'a>, datastream: Datastream<'a>) -> Self {
        if let Some(field) = datastream.definition {
            return match &field.kind {
                ValueKind::Number => Self::Numbers,
                ValueKind::Boolean => Self::Booleans,
                ValueKind::Text { codes } if codes.is_empty() => Self::Texts,
                ValueKind::Text { codes } => Self::Words(codes),
            };
        }
        let latest = world.ingest.latest(datastream.id);
        match latest.and_then(|latest| latest.value) {
            Some(domain::Value::Number(_)) => Self::Numbers,
            Some(domain::Value::Boolean(_)) => Self::Booleans,
            Some(domain::Value::Text(_)) => Self::Texts,
            None => Self::Unknown,
        }
    }
}

fn observation_type<'a>(world: &World<'a>, datastream: Datastream<'a>) -> &'static str {
    match Values::of(world, datastream) {
        Values::Numbers => "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        Values::Booleans => {
            "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_TruthObservation"
        }
        Values::Words(_) => {
            "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CategoryObservation"
        }
        Values::Texts | Values::Unknown => {
            "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation"
        }
    }
}

/// SWE Common JSON of the field.
fn result_type<'a>(world: &World<'a>, datastream: Datastream<'a>) -> Json {
    let definition =
        super::observed_property::definition(world, datastream.model, datastream.field.as_str());
    let label = title(datastream);
    match Values::of(world, datastream) {
        Values::Numbers => json!({
            "type": "Quantity",
            "label": label,
            "definition": definition,
            "uom": {"code": datastream.unit.unwrap_or("1")},
        }),
        Values::Booleans => json!({"type": "Boolean", "label": label, "definition": definition}),
        Values::Words(words) => json!({
            "type": "Category",
            "label": label,
            "definition": definition,
            "codeSpace": {"href": definition},
            "constraint": {"values": words},
        }),
        Values::Texts | Values::Unknown => {
            json!({"type": "Text", "label": label, "definition": definition})
        }
    }
}
