//! The data plane: what a device sends is validated, put in order, made
//! durable in the log, applied to the store, and handed to whoever follows it
//! live.
//!
//! [`Ingest`] is the whole of it. Knows the registry's snapshot; knows no
//! transport, no HTTP and no outside JSON.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod config;
mod log;
mod receipt;
mod sequence;
mod stats;
mod validate;

pub use config::{Clock, CommitPolicy, Config, MIN_SEGMENT_BYTES, SystemClock};
pub use receipt::{Outcome, Receipt, Staged};
