//! Live observations, as server-sent events and over WebSocket.

pub(crate) mod events;
mod places;
mod reader;
pub(crate) mod socket;
mod task;
mod wire;

pub(crate) use places::Streams;
