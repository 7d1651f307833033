//! Between the broker and the data plane: the only place that knows both.
//!
//! - [`principal`]: who is on a connection, and its current registry entry
//! - [`access`]: who may connect, publish and subscribe
//! - [`uplink`]: a published message on its way to the log
//! - [`downlink`]: applied observations on their way to subscribers
//! - [`retained`]: the latest values as retained messages
//! - [`topic`]: the platform's topics

pub mod access;
pub mod downlink;
pub mod principal;
pub mod retained;
pub mod topic;
pub mod uplink;
