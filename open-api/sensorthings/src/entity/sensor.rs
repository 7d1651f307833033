//! Sensors: the devices that send the datastreams.

use device_registry::Device;
use odata::Value;
use serde_json::json;

use crate::values::{json, owned, text};
use crate::world::World;

pub(super) fn value<'a>(world: &World<'a>, device: &'a Device, attribute: &str) -> Value<'a> {
    match attribute {
        "name" => text(&device.name),
        "description" => text(&device.model.title_en),
        "encodingType" => text("application/json"),
        // What the device's kind sends.
        "metadata" => owned(format!(
            "{}/v1/models/{}",
            world.platform,
            device.model.id.as_str()
        )),
        "properties" => json(json!({
            "agency": device.agency.as_str(),
            "model": device.model.id.as_str(),
        })),
        _ => Value::Null,
    }
}
