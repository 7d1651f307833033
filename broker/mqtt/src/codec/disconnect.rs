//! DISCONNECT: in 3.1.1 empty and from the client only; in MQTT 5 with a reason.

use transport::Protocol;

use super::property::{Properties, place};
use super::wire::{self, Reader};
use super::{DecodeError, ReasonCode, kind};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disconnect<'a> {
    pub reason: ReasonCode,
    pub properties: Properties<'a>,
}

pub(super) fn decode(body: &[u8], protocol: Protocol) -> Result<Disconnect<'_>, DecodeError> {
    let mut reader = Reader::new(body);
    let mut disconnect = Disconnect {
        reason: ReasonCode::SUCCESS,
        properties: Properties::NONE,
    };
    if protocol == Protocol::V5 && !reader.is_empty() {
        disconnect.reason = ReasonCode(reader.u8()?);
        if !reader.is_empty() {
            disconnect.properties = Properties::read(&mut reader, place::DISCONNECT)?;
        }
    }
    reader.end()?;
    Ok(disconnect)
}

impl Disconnect<'_> {
    pub(crate) fn encode(&self, protocol: Protocol, out: &mut Vec<u8>) {
        out.push(kind::DISCONNECT << 4);
        let plain = self.reason == ReasonCode::SUCCESS && self.properties.is_empty();
        if protocol == Protocol::V311 || plain {
            out.push(0);
            return;
        }
        wire::put_with_length(out, |out| {
            out.push(self.reason.0);
            if !self.properties.is_empty() {
                self.properties.encode(out);
            }
        });
    }
}
