//! A device's standing connection, as the broker knows it.

use serde::Serialize;
use utoipa::ToSchema;

/// One transport life of a device.
#[derive(Serialize, ToSchema, Debug, Clone, PartialEq, Eq)]
#[schema(as = Connection)]
pub struct ConnectionView {
    /// RFC 3339.
    pub since: String,
    pub address: String,
    /// `mqtt`, `mqtts`, ...
    pub listener: String,
    pub protocol: String,
    /// Seconds; 0 for none.
    pub keep_alive: u16,
    /// Messages received on it.
    pub messages: u64,
}
