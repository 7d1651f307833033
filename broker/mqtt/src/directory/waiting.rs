//! Sessions without a connection, and the order of those who come for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use transport::LogPosition;

use crate::router::Endpoint;
use crate::session::Kept;

/// The order of CONNECTs: of two for one session the later one has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Arrival(pub(super) u64);

/// A session without a connection.
pub(crate) struct Waiting {
    pub(crate) kept: Kept,
    /// Where to go on with the log.
    pub(crate) next: LogPosition,
    /// Tells the delayed will what became of the session.
    pub(crate) will: Option<oneshot::Sender<WillFate>>,
    pub(super) number: u64,
    pub(super) ends: Instant,
}

impl Waiting {
    pub(crate) fn new(kept: Kept, next: LogPosition, expiry: Duration) -> Self {
        Self {
            kept,
            next,
            will: None,
            number: 0,
            ends: Instant::now() + expiry,
        }
    }

    /// It goes on or is purged: its will is not published.
    pub(crate) fn cancel_will(&mut self) {
        if let Some(will) = self.will.take() {
            // Where the will was published already, nobody listens.
            let _ = will.send(WillFate::Cancelled);
        }
    }
}

/// A delayed will whose sender is gone is published: the session has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WillFate {
    Cancelled,
}

/// A waiting session that is over.
pub(crate) struct Ended {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) waiting: Box<Waiting>,
}
