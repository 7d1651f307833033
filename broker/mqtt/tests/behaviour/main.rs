//! The broker over real sockets: a file per behaviour. Access control, sink and
//! retained view are in memory; clients are a bare one that can misbehave, and
//! rumqttc as somebody else's.

#![allow(clippy::unwrap_used)]

mod connecting;
mod delivering;
mod harness;
mod hostile;
mod publishing;
mod sessions;
mod websocket;
