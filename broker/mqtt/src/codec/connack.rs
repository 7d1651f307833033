//! CONNACK: the server's answer to CONNECT.

use transport::Protocol;

use super::property::{Properties, place};
use super::wire::{self, Reader};
use super::{DecodeError, kind};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnAck<'a> {
    pub session_present: bool,
    /// A return code of 3.1.1 (0 to 5) or a reason code of 5.
    pub code: u8,
    pub properties: Properties<'a>,
}

pub(super) fn decode(body: &[u8], protocol: Protocol) -> Result<ConnAck<'_>, DecodeError> {
    let mut reader = Reader::new(body);
    let flags = reader.u8()?;
    if flags > 1 {
        return Err(DecodeError::Malformed("reserved flags of CONNACK"));
    }
    let code = reader.u8()?;
    let properties = match protocol {
        Protocol::V5 => Properties::read(&mut reader, place::CONNACK)?,
        Protocol::V311 => Properties::NONE,
    };
    reader.end()?;
    Ok(ConnAck {
        session_present: flags == 1,
        code,
        properties,
    })
}

impl ConnAck<'_> {
    pub(crate) fn encode(&self, protocol: Protocol, out: &mut Vec<u8>) {
        out.push(kind::CONNACK << 4);
        wire::put_with_length(out, |out| {
            out.extend_from_slice(&[u8::from(self.session_present), self.code]);
            if protocol == Protocol::V5 {
                self.properties.encode(out);
            }
        });
    }
}
