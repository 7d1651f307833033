//! PUBACK, PUBREC, PUBREL and PUBCOMP: a packet identifier, in MQTT 5 a reason
//! and properties, both of which may be left out.

use transport::Protocol;

use super::property::{Properties, place};
use super::wire::{self, Reader};
use super::{DecodeError, ReasonCode};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ack<'a> {
    pub packet_id: u16,
    pub reason: ReasonCode,
    pub properties: Properties<'a>,
}

pub(super) fn decode(body: &[u8], protocol: Protocol) -> Result<Ack<'_>, DecodeError> {
    let mut reader = Reader::new(body);
    let mut ack = Ack {
        packet_id: reader.packet_id()?,
        reason: ReasonCode::SUCCESS,
        properties: Properties::NONE,
    };
    if protocol == Protocol::V5 && !reader.is_empty() {
        ack.reason = ReasonCode(reader.u8()?);
        if !reader.is_empty() {
            ack.properties = Properties::read(&mut reader, place::ACK)?;
        }
    }
    reader.end()?;
    Ok(ack)
}

impl Ack<'_> {
    /// `first` is the packet's first byte: which of the four it is.
    pub(crate) fn encode(&self, first: u8, protocol: Protocol, out: &mut Vec<u8>) {
        let [high, low] = self.packet_id.to_be_bytes();
        let plain = self.reason == ReasonCode::SUCCESS && self.properties.is_empty();
        if protocol == Protocol::V311 || plain {
            out.extend_from_slice(&[first, 2, high, low]);
            return;
        }
        out.push(first);
        wire::put_with_length(out, |out| {
            out.extend_from_slice(&[high, low, self.reason.0]);
            if !self.properties.is_empty() {
                self.properties.encode(out);
            }
        });
    }
}
