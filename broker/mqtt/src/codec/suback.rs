//! SUBACK: one code for each filter.

use transport::Protocol;

use super::property::{Properties, place};
use super::wire::{self, Reader};
use super::{DecodeError, kind};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubAck<'a> {
    pub packet_id: u16,
    pub properties: Properties<'a>,
    /// The granted QoS, or 0x80 and above.
    pub codes: &'a [u8],
}

pub(super) fn decode(body: &[u8], protocol: Protocol) -> Result<SubAck<'_>, DecodeError> {
    let mut reader = Reader::new(body);
    let packet_id = reader.packet_id()?;
    let properties = match protocol {
        Protocol::V5 => Properties::read(&mut reader, place::ACK)?,
        Protocol::V311 => Properties::NONE,
    };
    let codes = reader.rest();
    if codes.is_empty() {
        Err(DecodeError::Protocol("a SUBACK without a code"))
    } else {
        Ok(SubAck {
            packet_id,
            properties,
            codes,
        })
    }
}

impl SubAck<'_> {
    pub(crate) fn encode(&self, protocol: Protocol, out: &mut Vec<u8>) {
        out.push(kind::SUBACK << 4);
        wire::put_with_length(out, |out| {
            out.extend_from_slice(&self.packet_id.to_be_bytes());
            if protocol == Protocol::V5 {
                self.properties.encode(out);
            }
            out.extend_from_slice(self.codes);
        });
    }
}
