//! The landing pages: which sets there are, and what of the standards is kept.

use odata::{EntityType, Version};
use serde_json::{Value as Json, json};

use crate::world::World;

/// What of 1.1 is kept whole.
const CONFORMANCE_1_1: [&str; 3] = [
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/resource-path/resource-path-to-entities",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data",
];

/// What of 2.0 is kept whole, by the draft of February 2026.
const CONFORMANCE_2_0: [&str; 2] = [
    "http://www.opengis.net/spec/sensorthings/2.0/req-class/datamodel/core",
    "http://www.opengis.net/spec/sensorthings/2.0/req-class/api/read",
];

pub(crate) fn write(world: &World<'_>) -> Json {
    let service = world.service();
    let sets =
        sets(world.version).map(|name| json!({"name": name, "url": format!("{service}/{name}")}));
    let conformance: &[&str] = match world.version {
        Version::V1_1 => &CONFORMANCE_1_1,
        Version::V2_0 => &CONFORMANCE_2_0,
    };
    let mut page = json!({
        "value": sets.collect::<Vec<_>>(),
        "serverSettings": {"conformance": conformance},
    });
    if world.version == Version::V2_0 {
        page["serverSettings"]["functions"] = odata::function_names().collect();
    }
    page
}

/// The names of the sets that the platform has entities of.
fn sets(version: Version) -> impl Iterator<Item = &'static str> {
    EntityType::ALL
        .into_iter()
        .filter_map(move |entity_type| entity_type.set_name(version))
}
