//! What a connection keeps between two wake-ups. It holds the step in which the
//! connection is, and the code of each step works on it: a circle that stays
//! (decision 16).

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use transport::{EventKind, LogPosition};

use super::end::End;
use super::login::Greeting;
use super::outgoing::Looks;
use super::oversized::Oversized;
use super::postponed::Postponed;
use crate::context::Services;
use crate::limits::Config;
use crate::limits::Rate;
use crate::listener::Ticket;
use crate::router::{Attachment, Endpoint};
use crate::session::Session;
use crate::stream::Stream;

/// How long the last words may take to leave.
const CLOSE_GRACE: Duration = Duration::from_secs(1);
/// Buffers above this are given back when they are empty.
const KEPT_BYTES: usize = 1_024;

pub(super) struct State<S: Services> {
    pub(super) stream: Stream,
    pub(super) accepted: Instant,
    /// The beginning of a packet whose rest has not arrived.
    pub(super) tail: Vec<u8>,
    /// Written and not yet taken by the socket.
    unsent: Vec<u8>,
    /// When the socket took bytes last, while some wait.
    progress: Instant,
    waker: Option<Waker>,
    /// Held until CONNECT is accepted: counts among the handshakes in flight.
    pub(super) ticket: Option<Rc<Ticket>>,
    /// Between CONNECT and CONNACK.
    pub(super) greeting: Option<Box<Greeting<S>>>,
    pub(super) served: Option<Box<Served<S>>>,
    /// A packet that is read and dropped.
    pub(super) oversized: Option<Box<Oversized>>,
    /// A message that waits for the sink, and holds up those after it.
    pub(super) postponed: Option<Box<Postponed>>,
    /// Whole packets may stand in `tail`: reading paused after them.
    pub(super) has_unhandled: bool,
    /// Until when it rests: ahead of a rate that it may publish or subscribe
    /// at.
    pub(super) rests_until: Option<Instant>,
    /// Its place among those whose next message the sink has no room for.
    pub(super) held_back: Option<u64>,
    end: Option<Box<End>>,
    /// Nothing more can be written, or its time is over.
    abandoned: bool,
    /// Reads no more; ends when all that was received is durable.
    pub(super) stopping: bool,
}

/// A connection whose CONNECT was accepted.
pub(super) struct Served<S: Services> {
    pub(super) session: Session,
    pub(super) principal: S::Principal,
    /// When its right to be connected ends by itself. A clock that is set
    /// moves it: rights are asked again now and then.
    pub(super) admitted_until: Option<Instant>,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) attachment: Arc<Attachment>,
    /// What it subscribes to.
    pub(super) filters: Rate,
    /// Retained messages that the subscriber has not been sent yet.
    pub(super) retained: Option<Box<Looks<S>>>,
    /// Deliveries wait for room: in the window or in the socket.
    pub(super) blocked: bool,
    /// Its CONNACK, which waits until the session is durable.
    pub(super) held: Option<Vec<u8>>,
    /// A page of the log is on its way.
    pub(super) is_reading_log: bool,
    /// A subscription has come since the page was asked for.
    pub(super) page_is_stale: bool,
    /// The client is to prove itself again.
    pub(super) challenge: Option<Vec<u8>>,
    /// The position that the store knows, and since when.
    pub(super) saved: LogPosition,
    pub(super) saved_at: Instant,
    /// Messages that had been sent then.
    pub(super) saved_sent: u64,
}

impl<S: Services> State<S> {
    pub(super) fn new(stream: Stream, ticket: Rc<Ticket>, now: Instant) -> Self {
        Self {
            stream,
            accepted: ticket.since(),
            tail: Vec::new(),
            unsent: Vec::new(),
            progress: now,
            waker: None,
            ticket: Some(ticket),
            greeting: None,
            served: None,
            oversized: None,
            postponed: None,
            has_unhandled: false,
            rests_until: None,
            held_back: None,
            end: None,
            abandoned: false,
            stopping: false,
        }
    }

