//! PUBLISH from the client, and the acknowledgements that are owed for it.
//!
//! Acknowledgements leave in the order of the messages (MQTT 5.0, 4.6), so a
//! refusal waits behind messages that are not durable yet.

use std::collections::VecDeque;

use super::{Acknowledgement, Action, Routed, Session, Violation};
use crate::access::{Protocol, PublishRight};
use crate::mqtt::codec::{Property, Publish, Qos, ReasonCode};
use crate::mqtt::topic::is_publishable;
use crate::sink::Receipt;

#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// Messages whose acknowledgement has not been written, oldest first.
    pending: VecDeque<Pending>,
    /// Those of them with QoS 1.
    unacknowledged: u32,
    /// Index is the alias less one.
    aliases: Vec<Option<Box<str>>>,
    last_topic: LastTopic,
}

/// Four bytes each: they are kept for every message in flight.
#[derive(Clone, Copy, Debug)]
enum Pending {
    /// Staged; a receipt settles it.
    Staged {
        packet_id: u16,
    },
    Refused {
        packet_id: u16,
        reason: ReasonCode,
    },
    Routed {
        packet_id: u16,
    },
}

#[derive(Debug, Default)]
struct LastTopic {
    topic: Box<str>,
    right: Option<(u64, PublishRight)>,
}

impl Incoming {
    pub(super) fn known_right(&self, topic: &str, generation: u64) -> Option<PublishRight> {
        let (since, right) = self.last_topic.right?;
        (since == generation && *self.last_topic.topic == *topic).then_some(right)
    }

    pub(super) fn remember_right(&mut self, topic: &str, generation: u64, right: PublishRight) {
        if *self.last_topic.topic != *topic {
            self.last_topic.topic = topic.into();
        }
        self.last_topic.right = Some((generation, right));
    }
}

