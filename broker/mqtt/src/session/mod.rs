//! The session core: what a server owes one MQTT client, without I/O and
//! without a clock.
//!
//! Packets go in with the time, answers are appended to a buffer, and what the
//! core cannot decide alone (rights, durability, routing) comes out as an
//! [`Action`]. One packet, one file; [`Session::handle`] dispatches.
//!
//! What outlives a connection is [`Kept`]; the rest of a session ends with it.

mod acknowledgement;
mod alias;
mod auth;
mod connect;
mod disconnect;
mod incoming;
mod kept;
mod outgoing;
mod ping;
mod puback;
mod publish;
mod pubrel;
mod subscribe;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod tests;
mod unsubscribe;

use std::sync::Arc;
use std::time::{Duration, Instant};

use transport::{Leaves, Protocol, PublishRight, TopicLimits};

pub(crate) use acknowledgement::{Acknowledgement, Routed};
pub(crate) use auth::{challenge, method_of, response_of};
pub(crate) use connect::{Accepted, Requested, connack_refusal, read_connect};
pub(crate) use connect::{disconnect_code, reason_code};
pub(crate) use kept::{Held, HeldChange, Kept};
pub(crate) use outgoing::DeliveryQueue;
pub(crate) use outgoing::Sent;
pub(crate) use subscribe::{Granted, Subscription};

use super::codec::{Auth, Packet, Publish, ReasonCode, Subscribe, Unsubscribe};
use crate::codec;
use crate::limits::Config;

/// What the connection has to do about a packet.
#[derive(Debug)]
pub(crate) enum Action<'a> {
    /// The session has answered by itself, or nothing is owed.
    None,
    /// Ask for the right, then stage or route it, and tell the session.
    Publish(Publish<'a>),
    Subscribe(Subscribe<'a>),
    Unsubscribe(Unsubscribe<'a>),
    /// Messages in flight were acknowledged: more may be delivered.
    WindowOpened,
    /// The client wants to prove itself again.
    Reauthenticate(Auth<'a>),
    /// The client said goodbye.
    Disconnect,
}

/// A packet that ends the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Violation {
    pub(crate) reason: ReasonCode,
    pub(crate) text: &'static str,
}

impl Violation {
    pub(crate) const fn new(reason: ReasonCode, text: &'static str) -> Self {
        Self { reason, text }
    }
}

impl From<codec::DecodeError> for Violation {
    fn from(error: codec::DecodeError) -> Self {
        let text = match error {
            codec::DecodeError::Malformed(text) | codec::DecodeError::Protocol(text) => text,
            codec::DecodeError::TooLarge { .. } => "the packet is larger than allowed",
            codec::DecodeError::UnsupportedVersion => "the protocol version is not supported",
        };
        Self::new(error.reason(), text)
    }
}

/// What the platform publishes when the connection ends unannounced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StoredWill {
    pub(crate) topic: Box<str>,
    pub(crate) payload: Box<[u8]>,
    pub(crate) qos: codec::Qos,
    pub(crate) retain: bool,
    pub(crate) properties: codec::PropertyList,
    /// How long it is worth delivering.
    pub(crate) expiry: Option<Duration>,
    /// Seconds between the end of the connection and the will.
    pub(crate) delay: u32,
}

/// Who keeps what outlives the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keeping {
    /// Memory, or nobody: answers leave at once.
    Memory,
    /// A store: an answer that promises something waits until it is durable.
    Store,
}

/// A client that takes no packets of so many bytes is told no details beside
/// an acknowledgement (MQTT 5.0, 3.4.2.2.3): one with an offset has 37.
const LEAST_FOR_DETAILS: usize = 64;

/// One client's session.
#[derive(Debug)]
pub(crate) struct Session {
    config: Arc<Config>,
    protocol: Protocol,
    keeping: Keeping,
    /// Seconds that it outlives its connection.
    expiry: u32,
    /// CONNECT asked for an expiry.
    may_change_expiry: bool,
    /// Seconds; 0 is none.
    keep_alive: u16,
    last_packet: Instant,
    /// The client takes reason strings and user properties on any packet.
    problem_information: bool,
    authentication: Option<Box<str>>,
    incoming: incoming::Incoming,
    outgoing: outgoing::Outgoing,
    subscriptions: Vec<Subscription>,
    will: Option<Box<StoredWill>>,
}

