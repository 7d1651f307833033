//! MQTT over WebSocket.

pub(crate) mod client;
mod hostile;
mod serving;
