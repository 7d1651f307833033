//! The client side of Madang: what a device, a simulator, the command line or
//! a developer's program needs to speak to the platform.
//!
//! Everything blocks; nothing here needs an async runtime, and nothing knows
//! a server's crate. Sockets are opened by [`api`] only: for MQTT and CoAP
//! this crate makes the bytes, the caller brings the transport.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod api;
pub mod challenge;
pub mod coap;
pub mod es256;
pub mod identity;
mod private_key;
pub mod telemetry;

pub use challenge::{CHALLENGE_BYTES, CHALLENGE_METHOD, answer_challenge};
pub use es256::{Es256Key, Es256PublicKey};
pub use identity::{DeviceKey, KeyError, PublicKey, Signer};
pub use private_key::PrivateKey;
