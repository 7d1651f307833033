//! End to end: the real binary, real sockets, real clients; a file per behaviour.

#![allow(clippy::unwrap_used)]

mod access;
mod clients;
mod cures;
mod data;
mod faults;
mod main_path;
mod operation;
mod sessions;
