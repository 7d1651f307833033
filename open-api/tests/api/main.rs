//! The open API over a real socket, with a registry and a data plane of its
//! own in a temporary folder. A file for each behaviour; the helpers reach the
//! platform through the API alone.

#![allow(clippy::unwrap_used)]

mod access;
mod applications;
mod audience;
mod boundaries;
mod connection;
mod data;
mod devices;
mod export;
mod gateways;
mod harness;
mod import;
mod pages;
mod paging;
mod problems;
mod queries;
mod registry;
mod retention;
mod sessions;
mod stream;
mod stream_socket;
mod telemetry;
mod tls;
mod wire;
