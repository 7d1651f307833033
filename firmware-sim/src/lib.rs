//! The simulator: devices that behave like devices, recordings sent again, and
//! load for numbers. A program of its own, against any MQTT broker or CoAP
//! server; with the platform it also registers its devices and reads back what
//! it sent.
//!
//! - [`signal`]: what the simulated world does
//! - [`fleet`]: many devices in it, over real sockets
//! - [`load`]: numbers, by a lean client ([`publisher`], [`wire`])
//! - [`replay`]: recordings of real sensors, sent again and compared
//! - [`registration`]: devices made through the open API

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod clock;
pub mod fleet;
pub mod histogram;
pub mod load;
pub mod publisher;
pub mod registration;
pub mod replay;
pub mod signal;
pub mod wire;
