//! End to end: the real binary, real sockets, real clients; a file per behaviour.

#![allow(clippy::unwrap_used)]

mod backup;
mod boundary_and_retention;
mod challenge;
mod clients;
mod clock;
mod configuration;
mod connection;
mod crash;
mod cures;
mod demo;
mod device_keys;
mod doctor;
mod duplicates;
mod exact_faults;
mod export;
mod export_command;
mod export_content;
mod faults;
mod feed;
mod folder;
mod foreign_clients;
mod gateway;
mod generated_clients;
mod identity;
mod idle_crowd;
mod main_path;
mod mutual_tls;
mod power_cut;
mod readme;
mod real_clients;
mod recordings;
mod refused_publishes;
mod replay;
mod revocation_race;
mod revocation_under_load;
mod session_client;
mod sessions;
mod slow_reader;
mod storm;
mod stuck_subscriber;
mod subscribe_cost;
mod tls;
mod websocket;
mod which_server;
