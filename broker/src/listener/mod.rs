//! Listeners: bound sockets, TLS, and the accept loop of each worker.
//!
//! A listener is bound before the broker starts, so that a configuration fault
//! is told before anything runs, and so that tests can bind port 0.

mod bind;
pub mod tls;

pub use bind::{BindError, BoundSockets, bind};
pub use tls::{ReloadableTls, TlsError};

use crate::access::Listener;

/// A listener that is bound and ready to accept.
pub struct BoundListener {
    pub kind: Listener,
    pub sockets: BoundSockets,
    /// Present on `Mqtts` and `Wss` only.
    pub tls: Option<ReloadableTls>,
}
