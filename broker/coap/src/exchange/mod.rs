//! The message layer as a whole: what a datagram means, and what is sent for
//! it. No I/O and no clock: `now` is handed in, datagrams are handed out.
//!
//! ```text
//! receive -> Nothing | Send(answer at once) | Request
//! Request -> reject(..)                       not remembered
//!         -> begin(..) ... finish(..)         remembered, piggy-backed where
//!                                             it comes before `ack_due`
//! ```

mod answers;
mod blockwise;
mod outgoing;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use answers::Answers;
pub(crate) use answers::ExchangeKey;
pub(crate) use blockwise::BlockStep;
use blockwise::{TransferLimits, Transfers};
use outgoing::{Due, Outgoing};

use crate::config::Config;
use crate::limits::{Buckets, Shares, source};
use crate::message::{self, Code, Kind, Message, MessageOption, option, uint_bytes};
use crate::request::{Block, COSE_SIGN1, Rejection};
use crate::stats::Counters;

/// A reply before verification has at most so many times its request's bytes.
pub(crate) const MAX_AMPLIFICATION: usize = 3;
/// And at most so many bytes.
pub(crate) const MAX_UNVERIFIED_REPLY_BYTES: usize = 136;
/// What a client is told to wait after 4.29 and 5.03, in seconds.
const RETRY_AFTER_SECONDS: u32 = 5;

type Token = SmallVec<[u8; 8]>;

/// A request that nobody saw before.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) key: ExchangeKey,
    pub(crate) message: Message<'a>,
    /// Of the datagram.
    pub(crate) bytes: usize,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a request is the usual case, and is looked at where it lies"
)]
pub(crate) enum Received<'a> {
    Nothing,
    Send(Bytes),
    Request(Request<'a>),
}

/// The answer to a request that went to the sink.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) code: Code,
    /// A signed receipt, or nothing.
    pub(crate) receipt: &'a [u8],
}

/// A request on its way through the sink.
struct Exchange {
    kind: Kind,
    token: Token,
    block: Option<Block>,
    /// The empty ACK went out: the answer will be a message of its own.
    acknowledged: bool,
}

pub(crate) struct Exchanges {
    piggyback_window: Duration,
    sources: Buckets<IpAddr>,
    answers: Answers,
    open: FxHashMap<ExchangeKey, Exchange>,
    open_limit: usize,
    open_by_source: Shares<IpAddr>,
    acks_due: VecDeque<(Instant, ExchangeKey)>,
    outgoing: Outgoing,
    pub(crate) transfers: Transfers,
    counters: Arc<Counters>,
}

impl Exchanges {
    pub(super) fn new(config: &Config, counters: Arc<Counters>, first_id: u16) -> Self {
        Self {
            piggyback_window: config.piggyback_window,
            sources: Buckets::new(
                config.source_rate,
                config.source_burst,
                config.tracked_sources,
            ),
            answers: Answers::new(
                config.remembered_answers,
                config.remembered_answers_per_source,
            ),
            open: FxHashMap::default(),
            open_limit: config.uncommitted_messages,
            open_by_source: Shares::new(config.uncommitted_messages_per_source),
            acks_due: VecDeque::new(),
            outgoing: Outgoing::new(
                config.separate_answers,
                config.separate_answers_per_source,
                config.ack_timeout,
                config.max_retransmit,
                first_id,
            ),
            transfers: Transfers::new(TransferLimits {
                open: config.open_transfers,
                open_per_source: config.open_transfers_per_source,
                open_per_endpoint: config.open_transfers_per_endpoint,
                bytes: config.transfer_bytes,
                bytes_per_source: config.transfer_bytes_per_source,
                idle: config.transfer_idle,
            }),
            counters,
        }
    }

