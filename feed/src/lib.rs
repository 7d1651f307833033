//! The feed: what the log gets goes on to an existing time-series store that
//! takes the InfluxDB v2 line protocol (InfluxDB, VictoriaMetrics and others).
//!
//! A reader of the log like any other, on one thread of its own: it holds one
//! batch and a position, so that a store that is away for a week costs no
//! memory, and nothing that arrives ever waits for it.
//!
//! - [`Config`], [`Target`]: where to, and what
//! - `line`: an observation as a line
//! - `source`, `missed`, `batch`: frames of the log, or what the store has of
//!   those that are gone, become batches of lines
//! - `sending`: a batch becomes requests, halved if the store refuses some of it
//! - `others`: what the store may take beside a line at which it fails
//! - `continuity`, `marks`: what a store that died may have lost is sent again
//! - `cursor`: the position that survives our own end
//! - `worker`: the thread, which joins them
//!
//! Each observation is sent at least once. Sending one again writes the same
//! point at the same time, so a store that overwrites shows it once.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod batch;
mod config;
mod continuity;
mod cursor;
pub mod line;
mod marks;
mod missed;
mod others;
mod sending;
mod source;
mod stats;
mod stop;
mod worker;

pub use config::{Config, ConfigError, MAX_HORIZON, Selection, Target, TokenFile};
pub use cursor::{CURSOR_FILE, CursorError};
pub use stats::FeedStats;
pub use worker::{Feed, StartError};
