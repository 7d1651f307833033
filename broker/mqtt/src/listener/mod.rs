//! Listeners: bound sockets, TLS and WebSocket, and how many connections may
//! wait to log in.
//!
//! A listener is bound before the broker starts, so that a configuration fault
//! is told before anything runs, and so that tests can bind port 0.

mod bind;
mod client_certificate;
mod handshakes;
mod pending_logins;
mod tls;
mod upgrade;

use std::sync::Arc;

use transport::Listener;

pub use bind::{BindError, BoundSockets, bind};
pub(crate) use handshakes::{Handshakes, Ticket};
pub(crate) use pending_logins::{Complaints, PendingLogin, PendingLogins};
pub use tls::{ReloadableTls, TlsError};
#[cfg(feature = "fuzzing")]
pub(crate) use upgrade::read_request;
pub(crate) use upgrade::upgrade;

use crate::stats::ListenerCounters;

/// A listener that is bound and ready to accept.
pub struct BoundListener {
    pub kind: Listener,
    pub sockets: BoundSockets,
    /// Present on `Mqtts` and `Wss` only.
    pub tls: Option<ReloadableTls>,
}

/// One listener as the connections that it accepts see it.
pub(crate) struct OpenListener {
    pub(crate) counters: Arc<ListenerCounters>,
    pub(crate) tls: Option<ReloadableTls>,
}
