//! Devices, and what they send.

mod connection;
mod gateways;
mod import;
mod registration;
mod registry;
mod telemetry;
