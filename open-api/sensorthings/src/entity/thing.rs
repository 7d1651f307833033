//! Things and their places.

use device_registry::Thing;
use odata::Value;
use serde_json::json;

use super::Stay;
use crate::values::{geojson_type, json, point, text};
use crate::world::World;

pub(super) fn value<'a>(world: &World<'a>, thing: &'a Thing, attribute: &str) -> Value<'a> {
    match attribute {
        "name" => text(world.name_of(thing)),
        // Nobody has told one; the standard wants it all the same.
        "description" => text(world.name_of(thing)),
        "properties" => {
            let first = world.datastreams_of(thing).next();
            let devices: Vec<&str> = thing.devices.iter().map(|id| id.as_str()).collect();
            json(json!({
                "agency": thing.agency.as_str(),
                "domain": first.map(|one| one.model.domain()),
                "model": first.map(|one| one.model.as_str()),
                "devices": devices,
                "licence": &*thing.licence.0,
                "attribution": &*thing.attribution,
            }))
        }
        _ => Value::Null,
    }
}

pub(super) fn location_value<'a>(world: &World<'a>, stay: &Stay<'a>, attribute: &str) -> Value<'a> {
    match attribute {
        "name" | "description" => text(world.name_of(stay.thing)),
        "encodingType" => geojson_type(),
        "location" => point(stay.place),
        "properties" => json(place_properties(stay)),
        _ => Value::Null,
    }
}

/// How exactly the place is told.
pub(super) fn place_properties(stay: &Stay<'_>) -> serde_json::Value {
    json!({"position": if stay.is_exact { "exact" } else { "cell of 0.001 degrees" }})
}
