//! Requests that came before: RFC 7252, section 4.5. An answer is kept by
//! (endpoint, message id), and sent again when the request comes again.
//!
//! Bound: a number of answers; the oldest gives way, and of one source no more
//! are kept than its share. What then slips through meets the replay window
//! of the sink, so that nothing is stored twice.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use crate::limits::{Shares, source};
use crate::message::Kind;

/// RFC 7252, EXCHANGE_LIFETIME: how long a confirmable request may come again.
pub(crate) const CONFIRMABLE_LIFETIME: Duration = Duration::from_secs(247);
/// RFC 7252, NON_LIFETIME.
pub(crate) const NON_CONFIRMABLE_LIFETIME: Duration = Duration::from_secs(145);

/// What names a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct ExchangeKey {
    pub(crate) peer: SocketAddr,
    pub(crate) message_id: u16,
}

/// Answers by request.
pub(crate) struct Answers {
    limit: usize,
    by_key: FxHashMap<ExchangeKey, Bytes>,
    by_source: Shares<IpAddr>,
    /// In the order of their end; one queue for each lifetime keeps that.
    confirmable: VecDeque<(Instant, ExchangeKey)>,
    non_confirmable: VecDeque<(Instant, ExchangeKey)>,
}

impl Answers {
    pub(crate) fn new(limit: usize, limit_of_source: usize) -> Self {
        Self {
            limit,
            by_key: FxHashMap::default(),
            by_source: Shares::new(limit_of_source),
            confirmable: VecDeque::new(),
            non_confirmable: VecDeque::new(),
        }
    }

    /// What is sent for a repeated request; empty for a non-confirmable one,
    /// whose repetition is passed over.
    pub(crate) fn find(&mut self, key: &ExchangeKey, now: Instant) -> Option<Bytes> {
        self.expire(now);
        self.by_key.get(key).cloned()
    }

    pub(crate) fn remember(&mut self, key: ExchangeKey, kind: Kind, datagram: Bytes, now: Instant) {
        self.expire(now);
        let source = source(key.peer.ip());
        if !self.by_source.has_room(&source) {
            return;
        }
        if self.by_key.len() >= self.limit {
            self.drop_oldest();
        }
        let (queue, lifetime) = match kind {
            Kind::Confirmable => (&mut self.confirmable, CONFIRMABLE_LIFETIME),
            _ => (&mut self.non_confirmable, NON_CONFIRMABLE_LIFETIME),
        };
        if self.by_key.insert(key, datagram).is_none() {
            queue.push_back((now + lifetime, key));
            self.by_source.take(source);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    fn expire(&mut self, now: Instant) {
        for queue in [&mut self.confirmable, &mut self.non_confirmable] {
            while let Some((end, key)) = queue.front() {
                if *end > now {
                    break;
                }
                self.by_key.remove(key);
                self.by_source.release(&source(key.peer.ip()));
                queue.pop_front();
            }
        }
    }

    fn drop_oldest(&mut self) {
        let ends = |queue: &VecDeque<(Instant, ExchangeKey)>| queue.front().map(|entry| entry.0);
        let queue = match (ends(&self.confirmable), ends(&self.non_confirmable)) {
            (Some(confirmable), Some(other)) if other <= confirmable => &mut self.non_confirmable,
            (Some(_), _) => &mut self.confirmable,
            _ => &mut self.non_confirmable,
        };
        if let Some((_, key)) = queue.pop_front() {
            self.by_key.remove(&key);
            self.by_source.release(&source(key.peer.ip()));
        }
    }
}
