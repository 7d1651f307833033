//! Answers that go as a message of their own, and are sent again until the
//! client acknowledges or resets them: RFC 7252, sections 4.2 and 5.2.2.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::ExchangeKey;
use crate::limits::{Shares, source};

struct Waiting {
    datagram: Bytes,
    due: Instant,
    pause: Duration,
    sent_again: u8,
}

/// Unacknowledged answers.
pub(crate) struct Outgoing {
    limit: usize,
    ack_timeout: Duration,
    max_retransmit: u8,
    next_id: u16,
    by_key: FxHashMap<ExchangeKey, Waiting>,
    by_source: Shares<IpAddr>,
    due: BTreeSet<(Instant, SocketAddr, u16)>,
}

/// What time brings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    SendAgain(SocketAddr, Bytes),
    /// Sent often enough.
    GivenUp,
}

impl Outgoing {
    /// `first_id` should be random, so that a restart repeats no message id.
    pub(crate) fn new(
        limit: usize,
        limit_of_source: usize,
        ack_timeout: Duration,
        max_retransmit: u8,
        first_id: u16,
    ) -> Self {
        Self {
            limit,
            by_source: Shares::new(limit_of_source),
            ack_timeout,
            max_retransmit,
            next_id: first_id,
            by_key: FxHashMap::default(),
            due: BTreeSet::new(),
        }
    }

    /// A message id of the server's own.
    pub(crate) fn message_id(&mut self) -> u16 {
        self.next_id = self.next_id.wrapping_add(1);
        self.next_id
    }

    /// Keeps an answer that was just sent. Past the bound it is sent once
    /// only; the client then asks again by itself.
    pub(crate) fn track(&mut self, key: ExchangeKey, datagram: Bytes, now: Instant) {
        let source = source(key.peer.ip());
        if self.by_key.len() >= self.limit || !self.by_source.has_room(&source) {
            return;
        }
        // Stretched by 0 to 50 % (ACK_RANDOM_FACTOR); message ids are spread
        // enough that clients do not answer in step.
        let stretch = f64::from(key.message_id.wrapping_mul(40_503)) / f64::from(u16::MAX) / 2.0;
        let pause = self.ack_timeout.mul_f64(1.0 + stretch);
        let due = now + pause;
        let waiting = Waiting {
            datagram,
            due,
            pause,
            sent_again: 0,
        };
        match self.by_key.insert(key, waiting) {
            Some(before) => drop(self.due.remove(&(before.due, key.peer, key.message_id))),
            None => self.by_source.take(source),
        }
        self.due.insert((due, key.peer, key.message_id));
    }

    /// An ACK or a RST: either ends it.
    pub(crate) fn settled(&mut self, key: &ExchangeKey) {
        if let Some(waiting) = self.by_key.remove(key) {
            self.due.remove(&(waiting.due, key.peer, key.message_id));
            self.by_source.release(&source(key.peer.ip()));
        }
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|entry| entry.0)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The next thing that is due by `now`.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Due> {
        let (due, peer, message_id) = *self.due.first().filter(|entry| entry.0 <= now)?;
        self.due.remove(&(due, peer, message_id));
        let key = ExchangeKey { peer, message_id };
        let waiting = self.by_key.get_mut(&key)?;
        if waiting.sent_again >= self.max_retransmit {
            self.by_key.remove(&key);
            self.by_source.release(&source(peer.ip()));
            return Some(Due::GivenUp);
        }
        waiting.sent_again += 1;
        waiting.pause *= 2;
        waiting.due = now + waiting.pause;
        let again = Due::SendAgain(peer, waiting.datagram.clone());
        self.due.insert((waiting.due, peer, message_id));
        Some(again)
    }
}
