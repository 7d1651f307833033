//! SUBSCRIBE: filters with options.

use transport::Protocol;

use super::property::{Properties, place};
use super::wire::{self, Reader};
use super::{DecodeError, Qos, kind};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscribe<'a> {
    pub packet_id: u16,
    pub properties: Properties<'a>,
    /// Checked for form, at least one.
    raw_filters: &'a [u8],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SubscribeOptions {
    pub qos: Qos,
    pub no_local: bool,
    pub retain_as_published: bool,
    pub retain_handling: RetainHandling,
}

/// When retained messages are sent for a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RetainHandling {
    Always = 0,
    OnlyIfNew = 1,
    Never = 2,
}

impl SubscribeOptions {
    pub const fn qos(qos: Qos) -> Self {
        Self {
            qos,
            no_local: false,
            retain_as_published: false,
            retain_handling: RetainHandling::Always,
        }
    }

    /// The options byte of SUBSCRIBE.
    pub(crate) fn from_bits(bits: u8, protocol: Protocol) -> Result<Self, DecodeError> {
        let reserved = match protocol {
            Protocol::V311 => 0xFC,
            Protocol::V5 => 0xC0,
        };
        if bits & reserved != 0 {
            return Err(DecodeError::Malformed("reserved bits of a subscription"));
        }
        Ok(Self {
            qos: Qos::from_bits(bits & 3).ok_or(DecodeError::Malformed("QoS 3"))?,
            no_local: bits & 4 != 0,
            retain_as_published: bits & 8 != 0,
            retain_handling: match bits >> 4 {
                0 => RetainHandling::Always,
                1 => RetainHandling::OnlyIfNew,
                2 => RetainHandling::Never,
                _ => return Err(DecodeError::Protocol("retain handling 3")),
            },
        })
    }

    pub(crate) fn bits(self) -> u8 {
        self.qos as u8
            | u8::from(self.no_local) << 2
            | u8::from(self.retain_as_published) << 3
            | (self.retain_handling as u8) << 4
    }
}

/// Filters that are being written.
#[derive(Clone, Default, Debug)]
pub struct FilterList(Vec<u8>);

impl FilterList {
    #[must_use]
    pub fn with(mut self, filter: &str, options: SubscribeOptions) -> Self {
        wire::put_bytes(filter.as_bytes(), &mut self.0);
        self.0.push(options.bits());
        self
    }
}

pub(super) fn decode(body: &[u8], protocol: Protocol) -> Result<Subscribe<'_>, DecodeError> {
    let mut reader = Reader::new(body);
    let packet_id = reader.packet_id()?;
    let properties = match protocol {
        Protocol::V5 => Properties::read(&mut reader, place::SUBSCRIBE)?,
        Protocol::V311 => Properties::NONE,
    };
    let raw_filters = reader.rest();
    if raw_filters.is_empty() {
        return Err(DecodeError::Protocol("a SUBSCRIBE without a filter"));
    }
    while !reader.is_empty() {
        reader.text()?;
        SubscribeOptions::from_bits(reader.u8()?, protocol)?;
    }
    Ok(Subscribe {
        packet_id,
        properties,
        raw_filters,
    })
}

impl<'a> Subscribe<'a> {
    pub fn new(packet_id: u16, properties: Properties<'a>, filters: &'a FilterList) -> Self {
        Self {
            packet_id,
            properties,
            raw_filters: &filters.0,
        }
    }

    pub fn filters(&self) -> impl Iterator<Item = (&'a str, SubscribeOptions)> + use<'a> {
        let mut reader = Reader::new(self.raw_filters);
        // The form was checked when the packet was decoded.
        std::iter::from_fn(move || {
            let filter = reader.text().ok()?;
            let bits = reader.u8().ok()?;
            Some((
                filter,
                SubscribeOptions::from_bits(bits, Protocol::V5).ok()?,
            ))
        })
    }

    pub fn encode(&self, protocol: Protocol, out: &mut Vec<u8>) {
        out.push(kind::SUBSCRIBE << 4 | 2);
        wire::put_with_length(out, |out| {
            out.extend_from_slice(&self.packet_id.to_be_bytes());
            if protocol == Protocol::V5 {
                self.properties.encode(out);
            }
            out.extend_from_slice(self.raw_filters);
        });
    }
}
