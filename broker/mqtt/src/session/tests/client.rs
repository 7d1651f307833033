//! The client's end: what it has seen, and what it may hold against a server.

use std::collections::{BTreeMap, BTreeSet};

use transport::Protocol;

use super::step::Terms;
use crate::codec::{self, Ack, Packet, Property, Publish, Qos};

/// A packet of the server's, as far as it matters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    PubAck(Reply),
    PubRec(Reply),
    PubRel(u16, u8),
    PubComp(u16, u8),
    Publish(Message),
    SubAck(u16, Vec<u8>),
    UnsubAck(u16, Vec<u8>),
    Pong,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reply {
    pub(super) packet_id: u16,
    pub(super) reason: u8,
    pub(super) offset: Option<u64>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Message {
    pub(super) packet_id: u16,
    pub(super) qos: Qos,
    pub(super) duplicate: bool,
    /// Its alias resolved.
    pub(super) topic: String,
    pub(super) number: u64,
    pub(super) expiry: Option<u32>,
    pub(super) subscription_ids: Vec<u32>,
    pub(super) lost: Option<u64>,
}

/// A message of the client's that is not over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sending {
    pub(super) packet_id: u16,
    pub(super) qos: Qos,
    pub(super) number: u64,
    /// PUBREC has come: PUBREL may follow, and PUBLISH may not.
    pub(super) is_received: bool,
    pub(super) is_released: bool,
}

#[derive(Debug, Default)]
pub(super) struct Client {
    aliases: BTreeMap<u16, String>,
    /// Messages of this connection that it has not acknowledged.
    open: BTreeSet<u16>,
    /// QoS 2: received and not released.
    received: BTreeMap<u16, u64>,
    /// All messages of QoS 2 that it was ever given.
    given: BTreeSet<u64>,
    pub(super) sending: Vec<Sending>,
}

impl Client {
    /// The aliases and the window are the connection's.
    pub(super) fn reconnect(&mut self, forgets: bool) {
        self.aliases.clear();
        self.open.clear();
        // A client may give up what was never answered with QoS 1.
        self.sending
            .retain(|it| it.qos == Qos::ExactlyOnce && !forgets);
        if forgets {
            self.received.clear();
        }
    }

    pub(super) fn free_id(&self) -> u16 {
        let taken = |id: &u16| self.sending.iter().any(|it| it.packet_id == *id);
        (1..).find(|id| !taken(id)).unwrap_or(1)
    }

    /// It has acknowledged a message, as it sees it.
    pub(super) fn closes(&mut self, packet_id: u16) {
        self.open.remove(&packet_id);
    }

    pub(super) fn forget_received(&mut self, packet_id: u16) {
        self.received.remove(&packet_id);
    }

    fn forget_sent(&mut self, packet_id: u16) {
        self.sending.retain(|it| it.packet_id != packet_id);
    }

    /// Reads what came, and checks what a client can check alone.
    pub(super) fn read(&mut self, mut bytes: &[u8], terms: &Terms) -> Vec<Seen> {
        let mut seen = Vec::new();
        while !bytes.is_empty() {
            let (packet, used) = codec::decode(bytes, terms.protocol, usize::MAX)
                .expect("what a server writes can be read")
                .expect("and is whole");
            if let Some(most) = terms.max_packet {
                assert!(used <= most as usize, "{packet:?} is larger than {most}");
            }
            let mut again = Vec::new();
            codec::encode(&packet, terms.protocol, &mut again);
            assert_eq!(again, bytes[..used], "{packet:?}");
            bytes = &bytes[used..];
            seen.push(self.see(&packet, terms));
        }
        seen
    }

    fn see(&mut self, packet: &Packet<'_>, terms: &Terms) -> Seen {
        match packet {
            Packet::PubAck(ack) => {
                self.forget_sent(ack.packet_id);
                Seen::PubAck(reply(ack, terms))
            }
            Packet::PubRec(ack) => {
                if terms.protocol == Protocol::V5 && ack.reason.is_failure() {
                    self.forget_sent(ack.packet_id);
                } else {
                    self.note_received(ack.packet_id);
                }
                Seen::PubRec(reply(ack, terms))
            }
            Packet::PubRel(ack) => {
                self.received.remove(&ack.packet_id);
                Seen::PubRel(ack.packet_id, ack.reason.0)
            }
            Packet::PubComp(ack) => {
                self.forget_sent(ack.packet_id);
                Seen::PubComp(ack.packet_id, ack.reason.0)
            }
            Packet::Publish(publish) => Seen::Publish(self.see_publish(publish, terms)),
            Packet::SubAck(ack) => Seen::SubAck(ack.packet_id, ack.codes.to_vec()),
            Packet::UnsubAck(ack) => Seen::UnsubAck(ack.packet_id, ack.codes.to_vec()),
            Packet::PingResp => Seen::Pong,
            other => panic!("a server does not send {other:?} here"),
        }
    }

    fn note_received(&mut self, packet_id: u16) {
        let same = |it: &&mut Sending| it.packet_id == packet_id;
        if let Some(it) = self.sending.iter_mut().find(same) {
            it.is_received = true;
        }
    }

    fn see_publish(&mut self, publish: &Publish<'_>, terms: &Terms) -> Message {
        let text = std::str::from_utf8(publish.payload).expect("the payload of a test");
        let mut message = Message {
            packet_id: publish.packet_id,
            qos: publish.qos,
            duplicate: publish.duplicate,
            topic: publish.topic.to_owned(),
            number: text.trim_end_matches('.').parse().expect("its number"),
            expiry: None,
            subscription_ids: Vec::new(),
            lost: None,
        };
        for property in publish.properties.iter() {
            match property {
                Property::TopicAlias(alias) => {
                    assert!(alias > 0 && alias <= terms.aliases, "alias {alias}");
                    if message.topic.is_empty() {
                        message.topic = self.aliases[&alias].clone();
                    } else {
                        self.aliases.insert(alias, message.topic.clone());
                    }
                }
                Property::MessageExpiry(seconds) => message.expiry = Some(seconds),
                Property::SubscriptionId(id) => message.subscription_ids.push(id),
                Property::User("lost", count) => {
                    message.lost = Some(count.parse().expect("a count"));
                }
                other => panic!("nobody gave the message {other:?}"),
            }
        }
        assert!(!message.topic.is_empty());
        if message.qos != Qos::AtMostOnce {
            assert!(self.open.insert(message.packet_id), "an identifier in use");
            assert!(self.open.len() <= usize::from(terms.receive_maximum));
        }
        if message.qos == Qos::ExactlyOnce {
            self.take_once(&message);
        }
        message
    }

    /// MQTT 5.0, 4.3.3: under an identifier that is not released comes the
    /// same message only, and no message comes under two.
    fn take_once(&mut self, message: &Message) {
        match self.received.insert(message.packet_id, message.number) {
            Some(before) => assert!(message.duplicate && before == message.number),
            None => assert!(self.given.insert(message.number), "given twice"),
        }
    }
}

fn reply(ack: &Ack<'_>, terms: &Terms) -> Reply {
    let offset = ack.properties.iter().find_map(|property| match property {
        Property::User("offset", value) => value.parse().ok(),
        _ => None,
    });
    assert!(offset.is_none() || terms.problem_information);
    Reply {
        packet_id: ack.packet_id,
        reason: ack.reason.0,
        offset,
    }
}
