//! How much and how fast: the configured limits, and what one owner of sessions
//! uses of them.

mod account;
mod config;
mod rate;

pub(crate) use account::Account;
pub use config::{Config, ConfigError};
pub(crate) use rate::{Pace, Rate};
