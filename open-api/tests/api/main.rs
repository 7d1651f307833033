//! The open API over a real socket, with a registry and a data plane of its
//! own in a temporary folder. A file for each behaviour; the helpers reach the
//! platform through the API alone.

#![allow(clippy::unwrap_used)]

mod access;
mod applications;
mod audience;
mod boundaries;
#[path = "../../http-edge/tests/edge/certificate.rs"]
mod certificate;
mod codings;
mod connection;
mod data;
mod description;
mod devices;
mod export;
mod gateways;
mod harness;
mod hostile;
mod import;
mod own_addresses;
mod pages;
mod paging;
#[path = "../../http-edge/tests/edge/peer.rs"]
mod peer;
mod problems;
mod quality;
mod queries;
mod registry;
mod retention;
mod rights_meanwhile;
mod schema;
mod sessions;
mod stream;
mod stream_socket;
mod telemetry;
mod tls;
mod wire;
mod words;
