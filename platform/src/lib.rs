//! The composition root: the only room that knows every other one.
//!
//! - [`config`]: settings, refused before a port is bound
//! - [`compose`]: opens, joins, runs and ends the rooms
//! - [`glue`]: between the broker and the data plane
//! - [`backup`]: a copy of the whole data folder, and a folder from one
//! - [`nearby`], [`server_file`]: how commands find the running server
//! - [`cli`]: the command line, one file a subcommand

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod backup;
pub mod cli;
pub mod compose;
pub mod config;
pub mod nearby;
pub mod observability;
pub mod ready;
pub mod runtime;
pub mod server_file;

mod coap;
mod coap_metrics;
mod feed;
mod folder;
mod format;
pub mod glue;
mod handles;
mod http;
mod identity;
mod mqtt;
mod worker_metrics;

// What an operator is told of a topic that is refused; each has a cure, and each
// cure is tested from outside.
pub use glue::children::NotItsChild;
pub use glue::topic_fault::TopicFault;
