//! What other threads may know of a connection, while it has a session.

use std::net::SocketAddr;
use std::sync::Arc;

use domain::Timestamp;
use transport::{Listener, Protocol};

use crate::stats::{AgencyCounters, ConnectionInfo, Counter, ListenerCounters, RateMeter};

/// A connection as its session's endpoint knows it.
pub(crate) struct Attachment {
    /// The worker whose connection it is, and the place there.
    pub(crate) worker: usize,
    pub(crate) slot: usize,
    pub(crate) login: Option<Box<str>>,
    pub(crate) peer: SocketAddr,
    pub(crate) protocol: Protocol,
    /// Seconds; 0 is none.
    pub(crate) keep_alive: u16,
    /// Seconds that the session outlives the connection.
    pub(crate) session_expiry: u32,
    pub(crate) since: Timestamp,
    pub(crate) messages_in: Counter,
    pub(crate) messages_out: Counter,
    pub(crate) rate: RateMeter,
    pub(crate) dropped: Counter,
    pub(crate) listener: Arc<ListenerCounters>,
    pub(crate) agency: Option<Arc<AgencyCounters>>,
}

impl Attachment {
    pub(crate) fn drop_counted(&self, messages: u64) {
        self.dropped.add(messages);
        self.listener.dropped.add(messages);
        if let Some(agency) = &self.agency {
            agency.dropped.add(messages);
        }
    }

    pub(super) fn info(&self, client_id: &str, queued: usize) -> ConnectionInfo {
        ConnectionInfo {
            client_id: client_id.to_owned(),
            since: self.since,
            peer: self.peer,
            listener: self.listener(),
            protocol: self.protocol,
            keep_alive: self.keep_alive,
            messages_in: self.messages_in.get(),
            messages_out: self.messages_out.get(),
            session_expiry: self.session_expiry,
            rate: self.rate.read(self.messages_in.get()),
            dropped: self.dropped.get(),
            queued,
        }
    }

    pub(crate) fn listener(&self) -> Listener {
        self.listener.listener
    }
}
