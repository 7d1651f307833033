//! PUBLISH: the hot path. Decoding looks at each byte of the topic once and at
//! none of the payload.

use transport::Protocol;

use super::property::{Properties, place};
use super::wire::{self, Reader};
use super::{DecodeError, kind};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Qos {
    AtMostOnce = 0,
    AtLeastOnce = 1,
    ExactlyOnce = 2,
}

impl Qos {
    pub(crate) const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::AtMostOnce),
            1 => Some(Self::AtLeastOnce),
            2 => Some(Self::ExactlyOnce),
            _ => None,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publish<'a> {
    pub duplicate: bool,
    pub qos: Qos,
    pub retain: bool,
    /// May be empty in MQTT 5, where an alias stands for it.
    pub topic: &'a str,
    /// 0 with QoS 0.
    pub packet_id: u16,
    pub properties: Properties<'a>,
    pub payload: &'a [u8],
}

#[inline]
pub(crate) fn decode(
    flags: u8,
    body: &[u8],
    protocol: Protocol,
) -> Result<Publish<'_>, DecodeError> {
    let qos = Qos::from_bits(flags >> 1 & 3).ok_or(DecodeError::Malformed("QoS 3"))?;
    let duplicate = flags & 8 != 0;
    if duplicate && qos == Qos::AtMostOnce {
        return Err(DecodeError::Malformed("DUP on a message of QoS 0"));
    }
    let mut reader = Reader::new(body);
    let topic = reader.text()?;
    let packet_id = match qos {
        Qos::AtMostOnce => 0,
        _ => reader.packet_id()?,
    };
    let properties = match protocol {
        Protocol::V5 => Properties::read(&mut reader, place::PUBLISH)?,
        Protocol::V311 => Properties::NONE,
    };
    Ok(Publish {
        duplicate,
        qos,
        retain: flags & 1 != 0,
        topic,
        packet_id,
        properties,
        payload: reader.rest(),
    })
}

/// How many bytes of a body stand before the payload. `None` where `body`, its
/// beginning, does not hold them all.
pub(crate) fn head_length(
    flags: u8,
    body: &[u8],
    protocol: Protocol,
) -> Result<Option<usize>, DecodeError> {
    let Some(topic) = body.first_chunk() else {
        return Ok(None);
    };
    let mut length = 2 + usize::from(u16::from_be_bytes(*topic));
    if flags >> 1 & 3 != 0 {
        length += 2;
    }
    if protocol == Protocol::V5 {
        let rest = body.get(length..).unwrap_or_default();
        let Some((properties, prefix)) = wire::varint(rest)? else {
            return Ok(None);
        };
        length += prefix + properties;
    }
    Ok((length <= body.len()).then_some(length))
}

impl Publish<'_> {
    pub fn encode(&self, protocol: Protocol, out: &mut Vec<u8>) {
        let flags = u8::from(self.duplicate) << 3 | (self.qos as u8) << 1 | u8::from(self.retain);
        out.push(kind::PUBLISH << 4 | flags);
        let mut length = 2 + self.topic.len() + self.payload.len();
        if self.qos != Qos::AtMostOnce {
            length += 2;
        }
        if protocol == Protocol::V5 {
            length += self.properties.encoded_length();
        }
        wire::put_varint(length, out);
        wire::put_bytes(self.topic.as_bytes(), out);
        if self.qos != Qos::AtMostOnce {
            out.extend_from_slice(&self.packet_id.to_be_bytes());
        }
        if protocol == Protocol::V5 {
            self.properties.encode(out);
        }
        out.extend_from_slice(self.payload);
    }
}
