//! The packets of MQTT 3.1.1 and 5, read from a slice and written into a Vec.
//!
//! Constraints: a decoded packet borrows from the bytes it was read from and
//! allocates nothing; lists (filters, reason codes, properties) stay raw bytes
//! that were checked once and are walked again on demand. The length of a
//! packet is compared with the caller's limit before its body is waited for.
//! What was decoded encodes to the same packet again.
//!
//! Sources: OASIS MQTT 3.1.1 (2014) and MQTT 5.0 (2019). One packet, one file;
//! the four acknowledgements of a PUBLISH share a layout and so a file.

use transport::Protocol;

mod ack;
mod auth;
mod connack;
mod connect;
mod disconnect;
pub mod frame;
mod property;
pub(crate) mod publish;
mod reason;
mod suback;
mod subscribe;
#[cfg(test)]
mod tests;
mod unsuback;
mod unsubscribe;
pub(crate) mod wire;

pub use ack::Ack;
pub use auth::Auth;
pub use connack::ConnAck;
pub(crate) use connect::decode_v31;
pub use connect::{Connect, Will};
pub use disconnect::Disconnect;
pub use frame::Frame;
pub use property::{Properties, Property, PropertyList};
pub use publish::{Publish, Qos};
pub use reason::ReasonCode;
pub use suback::SubAck;
pub use subscribe::{FilterList, RetainHandling, Subscribe, SubscribeOptions};
pub use unsuback::UnsubAck;
pub use unsubscribe::{Unsubscribe, raw_filters};
pub use wire::DecodeError;

/// Any packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Packet<'a> {
    Connect(Connect<'a>),
    ConnAck(ConnAck<'a>),
    Publish(Publish<'a>),
    PubAck(Ack<'a>),
    PubRec(Ack<'a>),
    PubRel(Ack<'a>),
    PubComp(Ack<'a>),
    Subscribe(Subscribe<'a>),
    SubAck(SubAck<'a>),
    Unsubscribe(Unsubscribe<'a>),
    UnsubAck(UnsubAck<'a>),
    PingReq,
    PingResp,
    Disconnect(Disconnect<'a>),
    Auth(Auth<'a>),
}

/// The number in the upper half of a packet's first byte.
pub mod kind {
    pub const CONNECT: u8 = 1;
    pub const CONNACK: u8 = 2;
    pub const PUBLISH: u8 = 3;
    pub const PUBACK: u8 = 4;
    pub const PUBREC: u8 = 5;
    pub const PUBREL: u8 = 6;
    pub const PUBCOMP: u8 = 7;
    pub const SUBSCRIBE: u8 = 8;
    pub const SUBACK: u8 = 9;
    pub const UNSUBSCRIBE: u8 = 10;
    pub const UNSUBACK: u8 = 11;
    pub(crate) const PINGREQ: u8 = 12;
    pub(crate) const PINGRESP: u8 = 13;
    pub const DISCONNECT: u8 = 14;
    pub(crate) const AUTH: u8 = 15;
}

/// Reads the first packet of `bytes`, and how many bytes it took. `None`: it
/// has not arrived whole. A CONNECT tells its own version; all others are read
/// as `protocol` says.
pub fn decode(
    bytes: &[u8],
    protocol: Protocol,
    max_packet: usize,
) -> Result<Option<(Packet<'_>, usize)>, DecodeError> {
    let Some(frame) = frame::read(bytes, max_packet)? else {
        return Ok(None);
    };
    Ok(Some((decode_frame(&frame, protocol)?, frame.total)))
}

/// Reads the packet of a whole frame.
pub(crate) fn decode_frame<'a>(
    frame: &Frame<'a>,
    protocol: Protocol,
) -> Result<Packet<'a>, DecodeError> {
    let (flags, body) = (frame.first & 0x0F, frame.body);
    let kind = frame.first >> 4;
    if kind == kind::PUBLISH {
        return publish::decode(flags, body, protocol).map(Packet::Publish);
    }
    let expected = match kind {
        kind::PUBREL | kind::SUBSCRIBE | kind::UNSUBSCRIBE => 2,
        _ => 0,
    };
    if flags != expected {
        return Err(DecodeError::Malformed("reserved flags of the first byte"));
    }
    Ok(match kind {
        kind::CONNECT => Packet::Connect(connect::decode(body)?),
        kind::CONNACK => Packet::ConnAck(connack::decode(body, protocol)?),
        kind::PUBACK => Packet::PubAck(ack::decode(body, protocol)?),
        kind::PUBREC => Packet::PubRec(ack::decode(body, protocol)?),
        kind::PUBREL => Packet::PubRel(ack::decode(body, protocol)?),
        kind::PUBCOMP => Packet::PubComp(ack::decode(body, protocol)?),
        kind::SUBSCRIBE => Packet::Subscribe(subscribe::decode(body, protocol)?),
        kind::SUBACK => Packet::SubAck(suback::decode(body, protocol)?),
        kind::UNSUBSCRIBE => Packet::Unsubscribe(unsubscribe::decode(body, protocol)?),
        kind::UNSUBACK => Packet::UnsubAck(unsuback::decode(body, protocol)?),
        kind::PINGREQ if body.is_empty() => Packet::PingReq,
        kind::PINGRESP if body.is_empty() => Packet::PingResp,
        kind::PINGREQ | kind::PINGRESP => return Err(DecodeError::Malformed("a ping has no body")),
        kind::DISCONNECT => Packet::Disconnect(disconnect::decode(body, protocol)?),
        kind::AUTH if protocol == Protocol::V5 => Packet::Auth(auth::decode(body)?),
        _ => return Err(DecodeError::Malformed("unknown packet type")),
    })
}

/// Appends a packet. Nothing is checked that the types do not enforce.
pub fn encode(packet: &Packet<'_>, protocol: Protocol, out: &mut Vec<u8>) {
    match packet {
        Packet::Connect(connect) => connect.encode(out),
        Packet::ConnAck(connack) => connack.encode(protocol, out),
        Packet::Publish(publish) => publish.encode(protocol, out),
        Packet::PubAck(ack) => ack.encode(kind::PUBACK << 4, protocol, out),
        Packet::PubRec(ack) => ack.encode(kind::PUBREC << 4, protocol, out),
        Packet::PubRel(ack) => ack.encode(kind::PUBREL << 4 | 2, protocol, out),
        Packet::PubComp(ack) => ack.encode(kind::PUBCOMP << 4, protocol, out),
        Packet::Subscribe(subscribe) => subscribe.encode(protocol, out),
        Packet::SubAck(suback) => suback.encode(protocol, out),
        Packet::Unsubscribe(unsubscribe) => unsubscribe.encode(protocol, out),
        Packet::UnsubAck(unsuback) => unsuback.encode(protocol, out),
        Packet::PingReq => out.extend([kind::PINGREQ << 4, 0]),
        Packet::PingResp => out.extend([kind::PINGRESP << 4, 0]),
        Packet::Disconnect(disconnect) => disconnect.encode(protocol, out),
        Packet::Auth(auth) => auth.encode(out),
    }
}
