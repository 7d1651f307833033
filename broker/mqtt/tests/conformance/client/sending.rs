//! What a client sends, and the answers that it waits for.

use std::io::Write;

use mqtt::codec::{
    self, Disconnect, FilterList, Packet, Properties, PropertyList, Publish, Qos, ReasonCode,
    Subscribe, SubscribeOptions, Unsubscribe, raw_filters,
};

use super::Client;
use crate::packet::packet_id;
use crate::{Outcome, ensure};

impl Client {
    pub(crate) fn send(&mut self, packet: &Packet<'_>) -> Outcome {
        let mut bytes = Vec::new();
        codec::encode(packet, self.protocol, &mut bytes);
        self.send_bytes(&bytes)
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> Outcome {
        let written = self.stream.write_all(bytes);
        written.map_err(|error| format!("the connection takes nothing: {error}"))
    }

    pub(super) fn next_id(&mut self) -> u16 {
        self.last_id += 1;
        self.last_id
    }

    /// Gives the packet identifier.
    pub(crate) fn send_message(&mut self, mut message: Publish<'_>) -> Outcome<u16> {
        if message.qos != Qos::AtMostOnce {
            message.packet_id = self.next_id();
        }
        let packet_id = message.packet_id;
        self.send(&Packet::Publish(message))?;
        Ok(packet_id)
    }

    /// Sends, and waits for the end of the exchange.
    pub(crate) fn publish(&mut self, message: Publish<'_>) -> Outcome {
        let qos = message.qos;
        let id = self.send_message(message)?;
        match qos {
            Qos::AtMostOnce => Ok(()),
            Qos::AtLeastOnce => self.wait_for_ack("a PUBACK", id, |packet| match packet {
                Packet::PubAck(ack) => Some(ack.reason),
                _ => None,
            }),
            Qos::ExactlyOnce => self.wait_for_ack("a PUBCOMP", id, |packet| match packet {
                Packet::PubComp(ack) => Some(ack.reason),
                _ => None,
            }),
        }
    }

    pub(super) fn wait_for_ack(
        &mut self,
        what: &str,
        id: u16,
        reason: impl Fn(&Packet<'_>) -> Option<ReasonCode>,
    ) -> Outcome {
        let reason = self.wait_for_other(what, |packet| {
            if packet_id(packet) == Some(id) {
                reason(packet)
            } else {
                None
            }
        })?;
        ensure!(!reason.is_failure(), "{what} with {:#04x}", reason.0);
        Ok(())
    }

    pub(crate) fn subscribe(&mut self, filter: &str, qos: Qos) -> Outcome {
        self.subscribe_with(filter, SubscribeOptions::qos(qos), Properties::NONE)
    }

    /// Granted with the QoS that was asked for, or a sentence.
    pub(crate) fn subscribe_with(
        &mut self,
        filter: &str,
        options: SubscribeOptions,
        properties: Properties<'_>,
    ) -> Outcome {
        let codes = self.try_subscribe(&[(filter, options)], properties)?;
        let asked = options.qos as u8;
        ensure!(
            codes == [asked],
            "{filter} is granted as {codes:x?}, not {asked}"
        );
        Ok(())
    }

    /// The codes of the SUBACK.
    pub(crate) fn try_subscribe(
        &mut self,
        filters: &[(&str, SubscribeOptions)],
        properties: Properties<'_>,
    ) -> Outcome<Vec<u8>> {
        let mut list = FilterList::default();
        for (filter, options) in filters {
            list = list.with(filter, *options);
        }
        let id = self.next_id();
        self.send(&Packet::Subscribe(Subscribe::new(id, properties, &list)))?;
        self.wait_for_other("a SUBACK", |packet| match packet {
            Packet::SubAck(suback) if suback.packet_id == id => Some(suback.codes.to_vec()),
            _ => None,
        })
    }

    pub(crate) fn unsubscribe(&mut self, filter: &str) -> Outcome {
        let (id, raw) = (self.next_id(), raw_filters(&[filter]));
        let packet = Unsubscribe::new(id, Properties::NONE, &raw);
        self.send(&Packet::Unsubscribe(packet))?;
        self.wait_for_other("an UNSUBACK", |packet| match packet {
            Packet::UnsubAck(unsuback) => (unsuback.packet_id == id).then_some(()),
            _ => None,
        })
    }

    /// Says goodbye, and waits until the broker has closed: its view of the
    /// session is settled then.
    pub(crate) fn disconnect(self) -> Outcome {
        self.disconnect_with(&PropertyList::default())
    }

    pub(crate) fn disconnect_with(mut self, properties: &PropertyList) -> Outcome {
        self.send(&Packet::Disconnect(Disconnect {
            reason: ReasonCode::SUCCESS,
            properties: properties.as_properties(),
        }))?;
        self.expect_closed()
    }

    /// DISCONNECT and nothing after it: whether it is answered by the end of
    /// the connection, nobody looks.
    pub(crate) fn goodbye(mut self) -> Outcome {
        self.send(&Packet::Disconnect(Disconnect {
            reason: ReasonCode::SUCCESS,
            properties: Properties::NONE,
        }))
    }

    /// Ends without a word.
    pub(crate) fn vanish(self) {
        drop(self.stream);
    }
}
