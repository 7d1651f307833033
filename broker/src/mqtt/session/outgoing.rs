//! PUBLISH to the client: packet identifiers and the window in flight.
//!
//! A session ends with its connection, so only the identifiers of messages in
//! flight are kept, not the messages.

use std::collections::VecDeque;

use super::Session;
use crate::access::Protocol;
use crate::mqtt::codec::{Property, PropertyList, Publish, Qos, wire};
use crate::mqtt::message::Delivery;

#[derive(Debug)]
pub(super) struct Outgoing {
    last_id: u16,
    /// Oldest first; clients acknowledge in order.
    in_flight: VecDeque<u16>,
    window: u16,
    /// Bytes of a packet that the client takes.
    max_packet: usize,
}

/// What became of a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    Written,
    /// Larger than the client takes: dropped, as MQTT 5.0 3.1.2.11.4 asks.
    TooLarge,
}

impl Outgoing {
    pub(super) fn new(window: u16, max_packet: usize) -> Self {
        Self {
            last_id: 0,
            in_flight: VecDeque::new(),
            window,
            max_packet,
        }
    }

    /// Whether the identifier was in flight.
    pub(super) fn acknowledged(&mut self, packet_id: u16) -> bool {
        match self.in_flight.iter().position(|id| *id == packet_id) {
            Some(index) => {
                self.in_flight.remove(index);
                true
            }
            None => false,
        }
    }

    /// The window is far smaller than the number of identifiers, so the search
    /// ends soon.
    fn take_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.in_flight.contains(&self.last_id) {
                self.in_flight.push_back(self.last_id);
                return self.last_id;
            }
        }
    }
}

impl Session {
    /// Whether a delivery may be written now.
    pub fn has_room(&self, delivery: &Delivery) -> bool {
        delivery.qos == Qos::AtMostOnce
            || self.outgoing.in_flight.len() < usize::from(self.outgoing.window)
    }

    /// Writes a PUBLISH; the caller has asked [`Self::has_room`].
    pub fn deliver(&mut self, delivery: &Delivery, out: &mut Vec<u8>) -> Sent {
        let message = &delivery.message;
        let plain = message.properties.is_empty() && delivery.subscription_ids.is_empty();
        let mut own = PropertyList::default();
        if self.protocol == Protocol::V5 && !plain {
            own.extend(message.properties.as_properties());
            for id in &delivery.subscription_ids {
                own.push(Property::SubscriptionId(*id));
            }
        }
        let mut publish = Publish {
            duplicate: false,
            qos: delivery.qos,
            retain: delivery.retain,
            topic: &message.topic,
            packet_id: 0,
            properties: own.as_properties(),
            payload: &message.payload,
        };
        if self.outgoing.max_packet < usize::MAX {
            let body = 4 + message.bytes() + publish.properties.encoded_length();
            if 1 + wire::varint_length(body) + body > self.outgoing.max_packet {
                return Sent::TooLarge;
            }
        }
        if delivery.qos != Qos::AtMostOnce {
            publish.packet_id = self.outgoing.take_id();
        }
        publish.encode(self.protocol, out);
        Sent::Written
    }
}
