//! Bounds: of connections, of what callers may ask, and of what is done at
//! once.

mod failure_delay;
mod keyed_semaphore;
pub(crate) mod log_limit;
mod poll_limit;
mod quota;

pub use failure_delay::{DelayPolicy, FailureDelay};
pub use keyed_semaphore::{KeyedPermit, KeyedSemaphore};
pub use poll_limit::PollLimit;
pub use quota::{Allowance, Quota, QuotaExceeded};

use std::time::Duration;

/// Connections, deadlines and bytes, over all HTTP listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Connections at once. Beyond it one that waits for its caller gives way: of
    /// the address with most of them, the one that has waited longest.
    pub connections: usize,
    /// Of one address (IPv6: one /64). A trusted proxy has none.
    pub connections_an_address: usize,
    /// TLS handshakes at once. Beyond it the oldest gives way once it is
    /// [`Self::handshake_age`] old.
    pub handshakes: usize,
    /// Of one address: beyond it its own oldest gives way at once.
    pub handshakes_an_address: usize,
    /// How old a handshake is before those of other addresses push it out.
    pub handshake_age: Duration,
    /// From accept to the first request's complete head, with TLS.
    pub first_request: Duration,
    /// From the end of a reply to the next request's complete head.
    pub next_request: Duration,
    /// How long a caller may take nothing of what waits for it.
    pub stalled: Duration,
    /// Bytes of replies that were made and that no socket has taken yet.
    /// Beyond it the connection that has stalled longest ends.
    pub unsent_bytes: usize,
}

/// Connections at once, where the process may hold as many handles.
pub const MAX_CONNECTIONS: usize = 10_000;

impl HttpLimits {
    /// For a process that may hold so many connections.
    #[must_use]
    pub fn within(connections: usize) -> Self {
        let usual = Self::default();
        let connections = usual.connections.min(connections).max(1);
        Self {
            connections,
            connections_an_address: usual.connections_an_address.min(connections.div_ceil(2)),
            ..usual
        }
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: MAX_CONNECTIONS,
            connections_an_address: 1_024,
            handshakes: 256,
            handshakes_an_address: 64,
            handshake_age: Duration::from_secs(1),
            first_request: Duration::from_secs(10),
            next_request: Duration::from_secs(30),
            stalled: Duration::from_secs(60),
            unsent_bytes: 128 << 20,
        }
    }
}
