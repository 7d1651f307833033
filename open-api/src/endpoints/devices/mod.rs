//! Devices, their credentials, their connections and what they send.

mod bodies;
pub(crate) mod connection;
pub(crate) mod credentials;
pub(crate) mod device;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod lifecycle;
mod login;
pub(crate) mod next_key;
pub(crate) mod photos;
pub(super) mod refusal;
pub(crate) mod sensors;
pub(crate) mod telemetry;
