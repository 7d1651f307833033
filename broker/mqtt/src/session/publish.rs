//! PUBLISH from the client, and the acknowledgements that are owed for it.
//!
//! Acknowledgements leave in the order of the messages (MQTT 5.0, 4.6), so a
//! refusal waits for messages that are not durable yet. A message of QoS 2
//! is taken when it comes first and known by its identifier until PUBREL; what
//! comes under the same identifier meanwhile is the same message.

use std::collections::VecDeque;

use transport::{Answer, AskOutcome, Protocol, Receipt, TopicLimits, is_publishable};

use super::incoming::{Pending, Settled};
use super::kept::HeldChange;
use super::{Acknowledgement, Action, Held, Keeping, Routed, Session, Violation};
use crate::codec::{Property, Publish, Qos, ReasonCode, kind};

impl Session {
    pub(super) fn publish<'a>(
        &mut self,
        publish: Publish<'a>,
        out: &mut Vec<u8>,
        held: &mut Held,
    ) -> Result<Action<'a>, Violation> {
        if !publish.properties.is_empty() {
            self.check_properties(&publish)?;
        } else if publish.topic.is_empty() {
            return Err(Violation::new(
                ReasonCode::PROTOCOL_ERROR,
                "a message without a topic",
            ));
        }
        if publish.qos == Qos::ExactlyOnce && self.is_repeated(publish.packet_id, out, held) {
            return Ok(Action::None);
        }
        if publish.qos != Qos::AtMostOnce {
            self.check_quota(publish.qos)?;
        }
        Ok(Action::Publish(publish))
    }

    /// MQTT 5.0, 4.3.3: a message of QoS 2 that was received before is not
    /// published again, only answered.
    fn is_repeated(&mut self, packet_id: u16, out: &mut Vec<u8>, held: &mut Held) -> bool {
        if self.incoming.received.binary_search(&packet_id).is_ok() {
            let ack = Acknowledgement::repeated(packet_id);
            self.answer_received(packet_id, ack, out, held);
            return true;
        }
        // One that is not durable yet will be answered when it is.
        self.incoming.is_pending(packet_id)
    }

    fn check_quota(&self, qos: Qos) -> Result<(), Violation> {
        let incoming = &self.incoming;
        let full = incoming.unacknowledged >= u32::from(self.config.receive_maximum);
        let unreleased = incoming.received.len() >= self.config.unreleased_messages;
        if full && self.protocol == Protocol::V5 || unreleased && qos == Qos::ExactlyOnce {
            return Err(Violation::new(
                ReasonCode::RECEIVE_MAXIMUM_EXCEEDED,
                "more messages in flight than the receive maximum",
            ));
        }
        Ok(())
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
            return if publish.topic.is_empty() {
                Err(Violation::new(
                    ReasonCode::PROTOCOL_ERROR,
                    "a message without a topic",
                ))
            } else {
                Ok(())
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
    pub(crate) fn topic_of<'a>(&'a self, publish: &Publish<'a>) -> &'a str {
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

    /// Whether a topic seen for the first time may be published on at all:
    /// false where it is only larger than is taken here.
    pub(crate) fn check_topic(&self, topic: &str) -> Result<bool, Violation> {
        const ANY: TopicLimits = TopicLimits {
            bytes: usize::MAX,
            levels: usize::MAX,
        };
        match is_publishable(topic, self.topic_limits()) {
            true => Ok(true),
            false if is_publishable(topic, ANY) => Ok(false),
            false => Err(INVALID_TOPIC),
        }
    }

    /// The message waits for its receipt.
    pub(crate) fn staged(&mut self, publish: &Publish<'_>) {
        self.count(publish);
        self.push(publish, Settled::No);
    }

    /// The message is refused, and its refusal waits for a receipt.
    pub(crate) fn staged_reject(&mut self, publish: &Publish<'_>, reason: ReasonCode) {
        self.count(publish);
        self.push(publish, Settled::Rejected(reason));
    }

    /// The message has gone to the subscribers.
    pub(crate) fn routed(&mut self, publish: &Publish<'_>, proof: &Routed, out: &mut Vec<u8>) {
        if publish.qos == Qos::AtMostOnce {
            return;
        }
        self.count(publish);
        if !self.incoming.pending.is_empty() {
            return self.push(publish, Settled::Routed);
        }
        let ack = Acknowledgement::routed(publish.packet_id, proof);
        match publish.qos {
            Qos::ExactlyOnce => {
                // Routed messages are kept in memory only, so is this.
                self.receive(publish.packet_id);
                self.write(ack, kind::PUBREC, out);
            }
            _ => self.acknowledge(ack, kind::PUBACK, out),
        }
    }

    /// The message was a question. Its answer comes before its acknowledgement.
    pub(crate) fn answered(
        &mut self,
        publish: &Publish<'_>,
        answer: &Answer,
        out: &mut Vec<u8>,
        held: &mut Held,
    ) {
        self.tell(publish, answer, out);
        let refusal = match answer.outcome {
            AskOutcome::Done => return self.routed(publish, &Routed::answered(answer), out),
            AskOutcome::Unreadable => ReasonCode::PAYLOAD_FORMAT_INVALID,
            AskOutcome::Refused => ReasonCode::NOT_AUTHORIZED,
            AskOutcome::TooMany => ReasonCode::QUOTA_EXCEEDED,
            AskOutcome::Failed => ReasonCode::UNSPECIFIED_ERROR,
        };
        self.refused(publish, refusal, out, held);
    }

    /// The message is not taken. MQTT 3.1.1 has no word for that: it gets an
    /// acknowledgement all the same, since common clients would send again for
    /// ever what was not acknowledged.
    pub(crate) fn refused(
        &mut self,
        publish: &Publish<'_>,
        reason: ReasonCode,
        out: &mut Vec<u8>,
        held: &mut Held,
    ) {
        if publish.qos == Qos::AtMostOnce {
            return;
        }
        self.count(publish);
        if !self.incoming.pending.is_empty() {
            return self.push(publish, Settled::Refused(reason));
        }
        let ack = Acknowledgement::refused(publish.packet_id, reason);
        self.answer(publish.qos, publish.packet_id, ack, out, held);
    }

    /// The oldest staged message is durable. Writes its acknowledgement and
    /// those that waited for it; returns how many were for durable messages.
    pub(crate) fn committed(
        &mut self,
        receipt: &impl Receipt,
        out: &mut Vec<u8>,
        held: &mut Held,
    ) -> u64 {
        let Some(durable) = self.incoming.pending.pop_front() else {
            return 0;
        };
        let ack = match durable.settled {
            Settled::Rejected(reason) => {
                Acknowledgement::rejected(durable.packet_id, receipt, reason)
            }
            _ => Acknowledgement::durable(durable.packet_id, receipt),
        };
        self.answer(durable.qos, durable.packet_id, ack, out, held);
        self.settle_next(out, held);
        u64::from(durable.qos != Qos::AtMostOnce)
    }

    /// What waited for a message that was not durable.
    fn settle_next(&mut self, out: &mut Vec<u8>, held: &mut Held) {
        while let Some(next) = self.incoming.pending.front().copied() {
            let packet_id = next.packet_id;
            let ack = match next.settled {
                Settled::No | Settled::Rejected(_) => break,
                Settled::Refused(reason) => Acknowledgement::refused(packet_id, reason),
                Settled::Routed => Acknowledgement::routed(packet_id, &Routed::done()),
            };
            self.incoming.pending.pop_front();
            match (next.settled, next.qos) {
                (Settled::Routed, Qos::ExactlyOnce) => {
                    self.receive(packet_id);
                    self.write(ack, kind::PUBREC, out);
                }
                _ => self.answer(next.qos, packet_id, ack, out, held),
            }
        }
    }

    /// The first answer to a message.
    fn answer(
        &mut self,
        qos: Qos,
        packet_id: u16,
        ack: Acknowledgement,
        out: &mut Vec<u8>,
        held: &mut Held,
    ) {
        match qos {
            Qos::AtMostOnce => {}
            Qos::AtLeastOnce => self.acknowledge(ack, kind::PUBACK, out),
            Qos::ExactlyOnce => self.received(packet_id, ack, out, held),
        }
    }

    /// A message of QoS 2 that is answered: its identifier has to be known until
    /// it is released, wherever the session goes on. MQTT 5 ends the exchange
    /// with a failure.
    fn received(
        &mut self,
        packet_id: u16,
        ack: Acknowledgement,
        out: &mut Vec<u8>,
        held: &mut Held,
    ) {
        if self.protocol == Protocol::V5 && ack.is_failure() {
            return self.acknowledge(ack, kind::PUBREC, out);
        }
        self.receive(packet_id);
        self.answer_received(packet_id, ack, out, held);
    }

    fn receive(&mut self, packet_id: u16) {
        let received = &mut self.incoming.received;
        if let Err(index) = received.binary_search(&packet_id) {
            received.insert(index, packet_id);
        }
    }

    fn answer_received(
        &self,
        packet_id: u16,
        ack: Acknowledgement,
        out: &mut Vec<u8>,
        held: &mut Held,
    ) {
        let out = match self.keeping {
            Keeping::Memory => out,
            Keeping::Store => {
                held.changes.push(HeldChange::Received(packet_id));
                &mut held.answers
            }
        };
        self.write(ack, kind::PUBREC, out);
    }

    /// Messages whose acknowledgement has not been written.
    pub(crate) fn pending(&self) -> usize {
        self.incoming.pending.len()
    }

    /// Gives memory back after a burst; called when nothing is pending.
    pub(crate) fn shrink(&mut self) {
        const KEPT: usize = 64;
        if self.incoming.pending.is_empty() && self.incoming.pending.capacity() > KEPT {
            self.incoming.pending = VecDeque::new();
        }
    }

    fn push(&mut self, publish: &Publish<'_>, settled: Settled) {
        self.incoming.pending.push_back(Pending {
            packet_id: publish.packet_id,
            qos: publish.qos,
            settled,
        });
    }

    fn count(&mut self, publish: &Publish<'_>) {
        if publish.qos != Qos::AtMostOnce {
            self.incoming.unacknowledged += 1;
        }
    }

    /// An answer that ends the exchange.
    fn acknowledge(&mut self, ack: Acknowledgement, kind: u8, out: &mut Vec<u8>) {
        self.incoming.unacknowledged = self.incoming.unacknowledged.saturating_sub(1);
        self.write(ack, kind, out);
    }

    fn write(&self, ack: Acknowledgement, kind: u8, out: &mut Vec<u8>) {
        ack.encode(kind, self.protocol, self.problem_information, out);
    }
}

const INVALID_TOPIC: Violation = Violation::new(
    ReasonCode::TOPIC_NAME_INVALID,
    "the topic is empty, too long, too deep, or holds a wildcard",
);
