//! Listeners: bound sockets, TLS, and the workers that accept from them.
//!
//! A listener is bound before the broker starts, so that a configuration fault
//! is told before anything runs, and so that tests can bind port 0.

pub(crate) mod accept;
mod bind;
mod client_certificate;
pub(crate) mod commit;
pub(crate) mod handshake;
pub(crate) mod held_back;
pub(crate) mod retained;
mod strangers;
pub mod tls;
mod upgrade;
mod upkeep;
pub(crate) mod worker;

pub use bind::{BindError, BoundSockets, bind};
pub use tls::{ReloadableTls, TlsError};

#[cfg(feature = "fuzzing")]
pub use upgrade::fuzzing;

use crate::access::Listener;

/// A listener that is bound and ready to accept.
pub struct BoundListener {
    pub kind: Listener,
    pub sockets: BoundSockets,
    /// Present on `Mqtts` and `Wss` only.
    pub tls: Option<ReloadableTls>,
}
