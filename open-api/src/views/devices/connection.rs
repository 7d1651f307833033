//! A device's connection, as the broker and the events know it.

use device_registry::{Event, EventKind};
use domain::{Assurance, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ports::StandingConnection;
use crate::views::{EventView, Rfc3339};

/// One transport life of a device, in short.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Connection)]
pub(crate) struct ConnectionView {
    #[schema(value_type = String, format = DateTime)]
    since: Rfc3339,
    address: String,
    /// `mqtt`, `mqtts`, ...
    listener: &'static str,
    protocol: &'static str,
    /// Seconds; 0 for none.
    keep_alive: u16,
    /// Messages received on it.
    messages: u64,
}

impl From<&StandingConnection> for ConnectionView {
    fn from(standing: &StandingConnection) -> Self {
        Self {
            since: Rfc3339(standing.since),
            address: standing.peer.to_string(),
            listener: standing.listener,
            protocol: standing.protocol,
            keep_alive: standing.keep_alive,
            messages: standing.messages_in,
        }
    }
}

/// A device's connection and how the last one ended. What only a standing
/// connection has is null without one.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = DeviceConnection, example = json!({
    "device": "dev-1", "connected": true, "since": "2026-05-01T00:00:00Z",
    "address": "192.0.2.7:49152", "listener": "mqtts", "protocol": "5", "client_id": "dev-1",
    "keep_alive": 60, "session_expiry": 3600, "assurance": "key", "messages_in": 1200,
    "messages_out": 3, "message_rate": 0.2, "dropped": 0, "queued": 0,
    "last_seen": "2026-05-01T01:40:00Z", "gateway": null,
    "last_disconnect": null, "last_error": null
}))]
pub(crate) struct DeviceConnectionView {
    device: String,
    connected: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Rfc3339>,
    /// Address and port of the peer.
    address: Option<String>,
    /// `mqtt`, `mqtts`, ...
    listener: Option<&'static str>,
    /// `3.1.1` or `5`.
    protocol: Option<&'static str>,
    client_id: Option<String>,
    /// Seconds; 0 for none.
    keep_alive: Option<u16>,
    /// Seconds that the session outlives the connection; 0: it ends with it.
    session_expiry: Option<u32>,
    /// How the device proved who it is: `password` or `key`.
    assurance: Option<&'static str>,
    /// Messages received on this connection.
    messages_in: Option<u64>,
    /// Messages sent on this connection.
    messages_out: Option<u64>,
    /// Messages received a second, over the last minute.
    message_rate: Option<f64>,
    /// Messages for it that were lost, since it took them too slowly.
    dropped: Option<u64>,
    /// Messages that wait for it.
    queued: Option<usize>,
    /// When the platform received its newest observation, on whatever way.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen: Option<Rfc3339>,
    /// The gateway that may publish for it; null where it has none.
    gateway: Option<GatewayConnectionView>,
    /// How its last connection ended, as far as the events reach back.
    last_disconnect: Option<EventView>,
    /// What went wrong last, as far as the events reach back.
    last_error: Option<EventView>,
}

/// The connection of the gateway that a device is behind.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = GatewayConnection)]
pub(crate) struct GatewayConnectionView {
    pub(crate) device: String,
    pub(crate) connected: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) since: Option<Rfc3339>,
}

/// What is known beside the standing connection.
#[derive(Default)]
pub(crate) struct Surroundings<'a> {
    pub(crate) last_seen: Option<Timestamp>,
    pub(crate) gateway: Option<GatewayConnectionView>,
    pub(crate) last_disconnect: Option<&'a Event>,
    pub(crate) last_error: Option<&'a Event>,
}

impl DeviceConnectionView {
    pub(crate) fn new(
        device: &domain::DeviceId,
        one: Option<&StandingConnection>,
        around: Surroundings<'_>,
    ) -> Self {
        Self {
            device: device.to_string(),
            connected: one.is_some(),
            since: one.map(|it| Rfc3339(it.since)),
            address: one.map(|it| it.peer.to_string()),
            listener: one.map(|it| it.listener),
            protocol: one.map(|it| it.protocol),
            client_id: one.map(|it| it.client_id.clone()),
            keep_alive: one.map(|it| it.keep_alive),
            session_expiry: one.and_then(|it| it.session_expiry),
            assurance: one.and_then(|it| it.assurance).map(Assurance::as_str),
            messages_in: one.map(|it| it.messages_in),
            messages_out: one.map(|it| it.messages_out),
            message_rate: one.and_then(|it| it.message_rate),
            dropped: one.map(|it| it.dropped),
            queued: one.map(|it| it.queued),
            last_seen: around.last_seen.map(Rfc3339),
            gateway: around.gateway,
            last_disconnect: around.last_disconnect.map(EventView::from),
            last_error: around.last_error.map(EventView::from),
        }
    }
}

/// Whether a connection ended with it.
pub(crate) fn is_disconnect(event: &Event) -> bool {
    match event.kind {
        EventKind::Disconnected | EventKind::TakenOver | EventKind::Kicked => true,
        // Over CoAP and HTTP nothing stands that it could end.
        EventKind::ProtocolError => {
            event.listener.starts_with("mqtt") || event.listener.starts_with("ws")
        }
        _ => false,
    }
}

/// Whether something went wrong: a refusal, or an end that has a cure.
pub(crate) fn is_error(event: &Event) -> bool {
    event.kind.is_refusal() || (event.kind == EventKind::Disconnected && !event.cure.is_empty())
}
