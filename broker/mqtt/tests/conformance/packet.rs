//! Packets as a client receives and makes them.

use mqtt::codec::{self, Ack, Packet, Properties, Property, Publish, Qos, ReasonCode};
use transport::Protocol;

/// A packet as it came.
#[derive(Clone)]
pub(crate) struct Received {
    bytes: Vec<u8>,
    protocol: Protocol,
}

impl Received {
    /// Of bytes that were found to be one packet.
    pub(crate) fn new(bytes: Vec<u8>, protocol: Protocol) -> Self {
        Self { bytes, protocol }
    }

    pub(crate) fn packet(&self) -> Packet<'_> {
        let decoded = codec::decode(&self.bytes, self.protocol, usize::MAX);
        decoded.unwrap().unwrap().0
    }

    pub(crate) fn publish(&self) -> Publish<'_> {
        match self.packet() {
            Packet::Publish(publish) => publish,
            other => panic!("among the messages: {other:?}"),
        }
    }

    pub(crate) fn payload(&self) -> String {
        String::from_utf8_lossy(self.publish().payload).into_owned()
    }

    /// The first property that the function finds something in.
    pub(crate) fn property<T>(&self, find: impl Fn(Property<'_>) -> Option<T>) -> Option<T> {
        self.publish().properties.iter().find_map(find)
    }
}

/// A message, for [`crate::client::Client::publish`].
pub(crate) fn message<'a>(topic: &'a str, payload: &'a str, qos: Qos) -> Publish<'a> {
    Publish {
        duplicate: false,
        qos,
        retain: false,
        topic,
        packet_id: 0,
        properties: Properties::NONE,
        payload: payload.as_bytes(),
    }
}

/// The identifier of an acknowledgement.
pub(crate) fn packet_id(packet: &Packet<'_>) -> Option<u16> {
    match packet {
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            Some(ack.packet_id)
        }
        Packet::SubAck(suback) => Some(suback.packet_id),
        Packet::UnsubAck(unsuback) => Some(unsuback.packet_id),
        _ => None,
    }
}

pub(crate) fn ack(packet_id: u16) -> Ack<'static> {
    Ack {
        packet_id,
        reason: ReasonCode::SUCCESS,
        properties: Properties::NONE,
    }
}