impl Session {
    pub(super) fn publish<'a>(&mut self, publish: Publish<'a>) -> Result<Action<'a>, Violation> {
        match publish.qos {
            Qos::AtMostOnce => {}
            Qos::AtLeastOnce => {
                let full = self.incoming.unacknowledged >= u32::from(self.config.receive_maximum);
                if full && self.protocol == Protocol::V5 {
                    return Err(Violation::new(
                        ReasonCode::RECEIVE_MAXIMUM_EXCEEDED,
                        "more messages in flight than the receive maximum",
                    ));
                }
            }
            Qos::ExactlyOnce => {
                return Err(Violation::new(
                    ReasonCode::QOS_NOT_SUPPORTED,
                    "QoS 2 is not offered",
                ));
            }
        }
        if !publish.properties.is_empty() {
            self.check_properties(&publish)?;
        } else if publish.topic.is_empty() {
            return Err(Violation::new(
                ReasonCode::PROTOCOL_ERROR,
                "a message without a topic",
            ));
        }
        Ok(Action::Publish(publish))
    }

    fn check_properties(&mut self, publish: &Publish<'_>) -> Result<(), Violation> {
        let mut alias = None;
        for property in publish.properties.iter() {
            match property {
                Property::TopicAlias(number) => alias = Some(number),
                Property::SubscriptionId(_) => {
                    return Err(Violation::new(
                        ReasonCode::PROTOCOL_ERROR,
                        "a subscription identifier from a client",
                    ));
                }
                _ => {}
            }
        }
        let Some(alias) = alias else {
            return match publish.topic.is_empty() {
                true => Err(Violation::new(
                    ReasonCode::PROTOCOL_ERROR,
                    "a message without a topic",
                )),
                false => Ok(()),
            };
        };
        if alias == 0 || alias > self.config.topic_aliases {
            return Err(Violation::new(
                ReasonCode::TOPIC_ALIAS_INVALID,
                "a topic alias of 0 or above the maximum",
            ));
        }
        let index = usize::from(alias) - 1;
        let aliases = &mut self.incoming.aliases;
        if publish.topic.is_empty() {
            return match aliases.get(index) {
                Some(Some(_)) => Ok(()),
                _ => Err(Violation::new(
                    ReasonCode::PROTOCOL_ERROR,
                    "a topic alias that was not set",
                )),
            };
        }
        // Checked before it is kept, so that an alias never holds more than a
        // topic may have.
        if !is_publishable(publish.topic, super::topic_limits(&self.config)) {
            return Err(INVALID_TOPIC);
        }
        if aliases.len() <= index {
            aliases.resize(index + 1, None);
        }
        aliases[index] = Some(publish.topic.into());
        Ok(())
    }

    /// The topic that a message is for, its alias resolved.
    pub fn topic_of<'a>(&'a self, publish: &Publish<'a>) -> &'a str {
        if !publish.topic.is_empty() {
            return publish.topic;
        }
        let alias = publish
            .properties
            .iter()
            .find_map(|property| match property {
                Property::TopicAlias(number) => Some(usize::from(number)),
                _ => None,
            });
        alias
            .and_then(|number| self.incoming.aliases.get(number.wrapping_sub(1)))
            .and_then(Option::as_deref)
            .unwrap_or("")
    }

    /// Whether a topic seen for the first time may be published on at all.
    pub fn check_topic(&self, topic: &str) -> Result<(), Violation> {
        match is_publishable(topic, self.topic_limits()) {
            true => Ok(()),
            false => Err(INVALID_TOPIC),
        }
    }

    /// The message waits for its receipt.
    pub fn staged(&mut self, publish: &Publish<'_>) {
        self.count(publish);
        self.incoming.pending.push_back(Pending::Staged {
            packet_id: publish.packet_id,
        });
    }

    /// The message has gone to the subscribers.
    pub fn routed(&mut self, publish: &Publish<'_>, proof: &Routed, out: &mut Vec<u8>) {
        if publish.qos == Qos::AtMostOnce {
            return;
        }
        if self.incoming.pending.is_empty() {
            let ack = Acknowledgement::routed(publish.packet_id, proof);
            return self.write(ack, out);
        }
        self.count(publish);
        self.incoming.pending.push_back(Pending::Routed {
            packet_id: publish.packet_id,
        });
    }

    /// The message is not taken. MQTT 3.1.1 has no word for that: its
    /// connection ends.
    pub fn refused(
        &mut self,
        publish: &Publish<'_>,
        reason: ReasonCode,
        out: &mut Vec<u8>,
    ) -> Result<(), Violation> {
        if self.protocol == Protocol::V311 {
            return Err(Violation::new(reason, "this may not be published here"));
        }
        if publish.qos == Qos::AtMostOnce {
            return Ok(());
        }
        if self.incoming.pending.is_empty() {
            self.write(Acknowledgement::refused(publish.packet_id, reason), out);
            return Ok(());
        }
        self.count(publish);
        self.incoming.pending.push_back(Pending::Refused {
            packet_id: publish.packet_id,
            reason,
        });
        Ok(())
    }

    /// The oldest staged message is durable. Writes its acknowledgement and
    /// those that waited behind it; returns how many were for durable messages.
    pub fn committed(&mut self, receipt: &impl Receipt, out: &mut Vec<u8>) -> u64 {
        let Some(Pending::Staged { packet_id }) = self.incoming.pending.pop_front() else {
            return 0;
        };
        let mut written = 0;
        if packet_id != 0 {
            self.incoming.unacknowledged -= 1;
            self.write(Acknowledgement::durable(packet_id, receipt), out);
            written = 1;
        }
        while let Some(settled) = self.incoming.pending.front().copied() {
            let ack = match settled {
                Pending::Staged { .. } => break,
                Pending::Refused { packet_id, reason } => {
                    Acknowledgement::refused(packet_id, reason)
                }
                Pending::Routed { packet_id } => {
                    Acknowledgement::routed(packet_id, &Routed::done())
                }
            };
            self.incoming.pending.pop_front();
            self.incoming.unacknowledged -= 1;
            self.write(ack, out);
        }
        written
    }

    /// Messages whose acknowledgement has not been written.
    pub fn pending(&self) -> usize {
        self.incoming.pending.len()
    }

    /// Gives memory back after a burst; called when nothing is pending.
    pub fn shrink(&mut self) {
        const KEPT: usize = 64;
        if self.incoming.pending.is_empty() && self.incoming.pending.capacity() > KEPT {
            self.incoming.pending = VecDeque::new();
        }
    }

    fn count(&mut self, publish: &Publish<'_>) {
        if publish.qos != Qos::AtMostOnce {
            self.incoming.unacknowledged += 1;
        }
    }

    fn write(&self, ack: Acknowledgement, out: &mut Vec<u8>) {
        ack.encode(self.protocol, self.problem_information, out);
    }
}

const INVALID_TOPIC: Violation = Violation::new(
    ReasonCode::TOPIC_NAME_INVALID,
    "the topic is empty, too long, too deep, or holds a wildcard",
);