impl Session {
    /// A session for a CONNECT that was admitted, with what was kept of it.
    pub(crate) fn new(
        config: Arc<Config>,
        requested: Requested,
        keeping: Keeping,
        kept: Kept,
        now: Instant,
    ) -> Self {
        let (subscriptions, received, flight) = kept.into_parts();
        Self {
            protocol: requested.protocol,
            keeping,
            expiry: requested.session_expiry,
            may_change_expiry: requested.session_expiry > 0,
            keep_alive: requested.keep_alive,
            last_packet: now,
            problem_information: requested.problem_information
                && requested.max_packet >= LEAST_FOR_DETAILS,
            incoming: incoming::Incoming::resuming(received),
            outgoing: outgoing::Outgoing::resuming(flight, &requested, &config),
            authentication: requested.authentication,
            subscriptions,
            will: requested.will,
            config,
        }
    }

    /// Takes one packet; answers are appended to `out`, and those that wait
    /// for the store to `held`.
    pub(crate) fn handle<'a>(
        &mut self,
        packet: Packet<'a>,
        now: Instant,
        out: &mut Vec<u8>,
        held: &mut Held,
    ) -> Result<Action<'a>, Violation> {
        self.last_packet = now;
        match packet {
            Packet::Publish(publish) => self.publish(publish, out, held),
            Packet::PubAck(ack) => Ok(self.puback(&ack)),
            Packet::PubRec(ack) => Ok(self.pubrec(&ack, out)),
            Packet::PubRel(ack) => Ok(self.pubrel(&ack, out, held)),
            Packet::PubComp(ack) => Ok(self.pubcomp(&ack)),
            Packet::Subscribe(subscribe) => Ok(Action::Subscribe(subscribe)),
            Packet::Unsubscribe(unsubscribe) => Ok(Action::Unsubscribe(unsubscribe)),
            Packet::PingReq => self.pingreq(out),
            Packet::Disconnect(disconnect) => self.disconnect(&disconnect),
            Packet::Auth(auth) => self.auth(auth),
            Packet::Connect(_) => Err(Violation::new(
                ReasonCode::PROTOCOL_ERROR,
                "a second CONNECT on the connection",
            )),
            Packet::ConnAck(_) | Packet::SubAck(_) | Packet::UnsubAck(_) | Packet::PingResp => {
                Err(Violation::new(
                    ReasonCode::PROTOCOL_ERROR,
                    "a packet that only a server sends",
                ))
            }
        }
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(crate) fn keeping(&self) -> Keeping {
        self.keeping
    }

    /// Seconds that the session outlives its connection; 0: it ends with it.
    pub(crate) fn expiry(&self) -> u32 {
        self.expiry
    }

    /// Whether the client takes user properties on any packet.
    pub(crate) fn takes_details(&self) -> bool {
        self.protocol == Protocol::V5 && self.problem_information
    }

    /// Its packets wait until it is read again: its silence begins then.
    pub(crate) fn is_not_read(&mut self, now: Instant) {
        self.last_packet = now;
    }

    /// When the client counts as gone: one and a half times its keep-alive
    /// after its last packet (MQTT 5.0, 3.1.2.10).
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.keep_alive {
            0 => None,
            seconds => Some(self.last_packet + Duration::from_millis(u64::from(seconds) * 1_500)),
        }
    }

    /// Forgets the will, for a connection that ends as announced.
    pub(crate) fn drop_will(&mut self) {
        self.will = None;
    }

    pub(crate) fn take_will(&mut self) -> Option<Box<StoredWill>> {
        self.will.take()
    }

    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn will(&self) -> Option<&StoredWill> {
        self.will.as_deref()
    }

    pub(crate) fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Tells the client why the connection ends; MQTT 3.1.1 has no word for it.
    pub(crate) fn farewell(&self, reason: ReasonCode, text: &str, out: &mut Vec<u8>) {
        disconnect::farewell(self.protocol, reason, text, out);
    }

    /// The right found for the topic of the last message, while it holds.
    pub(crate) fn known_right(
        &self,
        topic: &str,
        generation: u64,
    ) -> Option<Result<PublishRight, Leaves>> {
        self.incoming.known_right(topic, generation)
    }

    pub(crate) fn remember_right(
        &mut self,
        topic: &str,
        generation: u64,
        right: Result<PublishRight, Leaves>,
    ) {
        self.incoming.remember_right(topic, generation, right);
    }

    fn topic_limits(&self) -> TopicLimits {
        topic_limits(&self.config)
    }
}

/// The limits of a configuration in the form that topics take.
pub(crate) fn topic_limits(config: &Config) -> TopicLimits {
    TopicLimits {
        bytes: config.topic_bytes,
        levels: config.topic_levels,
    }
}