    pub(crate) fn receive<'a>(
        &mut self,
        peer: SocketAddr,
        datagram: &'a [u8],
        now: Instant,
    ) -> Received<'a> {
        // Port 0 cannot be answered, and to try has silenced other servers.
        if peer.port() == 0 || !self.sources.take(source(peer.ip()), now) {
            self.counters.source_limited.increment();
            return Received::Nothing;
        }
        let message = match message::decode(datagram) {
            Ok(message) => message,
            Err(error) => {
                self.counters.malformed.increment();
                return match error.header {
                    Some((Kind::Confirmable, id)) => {
                        Received::Send(message::empty(Kind::Reset, id))
                    }
                    _ => Received::Nothing,
                };
            }
        };
        let key = ExchangeKey {
            peer,
            message_id: message.id,
        };
        match (message.kind, message.code) {
            (Kind::Acknowledgement | Kind::Reset, _) => {
                self.outgoing.settled(&key);
                Received::Nothing
            }
            (kind, code) if code.is_request() => match self.repeated(&key, kind, now) {
                Some(again) if again.is_empty() => Received::Nothing,
                Some(again) => Received::Send(again),
                None => Received::Request(Request {
                    key,
                    message,
                    bytes: datagram.len(),
                }),
            },
            // A ping (an empty one), a response that nobody asked for, or a
            // reserved class.
            (Kind::Confirmable, code) => {
                if code == Code::EMPTY {
                    self.counters.pings.increment();
                }
                Received::Send(message::empty(Kind::Reset, message.id))
            }
            _ => Received::Nothing,
        }
    }

    /// What a request that came before gets, if it did: empty for silence.
    fn repeated(&mut self, key: &ExchangeKey, kind: Kind, now: Instant) -> Option<Bytes> {
        let again = match self.open.get(key) {
            Some(exchange) if exchange.acknowledged => {
                message::empty(Kind::Acknowledgement, key.message_id)
            }
            Some(_) => Bytes::new(),
            None => self.answers.find(key, now)?,
        };
        self.counters.duplicates.increment();
        match kind {
            Kind::Confirmable => Some(again),
            _ => Some(Bytes::new()),
        }
    }

    /// The answer to a request that goes no further. Silence for a
    /// non-confirmable one with an option that is not understood (RFC 7252,
    /// 5.4.1).
    pub(crate) fn reject(
        &mut self,
        request: &Request<'_>,
        rejection: Rejection,
        block: Option<Block>,
    ) -> Option<Bytes> {
        let confirmable = request.message.kind == Kind::Confirmable;
        if rejection.code == Code::BAD_OPTION && !confirmable {
            return None;
        }
        let (kind, id) = if confirmable {
            (Kind::Acknowledgement, request.key.message_id)
        } else {
            (Kind::NonConfirmable, self.outgoing.message_id())
        };
        let block = block.map(|block| uint_bytes(block.bits()));
        let wait = uint_bytes(RETRY_AFTER_SECONDS);
        let mut options = SmallVec::new();
        // 4.13 names no size, in Block1 or Size1: clients that heed it begin
        // again at a wrong offset.
        match rejection.code {
            Code::TOO_MANY_REQUESTS | Code::SERVICE_UNAVAILABLE => options.push(MessageOption {
                number: option::MAX_AGE,
                value: &wait,
            }),
            Code::CONTINUE => options.extend(block.iter().map(|value| MessageOption {
                number: option::BLOCK1,
                value,
            })),
            _ => {}
        }
        let mut answer = Message {
            kind,
            code: rejection.code,
            id,
            token: request.message.token,
            options,
            payload: rejection.diagnostic.as_bytes(),
        };
        let limit = MAX_UNVERIFIED_REPLY_BYTES.min(request.bytes * MAX_AMPLIFICATION);
        let whole = answer.encode();
        if whole.len() <= limit {
            return Some(whole);
        }
        // Header, token and options have at most 17 bytes, the least request
        // that has options to be answered more than 6.
        answer.payload = &[];
        Some(answer.encode()).filter(|bare| bare.len() <= limit)
    }

    /// Requests on their way through the sink.
    pub(crate) fn open_exchanges(&self) -> usize {
        self.open.len()
    }

    /// Its last datagram cost its source as much as so many.
    pub(crate) fn charge(&mut self, peer: SocketAddr, datagrams: u32) {
        self.sources.charge(&source(peer.ip()), datagrams);
    }

    /// Whether one more of `peer` may be on its way.
    pub(crate) fn has_room(&self, peer: SocketAddr) -> bool {
        self.open.len() < self.open_limit && self.open_by_source.has_room(&source(peer.ip()))
    }

    /// The request goes to the sink: from now on a repetition of it is none.
    pub(crate) fn begin(&mut self, request: &Request<'_>, block: Option<Block>, now: Instant) {
        let kind = request.message.kind;
        if kind == Kind::Confirmable {
            self.acks_due
                .push_back((now + self.piggyback_window, request.key));
        }
        let exchange = Exchange {
            kind,
            token: Token::from_slice(request.message.token),
            block,
            acknowledged: false,
        };
        if self.open.insert(request.key, exchange).is_none() {
            self.open_by_source.take(source(request.key.peer.ip()));
        }
    }

    /// The sink has answered.
    pub(crate) fn finish(
        &mut self,
        key: ExchangeKey,
        answer: &Answer<'_>,
        now: Instant,
    ) -> Option<Bytes> {
        let exchange = self.open.remove(&key)?;
        self.open_by_source.release(&source(key.peer.ip()));
        let (kind, id) = match (exchange.kind, exchange.acknowledged) {
            (Kind::Confirmable, false) => (Kind::Acknowledgement, key.message_id),
            (Kind::Confirmable, true) => (Kind::Confirmable, self.outgoing.message_id()),
            _ => (Kind::NonConfirmable, self.outgoing.message_id()),
        };
        let format = uint_bytes(COSE_SIGN1);
        let block = exchange.block.map(|block| uint_bytes(block.bits()));
        let mut options = SmallVec::new();
        if !answer.receipt.is_empty() {
            options.push(MessageOption {
                number: option::CONTENT_FORMAT,
                value: &format,
            });
        }
        options.extend(block.iter().map(|value| MessageOption {
            number: option::BLOCK1,
            value,
        }));
        let datagram = Message {
            kind,
            code: answer.code,
            id,
            token: &exchange.token,
            options,
            payload: answer.receipt,
        }
        .encode();
        let repeat = match kind {
            Kind::Acknowledgement => datagram.clone(),
            Kind::Confirmable => {
                self.counters.separate_answers.increment();
                let own = ExchangeKey {
                    peer: key.peer,
                    message_id: id,
                };
                self.outgoing.track(own, datagram.clone(), now);
                message::empty(Kind::Acknowledgement, key.message_id)
            }
            _ => Bytes::new(),
        };
        // Without a receipt nothing was done: sent again, it is tried again.
        if !answer.receipt.is_empty() {
            self.answers.remember(key, exchange.kind, repeat, now);
        }
        Some(datagram)
    }

    /// When [`Exchanges::on_time`] has something to do.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let ack = self.acks_due.front().map(|entry| entry.0);
        match (ack, self.outgoing.next_due()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// The next datagram that is due: an empty ACK for a request that takes
    /// long, or an answer that was not acknowledged.
    pub(crate) fn on_time(&mut self, now: Instant) -> Option<(SocketAddr, Bytes)> {
        while let Some((_, key)) = self.acks_due.front().copied().filter(|due| due.0 <= now) {
            self.acks_due.pop_front();
            if let Some(exchange) = self.open.get_mut(&key) {
                exchange.acknowledged = true;
                let ack = message::empty(Kind::Acknowledgement, key.message_id);
                return Some((key.peer, ack));
            }
        }
        while let Some(due) = self.outgoing.take_due(now) {
            match due {
                Due::SendAgain(peer, datagram) => {
                    self.counters.retransmissions.increment();
                    return Some((peer, datagram));
                }
                Due::GivenUp => self.counters.unacknowledged.increment(),
            }
        }
        None
    }
}
