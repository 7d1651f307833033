//! MQTT 5's properties: checked once, kept as raw bytes, walked on demand.

use super::DecodeError;
use super::wire::{self, Reader};

/// Properties of one packet; more than these are a flood, not a message.
pub(crate) const MAX_PROPERTIES: usize = 64;

/// What carries properties, as bits of [`allowed_in`].
pub(crate) mod place {
    pub(crate) const CONNECT: u16 = 1;
    pub(crate) const WILL: u16 = 1 << 1;
    pub(crate) const CONNACK: u16 = 1 << 2;
    pub(crate) const PUBLISH: u16 = 1 << 3;
    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK.
    pub(crate) const ACK: u16 = 1 << 4;
    pub(crate) const SUBSCRIBE: u16 = 1 << 5;
    pub(crate) const UNSUBSCRIBE: u16 = 1 << 6;
    pub(crate) const DISCONNECT: u16 = 1 << 7;
    pub(crate) const AUTH: u16 = 1 << 8;
    pub(crate) const ANY: u16 = (1 << 9) - 1;
}

/// MQTT 5.0, table 2-4, without user properties, which go everywhere.
const fn allowed_in(id: usize) -> u16 {
    use place::*;
    match id {
        0x01 | 0x02 | 0x03 | 0x08 | 0x09 => PUBLISH | WILL,
        0x0B => PUBLISH | SUBSCRIBE,
        0x11 => CONNECT | CONNACK | DISCONNECT,
        0x12 | 0x13 | 0x1A | 0x24 | 0x25 | 0x28 | 0x29 | 0x2A => CONNACK,
        0x15 | 0x16 => CONNECT | CONNACK | AUTH,
        0x17 | 0x19 => CONNECT,
        0x18 => WILL,
        0x1C => CONNACK | DISCONNECT,
        0x1F => CONNACK | ACK | DISCONNECT | AUTH,
        0x21 | 0x22 | 0x27 => CONNECT | CONNACK,
        0x23 => PUBLISH,
        0x26 => ANY,
        _ => 0,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Property<'a> {
    PayloadFormat(u8),
    /// Seconds.
    MessageExpiry(u32),
    ContentType(&'a str),
    ResponseTopic(&'a str),
    CorrelationData(&'a [u8]),
    SubscriptionId(u32),
    /// Seconds.
    SessionExpiry(u32),
    AssignedClientId(&'a str),
    /// Seconds.
    ServerKeepAlive(u16),
    AuthenticationMethod(&'a str),
    AuthenticationData(&'a [u8]),
    RequestProblemInformation(u8),
    /// Seconds.
    WillDelay(u32),
    RequestResponseInformation(u8),
    ResponseInformation(&'a str),
    ServerReference(&'a str),
    ReasonString(&'a str),
    ReceiveMaximum(u16),
    TopicAliasMaximum(u16),
    TopicAlias(u16),
    MaximumQos(u8),
    RetainAvailable(u8),
    User(&'a str, &'a str),
    /// Bytes.
    MaximumPacketSize(u32),
    WildcardSubscriptionAvailable(u8),
    SubscriptionIdsAvailable(u8),
    SharedSubscriptionAvailable(u8),
}

/// Checked properties of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Properties<'a> {
    raw: &'a [u8],
}

/// Properties that are being written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PropertyList {
    raw: Vec<u8>,
}

impl<'a> Properties<'a> {
    pub const NONE: Self = Self { raw: &[] };

    /// Reads length and properties, and checks each for its place.
    pub(crate) fn read(reader: &mut Reader<'a>, place: u16) -> Result<Self, DecodeError> {
        let length = reader.varint()?;
        let raw = reader.take(length)?;
        if !raw.is_empty() {
            check(raw, place)?;
        }
        Ok(Self { raw })
    }

    pub fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    pub fn iter(self) -> impl Iterator<Item = Property<'a>> {
        let mut reader = Reader::new(self.raw);
        // They were checked by `read`, so the error that would end the walk
        // early does not occur.
        std::iter::from_fn(move || {
            if reader.is_empty() {
                None
            } else {
                Property::read(&mut reader)
                    .ok()
                    .map(|(_, property)| property)
            }
        })
    }

    /// How many bytes [`Self::encode`] writes.
    pub(crate) fn encoded_length(self) -> usize {
        wire::varint_length(self.raw.len()) + self.raw.len()
    }

    /// Length and properties.
    pub(crate) fn encode(self, out: &mut Vec<u8>) {
        wire::put_varint(self.raw.len(), out);
        out.extend_from_slice(self.raw);
    }
}

impl PropertyList {
    #[must_use]
    pub fn with(mut self, property: Property<'_>) -> Self {
        self.push(property);
        self
    }

    pub fn push(&mut self, property: Property<'_>) {
        property.encode(&mut self.raw);
    }

    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// In bytes.
    pub(crate) fn len(&self) -> usize {
        self.raw.len()
    }

    pub fn as_properties(&self) -> Properties<'_> {
        Properties { raw: &self.raw }
    }

    /// Properties that were read or written before.
    pub(crate) fn extend(&mut self, properties: Properties<'_>) {
        self.raw.extend_from_slice(properties.raw);
    }
}

fn check(raw: &[u8], place: u16) -> Result<(), DecodeError> {
    let mut reader = Reader::new(raw);
    let mut seen = 0u64;
    let mut count = 0;
    while !reader.is_empty() {
        let (id, property) = Property::read(&mut reader)?;
        if allowed_in(id) & place == 0 {
            return Err(DecodeError::Protocol(
                "a property that this packet cannot have",
            ));
        }
        count += 1;
        if count > MAX_PROPERTIES {
            return Err(DecodeError::Protocol("too many properties"));
        }
        let repeats = match property {
            Property::User(..) => true,
            Property::SubscriptionId(_) => place == place::PUBLISH,
            _ => false,
        };
        if !repeats && seen & 1 << id != 0 {
            return Err(DecodeError::Protocol("a property that is there twice"));
        }
        seen |= 1 << id;
        property.check_value()?;
    }
    Ok(())
}

impl<'a> Property<'a> {
    /// The identifier (all are below 64) and the property.
    fn read(reader: &mut Reader<'a>) -> Result<(usize, Self), DecodeError> {
        let id = reader.varint()?;
        let property = match id {
            0x01 => Self::PayloadFormat(reader.u8()?),
            0x02 => Self::MessageExpiry(reader.u32()?),
            0x03 => Self::ContentType(reader.text()?),
            0x08 => Self::ResponseTopic(reader.text()?),
            0x09 => Self::CorrelationData(reader.bytes()?),
            0x0B => Self::SubscriptionId(reader.varint()? as u32),
            0x11 => Self::SessionExpiry(reader.u32()?),
            0x12 => Self::AssignedClientId(reader.text()?),
            0x13 => Self::ServerKeepAlive(reader.u16()?),
            0x15 => Self::AuthenticationMethod(reader.text()?),
            0x16 => Self::AuthenticationData(reader.bytes()?),
            0x17 => Self::RequestProblemInformation(reader.u8()?),
            0x18 => Self::WillDelay(reader.u32()?),
            0x19 => Self::RequestResponseInformation(reader.u8()?),
            0x1A => Self::ResponseInformation(reader.text()?),
            0x1C => Self::ServerReference(reader.text()?),
            0x1F => Self::ReasonString(reader.text()?),
            0x21 => Self::ReceiveMaximum(reader.u16()?),
            0x22 => Self::TopicAliasMaximum(reader.u16()?),
            0x23 => Self::TopicAlias(reader.u16()?),
            0x24 => Self::MaximumQos(reader.u8()?),
            0x25 => Self::RetainAvailable(reader.u8()?),
            0x26 => Self::User(reader.text()?, reader.text()?),
            0x27 => Self::MaximumPacketSize(reader.u32()?),
            0x28 => Self::WildcardSubscriptionAvailable(reader.u8()?),
            0x29 => Self::SubscriptionIdsAvailable(reader.u8()?),
            0x2A => Self::SharedSubscriptionAvailable(reader.u8()?),
            _ => return Err(DecodeError::Malformed("an unknown property")),
        };
        Ok((id, property))
    }

    fn check_value(self) -> Result<(), DecodeError> {
        let sound = match self {
            Self::PayloadFormat(value)
            | Self::RequestProblemInformation(value)
            | Self::RequestResponseInformation(value)
            | Self::MaximumQos(value)
            | Self::RetainAvailable(value)
            | Self::WildcardSubscriptionAvailable(value)
            | Self::SubscriptionIdsAvailable(value)
            | Self::SharedSubscriptionAvailable(value) => value <= 1,
            Self::SubscriptionId(value) | Self::MaximumPacketSize(value) => value > 0,
            Self::ReceiveMaximum(value) => value > 0,
            _ => true,
        };
        if sound {
            Ok(())
        } else {
            Err(DecodeError::Protocol("a property's value out of range"))
        }
    }

    pub(crate) fn encode(self, out: &mut Vec<u8>) {
        let flag = |out: &mut Vec<u8>, id, value| out.extend_from_slice(&[id, value]);
        let short = |out: &mut Vec<u8>, id, value: u16| {
            out.push(id);
            out.extend_from_slice(&value.to_be_bytes());
        };
        let long = |out: &mut Vec<u8>, id, value: u32| {
            out.push(id);
            out.extend_from_slice(&value.to_be_bytes());
        };
        let bytes = |out: &mut Vec<u8>, id, value: &[u8]| {
            out.push(id);
            wire::put_bytes(value, out);
        };
        match self {
            Self::PayloadFormat(value) => flag(out, 0x01, value),
            Self::MessageExpiry(value) => long(out, 0x02, value),
            Self::ContentType(text) => bytes(out, 0x03, text.as_bytes()),
            Self::ResponseTopic(text) => bytes(out, 0x08, text.as_bytes()),
            Self::CorrelationData(data) => bytes(out, 0x09, data),
            Self::SubscriptionId(value) => {
                out.push(0x0B);
                wire::put_varint(value as usize, out);
            }
            Self::SessionExpiry(value) => long(out, 0x11, value),
            Self::AssignedClientId(text) => bytes(out, 0x12, text.as_bytes()),
            Self::ServerKeepAlive(value) => short(out, 0x13, value),
            Self::AuthenticationMethod(text) => bytes(out, 0x15, text.as_bytes()),
            Self::AuthenticationData(data) => bytes(out, 0x16, data),
            Self::RequestProblemInformation(value) => flag(out, 0x17, value),
            Self::WillDelay(value) => long(out, 0x18, value),
            Self::RequestResponseInformation(value) => flag(out, 0x19, value),
            Self::ResponseInformation(text) => bytes(out, 0x1A, text.as_bytes()),
            Self::ServerReference(text) => bytes(out, 0x1C, text.as_bytes()),
            Self::ReasonString(text) => bytes(out, 0x1F, text.as_bytes()),
            Self::ReceiveMaximum(value) => short(out, 0x21, value),
            Self::TopicAliasMaximum(value) => short(out, 0x22, value),
            Self::TopicAlias(value) => short(out, 0x23, value),
            Self::MaximumQos(value) => flag(out, 0x24, value),
            Self::RetainAvailable(value) => flag(out, 0x25, value),
            Self::User(name, value) => {
                bytes(out, 0x26, name.as_bytes());
                wire::put_bytes(value.as_bytes(), out);
            }
            Self::MaximumPacketSize(value) => long(out, 0x27, value),
            Self::WildcardSubscriptionAvailable(value) => flag(out, 0x28, value),
            Self::SubscriptionIdsAvailable(value) => flag(out, 0x29, value),
            Self::SharedSubscriptionAvailable(value) => flag(out, 0x2A, value),
        }
    }
}
