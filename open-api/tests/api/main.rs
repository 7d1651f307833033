//! The open API over a real socket, with a registry and a data plane of its
//! own in a temporary folder. A file for each behaviour, in folders by subject; the helpers reach the
//! platform through the API alone.

#![allow(clippy::unwrap_used)]

mod access;
#[path = "../../http-edge/tests/edge/certificate.rs"]
mod certificate;
mod data;
mod devices;
mod document;
mod harness;
#[path = "../../http-edge/tests/edge/peer.rs"]
mod peer;
mod sensorthings;
mod stream;
mod wire;
