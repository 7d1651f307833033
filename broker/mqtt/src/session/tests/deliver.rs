//! Messages to the client: what is written, in which order, and how large.

use std::sync::Arc;

use transport::{LogMessage, LogPosition, Protocol};

use super::client::{Message as SeenMessage, Seen};
use super::driver::Driver;
use super::model::Flight;
use super::step::{Room, Wanted};
use crate::codec::Qos;
use crate::message::{Delivery, Message};
use crate::session::Sent;

impl Driver {
    pub(super) fn deliver(&mut self, mut wanted: Wanted) {
        if self.model.is_stored {
            // The log's messages have QoS 1 at most.
            wanted.qos = wanted.qos.min(Qos::AtLeastOnce);
        }
        self.delivered += 1;
        let number = self.delivered;
        let expires = wanted.expiry.map(|it| self.second + u64::from(it));
        let delivery = self.delivery(&wanted, number, expires);
        let room = self.model.has_room(wanted.qos);
        assert_eq!(self.session.has_room(&delivery), room);
        if !room {
            return;
        }
        let now = self.now();
        let sent = self.session.deliver(delivery, now, &mut self.out);
        let seen = self.read_out();
        let is_expired = expires.is_some_and(|at| at <= self.second);
        assert_eq!(sent == Sent::Expired, is_expired);
        if sent != Sent::Written {
            assert!(seen.is_empty());
            assert!(is_expired || self.may_be_too_large(&wanted, number));
            return self.check();
        }
        let [Seen::Publish(message)] = &seen[..] else {
            panic!("{seen:?}")
        };
        let known = self
            .model
            .flight
            .iter()
            .any(|it| it.packet_id == message.packet_id);
        assert!(!known, "an identifier in use");
        assert_eq!(message.packet_id > 0, wanted.qos != Qos::AtMostOnce);
        let flight = Flight {
            packet_id: message.packet_id,
            wanted,
            number,
            expires,
            is_received: false,
            is_sent: true,
        };
        self.is_owed(message, &flight, false);
        if wanted.qos != Qos::AtMostOnce {
            self.model.flight.push(flight);
        }
        self.check();
    }

    /// Everything comes again in its order, as far as the window allows.
    pub(super) fn send_again(&mut self, room: Room) {
        let bytes = match room {
            Room::None => 0,
            Room::OnePacket => 1,
            Room::Any => usize::MAX,
        };
        let now = self.now();
        let is_done = self.session.send_again(bytes, now, &mut self.out);
        let seen = self.read_out();
        let (mut next, mut index) = (seen.iter().peekable(), 0);
        let mut written = 0;
        while index < self.model.flight.len() {
            let it = self.model.flight[index].clone();
            let is_full = room == Room::None || room == Room::OnePacket && written > 0;
            if it.is_sent {
                index += 1;
                continue;
            }
            if is_full || !self.model.has_window() {
                break;
            }
            let is_it = |seen: &Seen| match seen {
                Seen::Publish(message) => message.packet_id == it.packet_id,
                Seen::PubRel(packet_id, 0) => *packet_id == it.packet_id,
                _ => false,
            };
            match next.next_if(|seen| is_it(seen)) {
                Some(Seen::Publish(message)) if !it.is_received => {
                    self.is_owed(message, &it, true);
                }
                Some(Seen::PubRel(..)) if it.is_received => {}
                // Given up, and its identifier with it, in words that a client
                // understands whether it had the message or not.
                Some(Seen::PubRel(..)) => {
                    assert_eq!(it.wanted.qos, Qos::ExactlyOnce);
                    assert!(self.may_be_too_large(&it.wanted, it.number));
                    self.model.flight[index].is_received = true;
                }
                Some(other) => panic!("{other:?} for {it:?}"),
                None => {
                    let is_expired = it.expires.is_some_and(|at| at <= self.second);
                    let expired = is_expired && it.wanted.qos == Qos::AtLeastOnce;
                    let too_large = self.may_be_too_large(&it.wanted, it.number);
                    assert!(
                        !it.is_received && (expired || too_large),
                        "{it:?} is missing"
                    );
                    self.model.flight.remove(index);
                    continue;
                }
            }
            self.model.flight[index].is_sent = true;
            written += 1;
            index += 1;
        }
        assert_eq!(next.next(), None);
        assert_eq!(is_done, self.model.flight.iter().all(|it| it.is_sent));
        self.check();
    }

    fn read_out(&mut self) -> Vec<Seen> {
        let bytes = std::mem::take(&mut self.out);
        self.client.read(&bytes, &self.model.terms)
    }

    fn is_owed(&mut self, message: &SeenMessage, it: &Flight, duplicate: bool) {
        let v5 = self.model.terms.protocol == Protocol::V5;
        let ids = it.wanted.subscription_id.filter(|_| v5);
        let left = it.expires.map(|at| at.saturating_sub(self.second) as u32);
        match message.lost {
            Some(lost) => {
                assert_eq!(lost, self.model.untold);
                self.model.untold = 0;
            }
            // Left out where it would make the message too large.
            None => assert!(self.model.untold == 0 || self.model.terms.max_packet.is_some()),
        }
        let owed = SeenMessage {
            packet_id: it.packet_id,
            qos: it.wanted.qos,
            duplicate,
            topic: it.wanted.topic.to_owned(),
            number: it.number,
            expiry: left.filter(|_| v5),
            subscription_ids: ids.into_iter().collect(),
            lost: message.lost,
        };
        assert_eq!(*message, owed);
    }

    fn delivery(&self, wanted: &Wanted, number: u64, expires: Option<u64>) -> Delivery {
        let position = LogPosition::from_raw(number);
        let mut message = Message::of_log(LogMessage {
            topic: wanted.topic.into(),
            payload: payload(wanted, number).into(),
            position,
        });
        let left = expires.map(|at| std::time::Duration::from_secs(at - self.second));
        message.expires = left.map(|left| self.now() + left);
        Delivery {
            message: Arc::new(message),
            qos: wanted.qos,
            retain: false,
            shared: wanted.shared,
            subscription_ids: wanted.subscription_id.into_iter().collect(),
        }
    }

    /// Without an alias and without a word about what was lost. All sizes here
    /// are below 128, so each length is one byte.
    fn may_be_too_large(&self, wanted: &Wanted, number: u64) -> bool {
        let id = 2 * usize::from(wanted.qos != Qos::AtMostOnce);
        let expiry = 5 * usize::from(wanted.expiry.is_some());
        let subscription = match wanted.subscription_id {
            None => 0,
            Some(id) => 2 + usize::from(id > 127),
        };
        let body = 2 + wanted.topic.len() + id + payload(wanted, number).len();
        let bytes = 2 + body + 1 + expiry + subscription;
        self.model
            .terms
            .max_packet
            .is_some_and(|most| bytes > most as usize)
    }
}

fn payload(wanted: &Wanted, number: u64) -> String {
    format!("{number}{}", ".".repeat(wanted.filler))
}
