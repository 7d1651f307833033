//! PUBLISH to the client: packet identifiers, the window in flight, and what
//! is sent again when the session goes on.

mod answer;
mod flight;
mod queue;

use std::collections::VecDeque;
use std::time::Instant;

use transport::{LogPosition, Protocol};

pub(crate) use flight::Flight;
use flight::InFlight;
pub(crate) use queue::DeliveryQueue;

use super::alias::{Alias, Aliases};
use super::{Requested, Session};
use crate::codec::{Ack, Properties, Property, PropertyList, Publish, Qos, ReasonCode, kind, wire};
use crate::limits::Config;
use crate::message::{Delivery, Message};

#[derive(Debug)]
pub(super) struct Outgoing {
    last_id: u16,
    /// Oldest first; clients acknowledge in order.
    in_flight: VecDeque<InFlight>,
    /// Of the session's last connection: to be sent again, oldest first.
    again: VecDeque<InFlight>,
    window: u16,
    /// Bytes of a packet that the client takes.
    max_packet: usize,
    aliases: Aliases,
    /// Messages that the client lost and has not been told of.
    untold: u64,
}

/// What became of a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sent {
    Written,
    /// Larger than the client takes: dropped, as MQTT 5.0 3.1.2.11.4 asks.
    TooLarge,
    /// No longer worth delivering.
    Expired,
}

/// The user property that tells an MQTT 5 client how many messages it was too
/// slow for.
const LOST: &str = "lost";

impl Outgoing {
    pub(super) fn resuming(flight: Flight, requested: &Requested, config: &Config) -> Self {
        Self {
            last_id: flight.last_id,
            in_flight: VecDeque::new(),
            again: flight.in_flight,
            window: requested.receive_maximum.min(config.delivery_window),
            max_packet: requested.max_packet,
            aliases: Aliases::new(requested.topic_aliases.min(config.topic_aliases)),
            untold: 0,
        }
    }

    pub(super) fn into_flight(mut self) -> Flight {
        // What was not sent again yet is younger than what was.
        self.in_flight.append(&mut self.again);
        self.in_flight.shrink_to_fit();
        Flight {
            last_id: self.last_id,
            in_flight: self.in_flight,
        }
    }

    pub(super) fn oldest_in_flight(&self) -> Option<LogPosition> {
        let (sent, again) = (flight::oldest(&self.in_flight), flight::oldest(&self.again));
        match (sent, again) {
            (Some(sent), Some(again)) => Some(sent.min(again)),
            (sent, again) => sent.or(again),
        }
    }

    /// A client may acknowledge on this connection what it was sent on its
    /// last, before that is sent again.
    fn find(&mut self, packet_id: u16) -> Option<(&mut VecDeque<InFlight>, usize)> {
        let same = |it: &InFlight| it.packet_id == packet_id;
        [&mut self.in_flight, &mut self.again]
            .into_iter()
            .find_map(|queue| Some((queue.iter().position(same)?, queue)))
            .map(|(index, queue)| (queue, index))
    }

    /// A message of that QoS is over.
    pub(super) fn settle(&mut self, packet_id: u16, qos: Qos) -> bool {
        self.remove(packet_id, |it| {
            it.delivery.as_ref().is_some_and(|it| it.qos == qos)
        })
    }

    /// The client has a message of QoS 2: only its identifier is kept.
    pub(super) fn receive(&mut self, packet_id: u16) -> bool {
        let Some((queue, index)) = self.find(packet_id) else {
            return false;
        };
        let it = &mut queue[index];
        if it
            .delivery
            .as_ref()
            .is_some_and(|it| it.qos != Qos::ExactlyOnce)
        {
            return false;
        }
        it.delivery = None;
        true
    }

    /// The client has released a message of QoS 2.
    pub(super) fn complete(&mut self, packet_id: u16) -> bool {
        self.remove(packet_id, |it| it.delivery.is_none())
    }

    fn remove(&mut self, packet_id: u16, is_over: impl Fn(&InFlight) -> bool) -> bool {
        let found = self.find(packet_id);
        let Some((queue, index)) = found.filter(|(queue, index)| is_over(&queue[*index])) else {
            return false;
        };
        queue.remove(index);
        if queue.is_empty() {
            // An idle subscriber keeps no buffer of its busy hour.
            queue.shrink_to(KEPT);
        }
        true
    }

    fn has_window(&self) -> bool {
        self.in_flight.len() < usize::from(self.window)
    }

    /// The window is far smaller than the number of identifiers, so the search
    /// ends soon.
    fn take_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            let id = self.last_id;
            let taken = |it: &InFlight| it.packet_id == id;
            if !self.in_flight.iter().any(taken) && !self.again.iter().any(taken) {
                return id;
            }
        }
    }
}

/// Places that an empty window keeps.
const KEPT: usize = 16;

impl Session {
    /// Whether a delivery may be written now.
    pub(crate) fn has_room(&self, delivery: &Delivery) -> bool {
        self.has_room_for(delivery.qos)
    }

    /// The same for one that is not made yet.
    pub(crate) fn has_room_for(&self, qos: Qos) -> bool {
        let outgoing = &self.outgoing;
        qos == Qos::AtMostOnce || outgoing.again.is_empty() && outgoing.has_window()
    }

