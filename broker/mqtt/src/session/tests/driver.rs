//! One history, lived through by a session, by its model and by a client.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use transport::{LogPosition, Protocol};

use super::client::{Client, Seen, Sending};
use super::connections::connect;
use super::model::{Model, Owed};
use super::step::{Alias, Answer, Step, Terms};
use crate::codec::{Ack, Packet, Properties, Qos, ReasonCode};
use crate::limits::Config;
use crate::session::{Action, Held, HeldChange, Kept, Session, Violation};

/// Small, so that a short history reaches them.
pub(super) const RECEIVE_MAXIMUM: u16 = 4;
pub(super) const UNRELEASED_MESSAGES: usize = 3;
pub(super) const WINDOW: u16 = 3;
pub(super) const SUBSCRIPTIONS: usize = 4;
pub(super) const TOPIC_ALIASES: u16 = 2;
pub(super) const MAX_EXPIRY: u32 = 1_000;
/// Seconds.
pub(super) const KEEP_ALIVE: u16 = 10;

pub(super) struct Driver {
    pub(super) config: Arc<Config>,
    pub(super) session: Session,
    pub(super) model: Model,
    pub(super) client: Client,
    pub(super) start: Instant,
    /// Seconds since the start.
    pub(super) second: u64,
    pub(super) out: Vec<u8>,
    pub(super) held: Held,
    /// Answers that the store has not let go yet, as bytes and as changes.
    pub(super) unsaved: Vec<u8>,
    pub(super) unsaved_changes: Vec<HeldChange>,
    /// Identifiers of QoS 2 as the store has them.
    pub(super) stored: BTreeSet<u16>,
    /// Messages of QoS 2 that were taken for good.
    pub(super) taken: BTreeSet<u64>,
    pub(super) sent: u64,
    pub(super) offset: u64,
    pub(super) delivered: u64,
}

