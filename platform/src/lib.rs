//! The composition root: the only room that knows every other one.
//!
//! - [`config`]: settings, refused before a port is bound
//! - `compose`: joins, runs and ends the components
//! - `wiring`: between the broker and the data plane
//! - [`backup`]: a copy of the whole data folder, and a folder from one
//! - `components`: what is opened first
//! - `listeners`, `feed`, `fleet_health`: what is bound, and the start of each listener, of
//!   the feed and of the watch over all devices
//! - `server_file`, `reachability`: how commands find the running server
//! - [`cli`]: the command line, one file a subcommand

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod backup;
pub mod cli;
pub mod config;
pub mod runtime;

mod components;
mod compose;
mod feed;
mod fleet_health;
mod folder;
mod format;
mod handles;
mod housekeeping;
mod identity;
mod listeners;
mod observability;
mod reachability;
mod ready;
mod server_file;
mod wiring;

// Why a topic is refused. Each reason names its cure, and each cure is tested
// from outside.
pub use wiring::topic_fault::TopicFault;
