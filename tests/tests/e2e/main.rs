//! End to end: the real binary, real sockets, real clients; a file per behaviour.

#![allow(clippy::unwrap_used)]

mod challenge;
mod configuration;
mod connection;
mod crash;
mod demo;
mod duplicates;
mod faults;
mod foreign_clients;
mod gateway;
mod identity;
mod idle_crowd;
mod main_path;
mod mutual_tls;
mod real_clients;
mod replay;
mod session_client;
mod sessions;
mod storm;
mod stuck_subscriber;
mod tls;
mod websocket;
