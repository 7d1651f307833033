//! UNSUBSCRIBE: filters.

use transport::Protocol;

use super::property::{Properties, place};
use super::wire::{self, Reader};
use super::{DecodeError, kind};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsubscribe<'a> {
    pub packet_id: u16,
    pub properties: Properties<'a>,
    /// Checked for form, at least one.
    raw_filters: &'a [u8],
}

pub(super) fn decode(body: &[u8], protocol: Protocol) -> Result<Unsubscribe<'_>, DecodeError> {
    let mut reader = Reader::new(body);
    let packet_id = reader.packet_id()?;
    let properties = match protocol {
        Protocol::V5 => Properties::read(&mut reader, place::UNSUBSCRIBE)?,
        Protocol::V311 => Properties::NONE,
    };
    let raw_filters = reader.rest();
    if raw_filters.is_empty() {
        return Err(DecodeError::Protocol("an UNSUBSCRIBE without a filter"));
    }
    while !reader.is_empty() {
        reader.text()?;
    }
    Ok(Unsubscribe {
        packet_id,
        properties,
        raw_filters,
    })
}

impl<'a> Unsubscribe<'a> {
    /// `raw_filters` as [`raw_filters`] makes them.
    pub fn new(packet_id: u16, properties: Properties<'a>, raw_filters: &'a [u8]) -> Self {
        Self {
            packet_id,
            properties,
            raw_filters,
        }
    }

    pub fn filters(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut reader = Reader::new(self.raw_filters);
        // The form was checked when the packet was decoded.
        std::iter::from_fn(move || reader.text().ok())
    }

    pub fn encode(&self, protocol: Protocol, out: &mut Vec<u8>) {
        out.push(kind::UNSUBSCRIBE << 4 | 2);
        wire::put_with_length(out, |out| {
            out.extend_from_slice(&self.packet_id.to_be_bytes());
            if protocol == Protocol::V5 {
                self.properties.encode(out);
            }
            out.extend_from_slice(self.raw_filters);
        });
    }
}

/// Filters in the form that [`Unsubscribe::new`] takes.
pub fn raw_filters(filters: &[&str]) -> Vec<u8> {
    let mut raw = Vec::new();
    for filter in filters {
        wire::put_bytes(filter.as_bytes(), &mut raw);
    }
    raw
}
