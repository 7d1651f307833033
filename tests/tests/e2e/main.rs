//! End to end: the real binary, real sockets, real clients; a file per behaviour.

#![allow(clippy::unwrap_used)]

mod configuration;
mod crash;
mod demo;
mod duplicates;
mod faults;
mod foreign_clients;
mod identity;
mod main_path;
mod replay;
mod tls;
