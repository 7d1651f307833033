//! CoAP (RFC 7252) over UDP: `POST /devices/{id}/telemetry` with a signed
//! body (COSE_Sign1), answered by a signed receipt.
//!
//! `message` is one datagram, `request` what it asks for; `exchange` holds
//! repetitions, blocks and answers that wait for an ACK, `limits` who may have
//! how much, each without I/O and without a clock. `security` opens the body,
//! `telemetry` takes a request to the sink, `receipt` signs the answer and
//! keeps it a while; `server` is the loop around all of it.
//!
//! Constraints:
//! - No allocation before a limit was checked; every table has a bound.
//! - Before the signature was verified, a reply has at most three times the
//!   bytes of its request, and at most 136: the server is no amplifier, and
//!   needs no address check (RFC 9175) for that.
//! - Order of cost: bucket of the source, decoding, deduplication, bucket of
//!   what did not verify (`limits::failed_checks`), blocks, form, whether there is such
//!   a device and key, signature, quota of the device, sink. A forged `kid`
//!   therefore never takes from the quota of the device that it names, and a
//!   message that is sent again by others gives back what it took.
//! - Every table is shared out by source, what is verified by device too
//!   (`limits::shares`).
//! - An answer 2.04 or 4.00 with a receipt is sent after the commit only. It
//!   rides on the ACK where that takes less than [`Config::piggyback_window`];
//!   else an empty ACK goes first and the answer follows as a message of its own.
//! - Answers before verification are not remembered: to repeat them has no effect.
//!
//! The codec is the project's own. `coap-lite`, the usual one, cannot say
//! whether a payload marker stood before an empty payload, cuts block numbers
//! to 12 bits and allocates for each option before any limit; the tests read
//! and write with it as the foreign peer.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod config;
mod exchange;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod limits;
mod message;
mod receipt;
mod request;
mod security;
mod server;
mod stats;
mod telemetry;

pub use access::{SignatureAttempt, SignatureCheck, SignatureKind};
pub use config::{Config, ConfigError};
pub use receipt::{ReceiptKeyError, ReceiptKeys};
pub use server::{Handle, StartError, bind, serve};
pub use stats::Stats;