    pub(super) fn remember(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            None => self.waker = Some(waker.clone()),
        }
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    /// Writes what the socket takes and keeps the rest. An error shows up at
    /// the next flush, which is the task's own.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || self.abandoned {
            return;
        }
        let mut taken = 0;
        if !self.has_unsent() {
            self.progress = Instant::now();
            taken = self.stream.try_write(bytes).unwrap_or(0);
        }
        self.unsent.extend_from_slice(&bytes[taken..]);
    }

    pub(super) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty() || self.stream.has_unsent()
    }

    pub(super) fn unsent_bytes(&self) -> usize {
        self.unsent.len()
    }

    /// Whether bytes remain; the task is then woken when the socket takes more.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        while self.has_unsent() {
            let taken = self.stream.try_write(&self.unsent)?;
            if taken > 0 {
                self.progress = Instant::now();
                self.unsent.drain(..taken);
            }
            if !self.has_unsent() {
                break;
            }
            match self.stream.poll_writable(cx) {
                Poll::Ready(result) => result?,
                Poll::Pending => return Ok(true),
            }
        }
        if self.unsent.capacity() > KEPT_BYTES {
            self.unsent = Vec::new();
        }
        Ok(false)
    }

    /// Keeps the beginning of a packet for the next read.
    pub(super) fn keep_tail(&mut self, rest: &[u8]) {
        self.tail.clear();
        if rest.is_empty() && self.tail.capacity() > KEPT_BYTES {
            self.tail = Vec::new();
        }
        self.tail.extend_from_slice(rest);
    }

    /// Whether nothing is read until something else has happened.
    pub(super) fn is_paused(&self, config: &Config) -> bool {
        let pending = self.served.as_ref().map_or(0, |it| it.session.pending());
        self.stopping
            || self.is_held()
            || self.rests_until.is_some()
            || self.held_back.is_some()
            || pending >= config.uncommitted_messages
            || self.unsent.len() >= config.unsent_bytes
    }

    /// Nothing more of what was read is handled yet.
    pub(super) fn is_held(&self) -> bool {
        match &self.served {
            Some(served) => {
                let waits = |it: &Postponed| !it.is_prepared();
                served.held.is_some() || self.postponed.as_deref().is_some_and(waits)
            }
            None => self.is_waiting(),
        }
    }

    /// Another connection has to let go of the session first.
    fn is_waiting(&self) -> bool {
        matches!(self.greeting.as_deref(), Some(Greeting::Waiting { .. }))
    }

    pub(super) fn is_over(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned
    }

    pub(super) fn abandon(&mut self) {
        self.abandoned = true;
    }

    /// Ends the connection; the first reason counts. An MQTT 5 client that was
    /// served is told.
    pub(super) fn close(&mut self, end: End) {
        if self.end.is_some() {
            return;
        }
        if let (Some(served), Some(code)) = (&mut self.served, end.code) {
            // MQTT 5 knows no DISCONNECT before CONNACK [MQTT-3.14.0-1]. Who is
            // taken over has had the session, and promises nothing any more.
            let connack = served.held.take_if(|_| end.kind == EventKind::TakenOver);
            let mut last_words = connack.unwrap_or_default();
            served.session.farewell(code, &end.told, &mut last_words);
            if end.forgets_will {
                served.session.drop_will();
            }
            self.write(&last_words);
        }
        self.progress = Instant::now();
        self.end = Some(Box::new(end));
        self.wake();
    }

    /// The socket failed: there is nobody to tell.
    pub(super) fn lost(&mut self, error: &io::Error) {
        self.abandoned = true;
        if self.end.is_none() {
            self.end = Some(Box::new(End::lost(error)));
        }
    }

    pub(super) fn take_end(&mut self) -> Option<Box<End>> {
        self.end.take()
    }

    /// Since when the peer has taken nothing of what waits for it.
    pub(super) fn stuck_since(&self) -> Option<Instant> {
        self.has_unsent().then_some(self.progress)
    }

    pub(super) fn closing_is_overdue(&self, now: Instant) -> bool {
        self.is_over() && now.duration_since(self.progress) > CLOSE_GRACE
    }
}
