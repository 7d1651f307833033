//! Devices, and what they send.

mod connection;
mod enrolment;
mod gateways;
mod groups;
mod health;
mod import;
mod lifecycle;
mod models;
mod photos;
mod registration;
mod registry;
mod sensors;
mod telemetry;
