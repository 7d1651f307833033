//! "Why does it not connect?": an event of a device or a refusal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use device_registry::Event;
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::Rfc3339;

/// What happened at a listener, why, and the cure.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Event, example = json!({
    "sequence": 12, "time": "2026-05-01T00:00:00Z", "device": "dev-1", "login": "dev-1",
    "address": "192.0.2.7:49152", "listener": "mqtt", "kind": "refused",
    "reason": "the signature fits none of the device's active keys",
    "cure": "register the device's public key", "head": null, "count": 1,
    "since": "2026-05-01T00:00:00Z"
}))]
pub(crate) struct EventView {
    /// Grows; follow with `after=`.
    sequence: u64,
    #[schema(value_type = String, format = DateTime)]
    time: Rfc3339,
    /// Null where the identity is unknown.
    device: Option<String>,
    /// What it called itself.
    login: String,
    address: String,
    listener: &'static str,
    kind: &'static str,
    reason: String,
    cure: String,
    /// The first 256 bytes, base64, for who may read the device's data.
    head: Option<String>,
    /// How often it came: a refusal that comes again within a minute is one
    /// event, told anew with a new `sequence`.
    count: u32,
    /// When it came first.
    #[schema(value_type = String, format = DateTime)]
    since: Rfc3339,
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        Self {
            sequence: event.sequence,
            time: Rfc3339(event.time),
            device: event.device.as_ref().map(ToString::to_string),
            login: event.login.to_string(),
            address: event.peer.to_string(),
            listener: event.listener,
            kind: event.kind.as_str(),
            reason: event.reason.to_string(),
            cure: event.cure.to_string(),
            head: (!event.head.is_empty()).then(|| STANDARD.encode(&event.head)),
            count: event.count,
            since: Rfc3339(event.since),
        }
    }
}

impl EventView {
    /// For who may read devices and not what they send.
    pub(crate) fn without_head(self) -> Self {
        Self { head: None, ..self }
    }
}

impl Row for EventView {
    const COLUMNS: &'static [&'static str] = &[
        "sequence", "time", "device", "login", "address", "listener", "kind", "reason", "cure",
        "head", "count", "since",
    ];
}
