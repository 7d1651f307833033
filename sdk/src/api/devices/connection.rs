//! `/v1/devices/{id}/connection`: is it connected, and how? Operators only.

use domain::{DeviceId, Timestamp};
use serde::Deserialize;

use super::events::Event;
use crate::api::client::ApiClient;
use crate::api::error::ApiError;
use crate::api::wire::optional_time;

/// A device's connection. What only a standing one has is absent without it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct DeviceConnection {
    pub device: String,
    pub connected: bool,
    #[serde(default, deserialize_with = "optional_time")]
    pub since: Option<Timestamp>,
    pub address: Option<String>,
    pub listener: Option<String>,
    pub protocol: Option<String>,
    pub client_id: Option<String>,
    /// Seconds; 0 for none.
    pub keep_alive: Option<u16>,
    /// Seconds that the session outlives the connection.
    pub session_expiry: Option<u32>,
    /// `password` or `key`.
    pub assurance: Option<String>,
    pub messages_in: Option<u64>,
    pub messages_out: Option<u64>,
    /// Messages received a second, over the last minute.
    pub message_rate: Option<f64>,
    pub dropped: Option<u64>,
    pub queued: Option<u64>,
    #[serde(default, deserialize_with = "optional_time")]
    pub last_seen: Option<Timestamp>,
    pub gateway: Option<GatewayConnection>,
    pub last_disconnect: Option<Event>,
    pub last_error: Option<Event>,
}

/// The connection of the gateway that the device is behind.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct GatewayConnection {
    pub device: String,
    pub connected: bool,
    #[serde(default, deserialize_with = "optional_time")]
    pub since: Option<Timestamp>,
}

impl ApiClient {
    pub fn device_connection(&self, id: &DeviceId) -> Result<DeviceConnection, ApiError> {
        self.get(&format!("/v1/devices/{id}/connection"))
    }
}
