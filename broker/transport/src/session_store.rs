//! Sessions that outlive their connection, and what they have missed.
//!
//! A session of the platform's realm that asked to be kept is saved by a
//! [`SessionStore`] before its SUBACK, PUBREC or PUBCOMP leaves. Its queue is
//! not saved: it is a position in the log, and a [`Backlog`] reads on from
//! there when the session comes back, so that a session that is away costs no
//! memory and slows nobody.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use domain::{Offset, Timestamp};

use crate::{SinkFault, TopicFilter};

/// Whose session it is. Nobody resumes or takes over another owner's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionKey {
    pub owner: Box<str>,
    pub client_id: Box<str>,
}

/// A place among the messages of the log: a frame's offset, and the number of
/// a message within it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct LogPosition(u64);

impl LogPosition {
    /// Messages that one frame can be: 1,000 observations and what was refused
    /// of them.
    pub const MESSAGES_PER_FRAME: u64 = 1_024;

    #[inline]
    pub const fn new(offset: Offset, message: u16) -> Self {
        Self(offset.get() * Self::MESSAGES_PER_FRAME + message as u64)
    }

    /// Before the first message of a frame.
    #[inline]
    pub const fn at(offset: Offset) -> Self {
        Self::new(offset, 0)
    }

    #[inline]
    pub const fn offset(self) -> Offset {
        Offset::new(self.0 / Self::MESSAGES_PER_FRAME)
    }

    #[inline]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// After the whole frame in whose middle it is.
    #[inline]
    #[must_use]
    pub const fn frame_end(self) -> Self {
        Self(self.0.next_multiple_of(Self::MESSAGES_PER_FRAME))
    }

    #[inline]
    pub const fn get(self) -> u64 {
        self.0
    }

    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }
}

/// A subscription as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredSubscription {
    /// With `$share/{group}/` before it where it is shared.
    pub filter: Box<str>,
    /// The options byte of SUBSCRIBE, with the granted QoS.
    pub options: u8,
    pub id: Option<u32>,
    /// Messages before it are not for this subscription.
    pub since: LogPosition,
}

/// A session as it was when the platform last stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredSession {
    pub key: SessionKey,
    /// Seconds that it outlives its connection.
    pub expiry: u32,
    /// When its connection ended; none where the platform ended first.
    pub detached: Option<Timestamp>,
    /// All before it was delivered and acknowledged.
    pub position: LogPosition,
    pub subscriptions: Vec<StoredSubscription>,
    /// Packet identifiers of messages of QoS 2 that were received and not yet
    /// released.
    pub received: Vec<u16>,
}

/// One step in the life of a kept session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionChange {
    /// A connection has it. What was kept under the key stays.
    Attached {
        key: Arc<SessionKey>,
        expiry: u32,
        position: LogPosition,
    },
    /// Its connection has ended.
    Detached {
        key: Arc<SessionKey>,
        expiry: u32,
        position: LogPosition,
    },
    Position {
        key: Arc<SessionKey>,
        position: LogPosition,
    },
    /// New, or in the place of one with the same filter.
    Subscribed {
        key: Arc<SessionKey>,
        subscription: StoredSubscription,
    },
    Unsubscribed {
        key: Arc<SessionKey>,
        filter: Box<str>,
    },
    Received {
        key: Arc<SessionKey>,
        packet_id: u16,
    },
    Released {
        key: Arc<SessionKey>,
        packet_id: u16,
    },
    /// Nothing of it remains.
    Ended { key: Arc<SessionKey> },
}

/// Where kept sessions are durable.
pub trait SessionStore: Send + Sync + 'static {
    /// All kept sessions; asked once, at the start.
    fn load(&self) -> Result<Vec<StoredSession>, SinkFault>;

    /// For how long a session has been without its connection, which ended at
    /// `detached`, by the clock that its store goes by.
    fn away(&self, detached: Timestamp) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let then = Duration::from_micros(detached.as_micros().max(0).unsigned_abs());
        now.unwrap_or_default().saturating_sub(then)
    }

    /// Resolves when all changes are durable. Changes hold in the order of the
    /// calls, whichever future is polled first: they are taken by the call
    /// itself, and made durable even where its future is dropped.
    fn save(
        &self,
        changes: Vec<SessionChange>,
    ) -> impl Future<Output = Result<(), SinkFault>> + Send + 'static;
}

/// A subscription that looks for what it has missed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missed {
    pub filter: TopicFilter,
    /// Messages before it are not for this subscription.
    pub since: LogPosition,
}

/// A message of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogMessage {
    pub topic: Arc<str>,
    pub payload: Bytes,
    pub position: LogPosition,
}

/// Some messages of the log, in its order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BacklogPage {
    pub messages: Vec<LogMessage>,
    /// Where to read on.
    pub next: LogPosition,
    /// Frames that the log no longer has: what lay in them is lost to this
    /// session.
    pub gone: u64,
    /// Nothing is applied after `next`.
    pub at_end: bool,
}

/// The messages of the log for those that have missed some.
pub trait Backlog<P>: Send + Sync + 'static {
    /// After all that is applied.
    fn end(&self) -> LogPosition;

    /// Messages from `from` on, as the principal may see them now, that reach
    /// one of the subscriptions. Bounded by work, so a page may be empty and
    /// not at the end.
    fn read(
        &self,
        principal: &P,
        wanted: &[Missed],
        from: LogPosition,
    ) -> impl Future<Output = Result<BacklogPage, SinkFault>> + Send;
}
