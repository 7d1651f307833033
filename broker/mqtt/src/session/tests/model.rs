//! What a server owes one client, in as few words as possible: plain lists,
//! no encoding, nothing shared with the session.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use transport::Protocol;

use super::client::{Reply, Seen};
use super::driver::{MAX_EXPIRY, RECEIVE_MAXIMUM, SUBSCRIPTIONS, UNRELEASED_MESSAGES, WINDOW};
use super::step::{Alias, Answer, Fate, Terms, Wanted};
use crate::codec::Qos;

/// A message of the client's whose first answer has not been written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) packet_id: u16,
    pub(super) qos: Qos,
    pub(super) fate: Fate,
}

/// A message to the client that is not over.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) packet_id: u16,
    pub(super) wanted: Wanted,
    pub(super) number: u64,
    /// Second.
    pub(super) expires: Option<u64>,
    /// PUBREC has come: only PUBREL is sent from now on.
    pub(super) is_received: bool,
    /// On this connection.
    pub(super) is_sent: bool,
}

/// What a PUBLISH comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Violation(u8),
    /// Known by its identifier: it is not taken again.
    Known,
    Taken,
}

/// Where an answer goes.
#[derive(Debug, Default)]
pub(super) struct Owed {
    pub(super) now: Vec<Seen>,
    pub(super) held: Vec<Seen>,
}

pub(super) struct Model {
    pub(super) terms: Terms,
    pub(super) is_stored: bool,
    pub(super) expiry: u32,
    pub(super) pending: VecDeque<Pending>,
    /// Messages that the client may not exceed.
    unanswered: u16,
    alias_is_set: bool,
    pub(super) received: BTreeSet<u16>,
    pub(super) flight: Vec<Flight>,
    /// By name: QoS and identifier.
    pub(super) subscriptions: BTreeMap<&'static str, (u8, Option<u32>)>,
    /// Messages that the client lost and was not told of.
    pub(super) untold: u64,
}

