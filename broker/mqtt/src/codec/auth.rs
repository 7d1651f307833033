//! AUTH: a step of MQTT 5's enhanced authentication.

use super::property::{Properties, place};
use super::wire::{self, Reader};
use super::{DecodeError, ReasonCode, kind};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Auth<'a> {
    pub reason: ReasonCode,
    pub properties: Properties<'a>,
}

pub(super) fn decode(body: &[u8]) -> Result<Auth<'_>, DecodeError> {
    let mut reader = Reader::new(body);
    let mut auth = Auth {
        reason: ReasonCode::SUCCESS,
        properties: Properties::NONE,
    };
    if !reader.is_empty() {
        auth.reason = ReasonCode(reader.u8()?);
        if !reader.is_empty() {
            auth.properties = Properties::read(&mut reader, place::AUTH)?;
        }
    }
    reader.end()?;
    Ok(auth)
}

impl Auth<'_> {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(kind::AUTH << 4);
        if self.reason == ReasonCode::SUCCESS && self.properties.is_empty() {
            out.push(0);
            return;
        }
        wire::put_with_length(out, |out| {
            out.push(self.reason.0);
            self.properties.encode(out);
        });
    }
}
