//! What the broker knows of devices' connections. The composition root joins
//! the two; nothing of MQTT is named here.

use std::net::SocketAddr;

use domain::{Assurance, DeviceId, Timestamp};
use text_formats::prometheus::Exposition;

/// What the broker knows.
pub trait Connections: Send + Sync + 'static {
    /// Appends the broker's figures.
    fn metrics(&self, page: &mut Exposition, names: Names);
    /// The device's standing connection, if it has one.
    fn of_device(&self, device: &DeviceId) -> Option<StandingConnection>;
    /// Those of many devices, in their order, as they stand at one moment.
    fn of_devices(&self, devices: &[&DeviceId]) -> Vec<Option<StandingConnection>> {
        devices
            .iter()
            .map(|device| self.of_device(device))
            .collect()
    }
}

/// Whether figures are told by agency too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Names {
    Shown,
    Hidden,
}

/// No broker: for an API that stands alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoConnections;

impl Connections for NoConnections {
    fn metrics(&self, _: &mut Exposition, _: Names) {}

    fn of_device(&self, _: &DeviceId) -> Option<StandingConnection> {
        None
    }
}

/// One transport life of a device, while it lasts.
#[derive(Clone, PartialEq, Debug)]
pub struct StandingConnection {
    pub since: Timestamp,
    pub peer: SocketAddr,
    /// `mqtt`, `mqtts`, ...
    pub listener: &'static str,
    /// As `3.1.1`.
    pub protocol: &'static str,
    pub client_id: String,
    /// Seconds; 0 for none.
    pub keep_alive: u16,
    /// Seconds that the session outlives the connection, where that is known; 0
    /// where it does not.
    pub session_expiry: Option<u32>,
    pub messages_in: u64,
    pub messages_out: u64,
    /// Messages a second that came, over the last minute, where that is known.
    pub message_rate: Option<f64>,
    /// Messages for it that were lost, since it took them too slowly.
    pub dropped: u64,
    /// Messages that wait for it.
    pub queued: usize,
    /// How it proved who it is, where that is known.
    pub assurance: Option<Assurance>,
}
