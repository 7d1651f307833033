//! What a load consists of.

use std::net::SocketAddr;

use crate::registration::Platform;
use crate::wire::Qos;

/// How messages follow each other on one connection.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// So many in flight, as fast as acknowledgements come.
    InFlight(usize),
    /// So many a second.
    PerSecond(f64),
}

/// Who the devices are.
pub enum Devices {
    /// Registered through the open API, with keys and tokens.
    Registered(Box<Platform>),
    /// Nobody: for a broker that lets everybody in.
    Anonymous,
}

pub struct LoadConfig {
    pub mqtt: SocketAddr,
    pub connections: u32,
    /// In all, spread evenly over the connections.
    pub messages: u64,
    pub qos: Qos,
    pub pace: Pace,
    pub subscribers: u32,
    /// Fields a message, 1 to 3.
    pub fields: usize,
    pub devices: Devices,
    pub server_pid: Option<u32>,
    /// Threads of the publishers.
    pub threads: usize,
    /// Whether to read back what can be.
    pub read_back: bool,
}