    /// Sends again what the client has not acknowledged on its last
    /// connection, as far as the window and `room`, in bytes, allow; whether
    /// all of it was sent.
    pub(crate) fn send_again(&mut self, room: usize, now: Instant, out: &mut Vec<u8>) -> bool {
        while let Some(mut next) = self.outgoing.again.pop_front() {
            if !self.outgoing.has_window() || out.len() >= room {
                self.outgoing.again.push_front(next);
                return false;
            }
            if let Some(delivery) = &next.delivery {
                // The client may have one of QoS 2 and wait for its PUBREL, so
                // that its identifier must not become another message's yet.
                let forgets = delivery.qos != Qos::ExactlyOnce;
                if forgets && delivery.message.is_expired(now) {
                    continue;
                }
                // This connection may take less than the last one did.
                if self.write_publish(delivery, next.packet_id, true, now, out) == Sent::TooLarge {
                    if forgets {
                        continue;
                    }
                    next.delivery = None;
                }
            }
            if next.delivery.is_none() {
                Ack {
                    packet_id: next.packet_id,
                    reason: ReasonCode::SUCCESS,
                    properties: Properties::NONE,
                }
                .encode(kind::PUBREL << 4 | 2, self.protocol, out);
            }
            self.outgoing.in_flight.push_back(next);
        }
        true
    }

    /// Writes a PUBLISH; the caller has asked [`Self::has_room`].
    pub(crate) fn deliver(&mut self, delivery: Delivery, now: Instant, out: &mut Vec<u8>) -> Sent {
        if delivery.message.is_expired(now) {
            return Sent::Expired;
        }
        let packet_id = match delivery.qos {
            Qos::AtMostOnce => 0,
            _ => self.outgoing.take_id(),
        };
        let sent = self.write_publish(&delivery, packet_id, false, now, out);
        if sent == Sent::Written && packet_id != 0 {
            self.outgoing.in_flight.push_back(InFlight {
                packet_id,
                delivery: Some(delivery),
            });
        }
        sent
    }

    /// The client was too slow for some messages; an MQTT 5 client is told
    /// with the next one.
    pub(crate) fn lost(&mut self, messages: u64) {
        if self.takes_details() {
            self.outgoing.untold += messages;
        }
    }

    fn write_publish(
        &mut self,
        delivery: &Delivery,
        packet_id: u16,
        duplicate: bool,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Sent {
        let message = &delivery.message;
        for extras in [Extras::Added, Extras::LeftOut] {
            let (mut alias, mut own) = (Alias::None, PropertyList::default());
            if self.protocol == Protocol::V5 {
                own_properties(delivery, now, &mut own);
                if extras == Extras::Added {
                    alias = self.outgoing.extras(message, &mut own);
                }
            }
            let publish = Publish {
                duplicate,
                qos: delivery.qos,
                retain: delivery.retain,
                topic: match alias {
                    Alias::Known(_) => "",
                    Alias::New(_) | Alias::None => &message.topic,
                },
                packet_id,
                properties: own.as_properties(),
                payload: &message.payload,
            };
            if !self.outgoing.fits(&publish, self.protocol) {
                continue;
            }
            publish.encode(self.protocol, out);
            if extras == Extras::Added {
                self.outgoing.untold = 0;
            }
            if let Alias::New(_) = alias {
                self.outgoing.aliases.set(&message.topic);
            }
            return Sent::Written;
        }
        Sent::TooLarge
    }
}

/// What a message can do without where it would be too large with it: an alias
/// and the count of those that were lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extras {
    Added,
    LeftOut,
}

impl Outgoing {
    /// MQTT 5.0, 3.1.2.11.4.
    fn fits(&self, publish: &Publish<'_>, protocol: Protocol) -> bool {
        if self.max_packet == usize::MAX {
            return true;
        }
        let id = 2 * usize::from(publish.qos != Qos::AtMostOnce);
        let body = 2 + publish.topic.len() + id + publish.payload.len();
        let body = match protocol {
            Protocol::V5 => body + publish.properties.encoded_length(),
            Protocol::V311 => body,
        };
        1 + wire::varint_length(body) + body <= self.max_packet
    }

    fn extras(&self, message: &Message, own: &mut PropertyList) -> Alias {
        if self.untold > 0 {
            own.push(Property::User(LOST, &self.untold.to_string()));
        }
        if !self.aliases.are_taken() {
            return Alias::None;
        }
        let alias = self.aliases.of(&message.topic);
        if let Alias::New(number) | Alias::Known(number) = alias {
            own.push(Property::TopicAlias(number));
        }
        alias
    }
}

/// The message's own properties, and those of this delivery. A message without
/// any costs nothing here.
fn own_properties(delivery: &Delivery, now: Instant, own: &mut PropertyList) {
    let message = &delivery.message;
    if !message.properties.is_empty() {
        own.extend(message.properties.as_properties());
    }
    if let Some(expires) = message.expires {
        let left = expires.saturating_duration_since(now).as_millis();
        own.push(Property::MessageExpiry(left.div_ceil(1_000) as u32));
    }
    for id in &delivery.subscription_ids {
        own.push(Property::SubscriptionId(*id));
    }
}
