//! UNSUBACK: in MQTT 5 one code for each filter, in 3.1.1 none.

use transport::Protocol;

use super::property::{Properties, place};
use super::wire::{self, Reader};
use super::{DecodeError, kind};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnsubAck<'a> {
    pub packet_id: u16,
    pub properties: Properties<'a>,
    pub codes: &'a [u8],
}

pub(super) fn decode(body: &[u8], protocol: Protocol) -> Result<UnsubAck<'_>, DecodeError> {
    let mut reader = Reader::new(body);
    let packet_id = reader.packet_id()?;
    if protocol == Protocol::V311 {
        reader.end()?;
        return Ok(UnsubAck {
            packet_id,
            properties: Properties::NONE,
            codes: &[],
        });
    }
    let properties = Properties::read(&mut reader, place::ACK)?;
    Ok(UnsubAck {
        packet_id,
        properties,
        codes: reader.rest(),
    })
}

impl UnsubAck<'_> {
    pub(crate) fn encode(&self, protocol: Protocol, out: &mut Vec<u8>) {
        out.push(kind::UNSUBACK << 4);
        wire::put_with_length(out, |out| {
            out.extend_from_slice(&self.packet_id.to_be_bytes());
            if protocol == Protocol::V5 {
                self.properties.encode(out);
                out.extend_from_slice(self.codes);
            }
        });
    }
}
