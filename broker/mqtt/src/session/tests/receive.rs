//! The client's messages: published, released, and made durable.

use std::collections::BTreeSet;

use domain::Offset;
use transport::{Protocol, Receipt};

use super::client::Sending;
use super::driver::{Driver, TOPIC_ALIASES, ack};
use super::model::{Owed, Pending, Verdict};
use super::step::{Alias, Fate};
use crate::codec::{Packet, Property, PropertyList, Publish, Qos, ReasonCode};
use crate::session::{Action, Routed};

const TOPIC: &str = "t";

struct Durable {
    offset: u64,
    readable: bool,
}

impl Receipt for Durable {
    fn offset(&self) -> Offset {
        Offset::new(self.offset)
    }
    fn readable(&self) -> bool {
        self.readable
    }
}

impl Driver {
    pub(super) fn publish(
        &mut self,
        packet_id: u16,
        qos: Qos,
        fate: Fate,
        alias: Alias,
        duplicate: bool,
        owed: &mut Owed,
    ) {
        let v5 = self.model.terms.protocol == Protocol::V5;
        let alias = if v5 { alias } else { Alias::None };
        // Nothing is routed where there is a store.
        let fate = match fate {
            Fate::Routed if self.model.is_stored => Fate::Staged,
            fate => fate,
        };
        let properties = match alias {
            Alias::None => PropertyList::default(),
            Alias::Set | Alias::Use => PropertyList::default().with(Property::TopicAlias(1)),
            Alias::TooHigh => PropertyList::default().with(Property::TopicAlias(TOPIC_ALIASES + 1)),
        };
        let publish = Publish {
            duplicate,
            qos,
            retain: false,
            topic: if alias == Alias::Use { "" } else { TOPIC },
            packet_id,
            properties: properties.as_properties(),
            payload: b"x",
        };
        let verdict = self.model.publish(packet_id, qos, alias, owed);
        let taken = match (self.handle(Packet::Publish(publish)), verdict) {
            (Ok(Action::Publish(publish)), Verdict::Taken) => publish,
            (Ok(Action::None), Verdict::Known) => return,
            (Err(fault), Verdict::Violation(reason)) => {
                assert_eq!(fault.reason.0, reason);
                return self.fall(owed);
            }
            (action, verdict) => panic!("{action:?} for {verdict:?}"),
        };
        assert_eq!(self.session.topic_of(&taken), TOPIC);
        if qos == Qos::ExactlyOnce {
            let number = self.number_of(packet_id);
            assert!(
                !number.is_some_and(|it| self.taken.contains(&it)),
                "taken twice"
            );
        }
        match fate {
            Fate::Staged => self.session.staged(&taken),
            Fate::Routed => self.session.routed(&taken, &Routed::done(), &mut self.out),
            Fate::Refused => {
                let reason = ReasonCode::NOT_AUTHORIZED;
                let (out, held) = (&mut self.out, &mut self.held);
                self.session.refused(&taken, reason, out, held);
            }
            Fate::Rejected => {
                let reason = ReasonCode::NOT_AUTHORIZED;
                self.session.staged_reject(&taken, reason);
            }
        }
        let before = self.model.received.clone();
        self.model.take(
            Pending {
                packet_id,
                qos,
                fate,
            },
            owed,
        );
        self.note_taken(&before);
    }

    fn number_of(&self, packet_id: u16) -> Option<u64> {
        let same = |it: &&Sending| it.packet_id == packet_id;
        self.client.sending.iter().find(same).map(|it| it.number)
    }

    fn note_taken(&mut self, before: &BTreeSet<u16>) {
        for packet_id in self.model.received.difference(before) {
            if let Some(number) = self.number_of(*packet_id) {
                self.taken.insert(number);
            }
        }
    }

    pub(super) fn release(&mut self, packet_id: u16, owed: &mut Owed) {
        let action = self.handle(Packet::PubRel(ack(packet_id, 0)));
        assert!(matches!(action, Ok(Action::None)));
        self.model.release(packet_id, owed);
    }

    pub(super) fn commit(&mut self, readable: bool, owed: &mut Owed) {
        if self.model.pending.is_empty() {
            return;
        }
        self.offset += 1;
        let offset = self.offset;
        let receipt = Durable { offset, readable };
        let counted = self
            .session
            .committed(&receipt, &mut self.out, &mut self.held);
        let before = self.model.received.clone();
        let counts = self.model.commit(offset, readable, owed);
        assert_eq!(counted, u64::from(counts));
        self.note_taken(&before);
        self.session.shrink();
    }
}
