//! CoAP (RFC 7252) over UDP: `POST /devices/{id}/telemetry` with a signed
//! body (COSE_Sign1), answered by a signed receipt.
//!
//! The files are layers. [`message`] is one datagram; [`dedup`], [`blockwise`]
//! (RFC 7959), [`limiter`] and [`outgoing`] hold the state of an endpoint, each
//! without I/O and without a clock; [`endpoint`] puts them together;
//! [`security`] opens the body, `receipt` signs the answer and [`receipts`] keeps
//! it a while; `handler` takes a request to the sink; `server` is the loop
//! around all of it.
//!
//! Constraints:
//! - No allocation before a limit was checked; every table has a bound.
//! - Before the signature was verified, a reply has at most three times the
//!   bytes of its request, and at most 136: the server is no amplifier, and
//!   needs no address check (RFC 9175) for that.
//! - Order of cost: bucket of the source, decoding, deduplication, bucket of
//!   what did not verify ([`failed_checks`]), blocks, form, whether there is such
//!   a device and key, signature, quota of the device, sink. A forged `kid`
//!   therefore never takes from the quota of the device that it names, and a
//!   message that is sent again by others gives back what it took.
//! - Every table is shared out by source, what is verified by device too
//!   ([`shares`]).
//! - An answer 2.04 or 4.00 with a receipt is sent after the commit only. It
//!   rides on the ACK where that takes less than [`CoapConfig::piggyback_window`];
//!   else an empty ACK goes first and the answer follows as a message of its own.
//! - Answers before verification are not remembered: to repeat them has no effect.
//!
//! The codec is the project's own. `coap-lite`, the usual one, cannot say
//! whether a payload marker stood before an empty payload, cuts block numbers
//! to 12 bits and allocates for each option before any limit; the tests read
//! and write with it as the foreign peer.

mod access;
pub mod blockwise;
mod config;
pub mod dedup;
pub mod endpoint;
pub mod failed_checks;
mod handler;
pub mod limiter;
pub mod message;
pub mod outgoing;
mod receipt;
pub mod receipts;
pub mod request;
pub mod security;
mod server;
pub mod shares;
mod stats;

pub use access::{CoapAccess, SignatureAttempt, SignatureKind};
pub use config::{CoapConfig, CoapConfigError};
pub use receipt::{ReceiptKeyError, ReceiptKeys};
pub use server::{CoapHandle, CoapStartError, bind, serve};
pub use stats::CoapStats;
