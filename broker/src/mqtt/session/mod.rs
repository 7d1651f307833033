//! The session core: what a server owes one MQTT client, without I/O and
//! without a clock.
//!
//! Packets go in with the time, answers are appended to a buffer, and what the
//! core cannot decide alone (rights, durability, routing) comes out as an
//! [`Action`]. One packet, one file; [`Session::handle`] dispatches.

mod acknowledgement;
mod connect;
mod disconnect;
mod outgoing;
mod ping;
mod puback;
mod publish;
mod queue;
mod subscribe;
#[cfg(test)]
mod tests;
mod unsubscribe;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use acknowledgement::{Acknowledgement, Routed};
pub use connect::{ConnectRefusal, MAX_CLIENT_ID_BYTES, Requested, connack_refusal, read_connect};
pub use outgoing::Sent;
pub use queue::DeliveryQueue;
pub use subscribe::{Granted, Subscription};

use super::codec::{Packet, Publish, ReasonCode, Subscribe, Unsubscribe};
use super::topic::TopicLimits;
use crate::access::{Protocol, PublishRight};
use crate::config::Config;
use crate::mqtt::codec;

/// What the connection has to do about a packet.
#[derive(Debug)]
pub enum Action<'a> {
    /// The session has answered by itself, or nothing is owed.
    None,
    /// Ask for the right, then stage or route it, and tell the session.
    Publish(Publish<'a>),
    Subscribe(Subscribe<'a>),
    Unsubscribe(Unsubscribe<'a>),
    /// Messages in flight were acknowledged: more may be delivered.
    WindowOpened,
    /// The client said goodbye.
    Disconnect,
}

/// A packet that ends the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text}")]
pub struct Violation {
    pub reason: ReasonCode,
    pub text: &'static str,
}

impl Violation {
    pub const fn new(reason: ReasonCode, text: &'static str) -> Self {
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
pub struct StoredWill {
    pub topic: Box<str>,
    pub payload: Box<[u8]>,
    pub qos: codec::Qos,
    pub retain: bool,
    pub properties: codec::PropertyList,
}

/// One client's session.
#[derive(Debug)]
pub struct Session {
    config: Arc<Config>,
    protocol: Protocol,
    /// Seconds; 0 is none.
    keep_alive: u16,
    last_packet: Instant,
    /// The client takes reason strings and user properties on any packet.
    problem_information: bool,
    incoming: publish::Incoming,
    outgoing: outgoing::Outgoing,
    subscriptions: Vec<Subscription>,
    will: Option<Box<StoredWill>>,
}

impl Session {
    /// A session for a CONNECT that was admitted.
    pub fn new(config: Arc<Config>, requested: Requested, now: Instant) -> Self {
        Self {
            protocol: requested.protocol,
            keep_alive: requested.keep_alive,
            last_packet: now,
            problem_information: requested.problem_information,
            incoming: publish::Incoming::default(),
            outgoing: outgoing::Outgoing::new(
                requested.receive_maximum.min(config.delivery_window),
                requested.max_packet,
            ),
            subscriptions: Vec::new(),
            will: requested.will,
            config,
        }
    }

    /// Takes one packet; answers are appended to `out`.
    pub fn handle<'a>(
        &mut self,
        packet: Packet<'a>,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Result<Action<'a>, Violation> {
        self.last_packet = now;
        match packet {
            Packet::Publish(publish) => self.publish(publish),
            Packet::PubAck(ack) => self.puback(&ack),
            Packet::PubRel(ack) => self.pubrel(&ack, out),
            Packet::Subscribe(subscribe) => Ok(Action::Subscribe(subscribe)),
            Packet::Unsubscribe(unsubscribe) => Ok(Action::Unsubscribe(unsubscribe)),
            Packet::PingReq => self.pingreq(out),
            Packet::Disconnect(disconnect) => self.disconnect(&disconnect),
            Packet::Connect(_) => Err(Violation::new(
                ReasonCode::PROTOCOL_ERROR,
                "a second CONNECT on the connection",
            )),
            Packet::PubRec(_) | Packet::PubComp(_) => Err(Violation::new(
                ReasonCode::PROTOCOL_ERROR,
                "an acknowledgement of QoS 2 for a message that was not sent",
            )),
            Packet::Auth(_) => Err(Violation::new(
                ReasonCode::PROTOCOL_ERROR,
                "AUTH without an authentication method",
            )),
            Packet::ConnAck(_) | Packet::SubAck(_) | Packet::UnsubAck(_) | Packet::PingResp => {
                Err(Violation::new(
                    ReasonCode::PROTOCOL_ERROR,
                    "a packet that only a server sends",
                ))
            }
        }
    }

    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// When the client counts as gone: one and a half times its keep-alive
    /// after its last packet (MQTT 5.0, 3.1.2.10).
    pub fn deadline(&self) -> Option<Instant> {
        match self.keep_alive {
            0 => None,
            seconds => Some(self.last_packet + Duration::from_millis(u64::from(seconds) * 1_500)),
        }
    }

    /// Forgets the will, for a connection that ends as announced.
    pub fn drop_will(&mut self) {
        self.will = None;
    }

    pub fn take_will(&mut self) -> Option<Box<StoredWill>> {
        self.will.take()
    }

    pub fn will(&self) -> Option<&StoredWill> {
        self.will.as_deref()
    }

    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Tells the client why the connection ends; MQTT 3.1.1 has no word for it.
    pub fn farewell(&self, reason: ReasonCode, text: &str, out: &mut Vec<u8>) {
        disconnect::farewell(self.protocol, reason, text, out);
    }

    /// The right found for the topic of the last message, while it holds.
    pub fn known_right(&self, topic: &str, generation: u64) -> Option<PublishRight> {
        self.incoming.known_right(topic, generation)
    }

    pub fn remember_right(&mut self, topic: &str, generation: u64, right: PublishRight) {
        self.incoming.remember_right(topic, generation, right);
    }

    fn topic_limits(&self) -> TopicLimits {
        topic_limits(&self.config)
    }
}

/// The limits of a configuration in the form that topics take.
pub fn topic_limits(config: &Config) -> TopicLimits {
    TopicLimits {
        bytes: config.topic_bytes,
        levels: config.topic_levels,
    }
}
