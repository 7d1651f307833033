//! The broker over real sockets: a file per behaviour. Access control, sink and
//! retained view are in memory; clients are a bare one that can misbehave, and
//! rumqttc as somebody else's.

#![allow(clippy::unwrap_used)]

mod access;
mod acknowledgement;
mod authentication;
mod bystanders;
mod client;
mod codec;
mod connect;
mod deliver;
mod exactly_once;
mod foreign;
mod gate;
mod groups;
mod harness;
mod hostile;
mod lifecycle;
mod limits;
mod log;
mod mtls;
mod passed_over;
mod postponed;
mod refused;
mod rights;
mod sessions;
mod slow;
mod storm;
mod strangers;
mod subscribe_cost;
mod takeover;
mod tls;
mod v5;
mod websocket;
mod websocket_client;
mod websocket_hostile;
mod wills;
