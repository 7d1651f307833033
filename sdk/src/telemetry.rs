//! What a device sends, and where to: the topics of the contract and the
//! payload encoders that device and platform share.

use domain::DeviceId;

pub use domain::payload::encode;
pub use domain::payload::{ContentFormat, MAX_OBSERVATIONS, MAX_PAYLOAD_BYTES};

/// `devices/{id}/telemetry`: the device publishes its observations.
pub fn telemetry_topic(device: &DeviceId) -> String {
    format!("devices/{device}/telemetry")
}

/// `devices/{id}/rejects`: the device subscribes to what was refused.
pub fn rejects_topic(device: &DeviceId) -> String {
    format!("devices/{device}/rejects")
}

/// The path of the same door on CoAP, and what a signature binds.
pub fn telemetry_path(device: &DeviceId) -> String {
    format!("/devices/{device}/telemetry")
}