impl Model {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            is_stored: terms.is_stored,
            expiry: terms.expiry,
            pending: VecDeque::new(),
            unanswered: 0,
            alias_is_set: false,
            received: BTreeSet::new(),
            flight: Vec::new(),
            subscriptions: BTreeMap::new(),
            untold: 0,
        }
    }

    /// Whether anything is left of the session.
    pub(super) fn reconnect(&mut self, terms: Terms, is_lost: bool) -> bool {
        let goes_on = self.expiry > 0 && !terms.clean && !is_lost;
        let before = std::mem::replace(self, Self::new(terms));
        self.is_stored = before.is_stored;
        if goes_on {
            self.received = before.received;
            self.flight = before.flight;
            self.subscriptions = before.subscriptions;
            self.flight.iter_mut().for_each(|it| it.is_sent = false);
        }
        goes_on
    }

    /// Answers of QoS 2 wait for the store.
    pub(super) fn holds(&self) -> bool {
        self.is_stored && self.terms.expiry > 0
    }

    fn is_v5(&self) -> bool {
        self.terms.protocol == Protocol::V5
    }

    pub(super) fn publish(
        &mut self,
        packet_id: u16,
        qos: Qos,
        alias: Alias,
        owed: &mut Owed,
    ) -> Verdict {
        match alias {
            Alias::TooHigh => return Verdict::Violation(0x94),
            Alias::Use if !self.alias_is_set => return Verdict::Violation(0x82),
            Alias::Set => self.alias_is_set = true,
            Alias::Use | Alias::None => {}
        }
        if qos == Qos::ExactlyOnce {
            if self.received.contains(&packet_id) {
                let again = Seen::PubRec(bare(packet_id, 0));
                self.owe(owed).push(again);
                return Verdict::Known;
            }
            let same = |it: &Pending| it.qos == qos && it.packet_id == packet_id;
            if self.pending.iter().any(same) {
                return Verdict::Known;
            }
        }
        let unreleased = qos == Qos::ExactlyOnce && self.received.len() >= UNRELEASED_MESSAGES;
        let full = qos != Qos::AtMostOnce && self.is_v5() && self.unanswered >= RECEIVE_MAXIMUM;
        if full || unreleased {
            Verdict::Violation(0x93)
        } else {
            Verdict::Taken
        }
    }

    fn owe<'a>(&self, owed: &'a mut Owed) -> &'a mut Vec<Seen> {
        if self.holds() {
            &mut owed.held
        } else {
            &mut owed.now
        }
    }

    pub(super) fn take(&mut self, pending: Pending, owed: &mut Owed) {
        let waits = matches!(pending.fate, Fate::Staged | Fate::Rejected);
        if pending.qos == Qos::AtMostOnce && !waits {
            return;
        }
        self.unanswered += u16::from(pending.qos != Qos::AtMostOnce);
        self.pending.push_back(pending);
        self.settle(owed);
    }

    /// Answers what nothing stands before any more.
    fn settle(&mut self, owed: &mut Owed) {
        while let Some(first) = self.pending.front().copied() {
            let reason = match first.fate {
                Fate::Staged | Fate::Rejected => return,
                // 3.1.1 has no word for it: it is answered as any other.
                Fate::Refused => self.refusal(0x87),
                Fate::Routed => 0,
            };
            self.pending.pop_front();
            // Routed messages are in no store.
            let held = first.fate == Fate::Refused && self.is_held(first.qos, reason);
            let mut out = Vec::new();
            self.answer(first, bare(first.packet_id, reason), &mut out);
            if held {
                owed.held.append(&mut out);
            } else {
                owed.now.append(&mut out);
            }
        }
    }

    fn refusal(&self, reason: u8) -> u8 {
        if self.is_v5() { reason } else { 0 }
    }

    /// Whether an answer promises something that the store has to know first.
    fn is_held(&self, qos: Qos, reason: u8) -> bool {
        qos == Qos::ExactlyOnce && reason == 0 && self.holds()
    }

    fn answer(&mut self, message: Pending, reply: Reply, out: &mut Vec<Seen>) {
        let ends = message.qos == Qos::AtLeastOnce || reply.reason >= 0x80;
        if ends {
            self.unanswered = self.unanswered.saturating_sub(1);
        } else {
            self.received.insert(message.packet_id);
        }
        out.push(match message.qos {
            Qos::ExactlyOnce => Seen::PubRec(reply),
            _ => Seen::PubAck(reply),
        });
    }

    /// The receipt of the oldest; whether it counts as acknowledged.
    pub(super) fn commit(&mut self, offset: u64, readable: bool, owed: &mut Owed) -> bool {
        let Some(first) = self.pending.pop_front() else {
            return false;
        };
        let reply = Reply {
            packet_id: first.packet_id,
            reason: match (first.fate, readable) {
                (Fate::Rejected, _) => self.refusal(0x87),
                (_, true) => 0,
                (_, false) => self.refusal(0x99),
            },
            offset: Some(offset),
        };
        if first.qos != Qos::AtMostOnce {
            let held = self.is_held(first.qos, reply.reason);
            let mut out = Vec::new();
            self.answer(first, reply, &mut out);
            if held {
                owed.held.append(&mut out);
            } else {
                owed.now.append(&mut out);
            }
        }
        self.settle(owed);
        first.qos != Qos::AtMostOnce
    }

    pub(super) fn release(&mut self, packet_id: u16, owed: &mut Owed) {
        let known = self.received.remove(&packet_id);
        self.unanswered = self.unanswered.saturating_sub(u16::from(known));
        let not_found = if known || !self.is_v5() { 0 } else { 0x92 };
        let answer = Seen::PubComp(packet_id, not_found);
        if known {
            self.owe(owed).push(answer);
        } else {
            owed.now.push(answer);
        }
    }

    fn window(&self) -> usize {
        usize::from(self.terms.receive_maximum.min(WINDOW))
    }

    pub(super) fn has_window(&self) -> bool {
        self.flight.iter().filter(|it| it.is_sent).count() < self.window()
    }

    pub(super) fn has_room(&self, qos: Qos) -> bool {
        qos == Qos::AtMostOnce || self.flight.iter().all(|it| it.is_sent) && self.has_window()
    }

    /// An acknowledgement of the client's; whether the window opened.
    pub(super) fn acknowledge(&mut self, answer: Answer, packet_id: u16, owed: &mut Owed) -> bool {
        let found = self.flight.iter().position(|it| it.packet_id == packet_id);
        let (qos, is_received) = match found {
            Some(index) => (
                self.flight[index].wanted.qos,
                self.flight[index].is_received,
            ),
            None => (Qos::AtMostOnce, false),
        };
        let is_over = match answer {
            Answer::PubAck => qos == Qos::AtLeastOnce,
            Answer::FailingPubRec => qos == Qos::ExactlyOnce && !is_received,
            Answer::PubComp => is_received,
            Answer::PubRec => {
                let known = qos == Qos::ExactlyOnce;
                let reason = if known || !self.is_v5() { 0 } else { 0x92 };
                owed.now.push(Seen::PubRel(packet_id, reason));
                if let Some(index) = found.filter(|_| known) {
                    self.flight[index].is_received = true;
                }
                false
            }
        };
        if let Some(index) = found.filter(|_| is_over) {
            self.flight.remove(index);
        }
        is_over
    }

    /// The code of a filter, in MQTT 5's words; none for a violation.
    pub(super) fn subscribe(
        &mut self,
        filter: &Filter,
        options: u8,
        id: Option<u32>,
    ) -> Option<u8> {
        if options & 4 != 0 && filter.is_shared {
            return None;
        }
        let is_new = !self.subscriptions.contains_key(filter.text);
        Some(match filter.fault {
            0 if is_new && self.subscriptions.len() >= SUBSCRIPTIONS => 0x97,
            0 => {
                self.subscriptions.insert(filter.text, (options & 3, id));
                options & 3
            }
            fault => fault,
        })
    }

    /// Whether DISCONNECT may say that.
    pub(super) fn disconnect(&mut self, expiry: Option<u32>) -> bool {
        match expiry {
            Some(1..) if self.terms.expiry == 0 => return false,
            Some(seconds) => self.expiry = seconds.min(MAX_EXPIRY),
            None => {}
        }
        true
    }
}

fn bare(packet_id: u16, reason: u8) -> Reply {
    Reply {
        packet_id,
        reason,
        offset: None,
    }
}

pub(super) struct Filter {
    pub(super) text: &'static str,
    pub(super) is_shared: bool,
    /// Why it is never subscribed to; 0: it may be.
    pub(super) fault: u8,
}

const fn filter(text: &'static str, is_shared: bool, fault: u8) -> Filter {
    Filter {
        text,
        is_shared,
        fault,
    }
}

/// What rights there are in a test.
pub(super) const DENIED: &str = "denied/";

pub(super) const FILTERS: [Filter; 10] = [
    filter("a", false, 0),
    filter("a/+", false, 0),
    filter("#", false, 0),
    filter("$share/g/a", true, 0),
    filter("$share/h/a", true, 0),
    filter("denied/a", false, 0x87),
    filter("a/#/b", false, 0x8F),
    filter("$share/+/a", true, 0x8F),
    filter("a/b/c/d/e/f", false, 0x97),
    filter("b", false, 0),
];