impl Driver {
    pub(super) fn new(terms: Terms) -> Self {
        let config = Arc::new(Config {
            receive_maximum: RECEIVE_MAXIMUM,
            unreleased_messages: UNRELEASED_MESSAGES,
            delivery_window: WINDOW,
            subscriptions_per_session: SUBSCRIPTIONS,
            topic_aliases: TOPIC_ALIASES,
            topic_levels: 5,
            max_session_expiry: MAX_EXPIRY,
            ..Config::default()
        });
        let start = Instant::now();
        Self {
            session: connect(&config, &terms, terms.is_stored, Kept::default(), start),
            config,
            model: Model::new(terms),
            client: Client::default(),
            start,
            second: 0,
            out: Vec::new(),
            held: Held::default(),
            unsaved: Vec::new(),
            unsaved_changes: Vec::new(),
            stored: BTreeSet::new(),
            taken: BTreeSet::new(),
            sent: 0,
            offset: 0,
            delivered: 0,
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.start + Duration::from_secs(self.second)
    }

    pub(super) fn handle<'a>(&mut self, packet: Packet<'a>) -> Result<Action<'a>, Violation> {
        let now = self.now();
        self.session
            .handle(packet, now, &mut self.out, &mut self.held)
    }

    pub(super) fn step(&mut self, step: Step) {
        let mut owed = Owed::default();
        match step {
            Step::Publish { qos, fate, alias } => {
                let packet_id = self.begin_sending(qos);
                self.publish(packet_id, qos, fate, alias, false, &mut owed);
            }
            Step::Repeat { pick, fate } => {
                let again = |it: &&Sending| it.qos == Qos::ExactlyOnce && !it.is_received;
                if let Some(it) = choose(self.client.sending.iter().filter(again), pick) {
                    let packet_id = it.packet_id;
                    self.publish(
                        packet_id,
                        Qos::ExactlyOnce,
                        fate,
                        Alias::None,
                        true,
                        &mut owed,
                    );
                }
            }
            Step::Release { pick } => {
                let received = self.client.sending.iter_mut().filter(|it| it.is_received);
                if let Some(it) = choose(received, pick) {
                    it.is_released = true;
                    let packet_id = it.packet_id;
                    self.release(packet_id, &mut owed);
                }
            }
            Step::ReleaseAny { packet_id } => {
                self.client.sending.retain(|it| it.packet_id != packet_id);
                self.release(packet_id, &mut owed);
            }
            Step::Commit { readable } => self.commit(readable, &mut owed),
            Step::Saved => self.saved(),
            Step::Deliver(wanted) => return self.deliver(wanted),
            Step::SendAgain { room } => return self.send_again(room),
            Step::Answer {
                answer,
                pick,
                wrong,
            } => self.answer(answer, pick, wrong, &mut owed),
            Step::Wait(seconds) => self.second += u64::from(seconds),
            Step::Lost(count) => self.lost(count),
            Step::Ping => {
                assert!(matches!(self.handle(Packet::PingReq), Ok(Action::None)));
                let patience = Duration::from_millis(u64::from(KEEP_ALIVE) * 1_500);
                assert_eq!(self.session.deadline(), Some(self.now() + patience));
                owed.now.push(Seen::Pong);
            }
            Step::Subscribe {
                first,
                second,
                options,
            } => {
                self.subscribe([first, second], options, &mut owed);
            }
            Step::Unsubscribe { first, second } => self.unsubscribe([first, second], &mut owed),
            Step::Disconnect {
                expiry,
                with_will,
                next,
            } => {
                return self.disconnect(expiry, with_will, next);
            }
            Step::Cut { next, wrap } => return self.reconnect(next, wrap),
            Step::Restart { next } => return self.restart(next),
        }
        self.compare(&owed);
    }

    /// The packet id of one more message that the client sends.
    fn begin_sending(&mut self, qos: Qos) -> u16 {
        self.sent += 1;
        if qos == Qos::AtMostOnce {
            return 0;
        }
        let packet_id = self.client.free_id();
        self.client.sending.push(Sending {
            packet_id,
            qos,
            number: self.sent,
            is_received: false,
            is_released: false,
        });
        packet_id
    }

    /// What was written is what was owed.
    fn compare(&mut self, owed: &Owed) {
        let terms = self.model.terms;
        let seen = self.client.read(&std::mem::take(&mut self.out), &terms);
        self.same(&seen, &owed.now);
        // A second client reads what waits; the first has not seen it yet.
        let held = std::mem::take(&mut self.held);
        self.same(&Client::default().read(&held.answers, &terms), &owed.held);
        assert_eq!(held.changes.len(), owed.held.len());
        self.unsaved.extend(held.answers);
        self.unsaved_changes.extend(held.changes);
        self.check();
    }

    /// The offset of an acknowledgement may be left out of one that would be
    /// too large, or that may have no details.
    fn same(&self, seen: &[Seen], owed: &[Seen]) {
        let terms = &self.model.terms;
        let v5 = terms.protocol == Protocol::V5;
        let details = v5 && terms.problem_information && terms.max_packet.is_none();
        assert_eq!(seen.len(), owed.len(), "{seen:?} for {owed:?}");
        for (seen, owed) in seen.iter().zip(owed) {
            let mut owed = owed.clone();
            if let (
                Seen::PubAck(reply) | Seen::PubRec(reply),
                Seen::PubAck(expected) | Seen::PubRec(expected),
            ) = (seen, &mut owed)
            {
                assert!(!details || reply.offset == expected.offset, "{seen:?}");
                expected.offset = expected.offset.and(reply.offset);
                if !v5 {
                    expected.reason = 0;
                }
            }
            assert_eq!(*seen, owed);
        }
    }

    pub(super) fn check(&self) {
        assert_eq!(self.session.pending(), self.model.pending.len());
        let subscriptions: BTreeMap<_, _> = self
            .session
            .subscriptions()
            .iter()
            .map(|it| (it.name(), (it.options.qos as u8, it.id)))
            .collect();
        assert_eq!(subscriptions.len(), self.session.subscriptions().len());
        assert!(
            subscriptions.iter().map(|(name, it)| (&**name, it)).eq(self
                .model
                .subscriptions
                .iter()
                .map(|(name, it)| (*name, it)))
        );
        let flight = self.model.flight.iter().filter(|it| !it.is_received);
        let oldest = flight.map(|it| LogPosition::from_raw(it.number)).min();
        assert_eq!(self.session.oldest_in_flight(), oldest);
    }

    /// The client broke the rules: its connection is over, and it comes back.
    pub(super) fn fall(&mut self, owed: &mut Owed) {
        self.compare(owed);
        *owed = Owed::default();
        let terms = self.model.terms;
        let next = Terms {
            clean: false,
            // 3.1.1 asks for both at once.
            expiry: match terms.protocol {
                Protocol::V311 => MAX_EXPIRY,
                Protocol::V5 => terms.expiry,
            },
            ..terms
        };
        self.reconnect(next, false);
    }

    pub(super) fn saved(&mut self) {
        for change in self.unsaved_changes.drain(..) {
            match change {
                HeldChange::Received(id) => drop(self.stored.insert(id)),
                HeldChange::Released(id) => drop(self.stored.remove(&id)),
            }
        }
        let answers = std::mem::take(&mut self.unsaved);
        self.client.read(&answers, &self.model.terms);
    }

    fn answer(&mut self, answer: Answer, pick: u8, wrong: bool, owed: &mut Owed) {
        let flight = self.model.flight.iter().map(|it| it.packet_id);
        let packet_id = match choose(flight, pick) {
            Some(id) if !wrong => id,
            _ => u16::from(pick % 8) + 1,
        };
        let v5 = self.model.terms.protocol == Protocol::V5;
        let (packet, answer) = match answer {
            Answer::PubAck => (Packet::PubAck(ack(packet_id, 0)), answer),
            Answer::PubComp => (Packet::PubComp(ack(packet_id, 0)), answer),
            Answer::FailingPubRec if v5 => (Packet::PubRec(ack(packet_id, 0x83)), answer),
            // 3.1.1 has no word for it.
            _ => (Packet::PubRec(ack(packet_id, 0)), Answer::PubRec),
        };
        let action = self.handle(packet);
        let opens = self.model.acknowledge(answer, packet_id, owed);
        assert_eq!(matches!(action, Ok(Action::WindowOpened)), opens);
        assert!(matches!(action, Ok(Action::WindowOpened | Action::None)));
        if opens {
            self.client.closes(packet_id);
            self.client.forget_received(packet_id);
        }
    }

    fn lost(&mut self, count: u8) {
        self.session.lost(count.into());
        let terms = &self.model.terms;
        if terms.protocol == Protocol::V5 && terms.problem_information {
            self.model.untold += u64::from(count);
        }
    }
}

pub(super) fn ack(packet_id: u16, reason: u8) -> Ack<'static> {
    Ack {
        packet_id,
        reason: ReasonCode(reason),
        properties: Properties::NONE,
    }
}

fn choose<T>(items: impl Iterator<Item = T>, pick: u8) -> Option<T> {
    let mut items: Vec<T> = items.collect();
    match items.len() {
        0 => None,
        count => Some(items.swap_remove(usize::from(pick) % count)),
    }
}
