//! Devices, their credentials, their connections and what they send.

mod bodies;
pub(crate) mod connection;
pub(crate) mod credentials;
pub(crate) mod device;
pub(crate) mod events;
pub(crate) mod import;
mod login;
mod refusal;
pub(crate) mod telemetry;
