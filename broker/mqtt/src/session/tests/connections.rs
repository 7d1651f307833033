//! The ends and beginnings of a session's connections.

use std::sync::Arc;
use std::time::Instant;

use transport::Protocol;

use super::driver::{Driver, KEEP_ALIVE};
use super::step::Terms;
use crate::codec::{
    Connect, Disconnect, Packet, Properties, Property, PropertyList, Qos, ReasonCode, Will,
};
use crate::limits::Config;
use crate::session::{Action, Keeping, Kept, Session, read_connect};

impl Driver {
    pub(super) fn disconnect(&mut self, expiry: Option<u32>, with_will: bool, next: Terms) {
        let v5 = self.model.terms.protocol == Protocol::V5;
        let (expiry, with_will) = (expiry.filter(|_| v5), with_will && v5);
        let properties = expiry
            .into_iter()
            .map(Property::SessionExpiry)
            .fold(PropertyList::default(), PropertyList::with);
        let packet = Disconnect {
            reason: ReasonCode(if with_will { 4 } else { 0 }),
            properties: properties.as_properties(),
        };
        let action = self.handle(Packet::Disconnect(packet));
        if self.model.disconnect(expiry) {
            assert!(matches!(action, Ok(Action::Disconnect)));
            assert_eq!(self.session.will().is_some(), with_will);
        } else {
            assert_eq!(action.expect_err("a violation").reason.0, 0x82);
            assert!(self.session.will().is_some());
        }
        assert_eq!(self.session.expiry(), self.model.expiry);
        self.reconnect(next, false);
    }

    /// A platform that starts again knows what its store was told.
    pub(super) fn restart(&mut self, next: Terms) {
        let holds = self.model.holds() && self.model.expiry > 0;
        self.unsaved.clear();
        self.unsaved_changes.clear();
        if !holds {
            return self.begin(next, Kept::default(), true);
        }
        for it in &self.client.sending {
            let known = self.stored.contains(&it.packet_id);
            assert!(
                known || !it.is_received || it.is_released,
                "{it:?} is not stored"
            );
            if !known && !it.is_received {
                // Its message is durable and its identifier is not: it comes
                // again with DUP, for the platform to recognise.
                self.taken.remove(&it.number);
            }
        }
        self.model.received = self.stored.clone();
        self.model.flight.clear();
        let kept = Kept {
            subscriptions: self.session.subscriptions().to_vec(),
            received: self.stored.iter().copied().collect(),
            ..Kept::default()
        };
        self.begin(next, kept, false);
    }

    pub(super) fn reconnect(&mut self, next: Terms, wrap: bool) {
        // The store has all changes in their order; the answers are lost.
        self.unsaved.clear();
        self.saved();
        let unused = connect(&self.config, &next, false, Kept::default(), self.now());
        let mut kept = std::mem::replace(&mut self.session, unused).into_kept();
        let ids: Vec<_> = self.model.flight.iter().map(|it| it.packet_id).collect();
        if let Some(first) = ids.first().filter(|_| wrap) {
            kept.flight.last_id = first
                .checked_sub(1)
                .filter(|id| *id > 0)
                .unwrap_or(u16::MAX);
        }
        if self.model.expiry == 0 || next.clean {
            let shared =
                |it: &&super::model::Flight| it.wanted.shared && it.wanted.qos == Qos::AtLeastOnce;
            let given_back = self.model.flight.iter().filter(shared).map(|it| it.number);
            let back = kept.take_shared();
            let back = back.iter().map(|it| it.position().get());
            assert!(back.eq(given_back));
            kept = Kept::default();
        }
        self.begin(next, kept, false);
    }

    fn begin(&mut self, next: Terms, kept: Kept, is_lost: bool) {
        let goes_on = self.model.reconnect(next, is_lost);
        let kept = if goes_on { kept } else { Kept::default() };
        self.client.reconnect(!goes_on);
        if !goes_on || !self.model.holds() {
            self.stored.clear();
        }
        if self.model.holds() {
            self.stored.extend(&self.model.received);
        }
        let is_stored = self.model.is_stored;
        self.session = connect(&self.config, &next, is_stored, kept, self.now());
        self.check();
    }
}

pub(super) fn connect(
    config: &Arc<Config>,
    terms: &Terms,
    is_stored: bool,
    kept: Kept,
    now: Instant,
) -> Session {
    let mut properties = PropertyList::default();
    if terms.protocol == Protocol::V5 {
        properties.push(Property::SessionExpiry(terms.expiry));
        properties.push(Property::ReceiveMaximum(terms.receive_maximum));
        properties.push(Property::TopicAliasMaximum(terms.aliases));
        properties.push(Property::RequestProblemInformation(
            terms.problem_information.into(),
        ));
        if let Some(bytes) = terms.max_packet {
            properties.push(Property::MaximumPacketSize(bytes));
        }
    }
    let connect = Connect {
        protocol: terms.protocol,
        clean_start: terms.clean,
        keep_alive: KEEP_ALIVE,
        properties: properties.as_properties(),
        client_id: "c",
        will: Some(Will {
            properties: Properties::NONE,
            topic: "gone",
            payload: b"",
            qos: Qos::AtMostOnce,
            retain: false,
        }),
        user_name: None,
        password: None,
    };
    let requested = read_connect(&connect, config).expect("a CONNECT that can be answered");
    let keeping = if is_stored && terms.expiry > 0 {
        Keeping::Store
    } else {
        Keeping::Memory
    };
    Session::new(config.clone(), requested, keeping, kept, now)
}
