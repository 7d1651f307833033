//! CONNECT: who the client is and what it asks for.

use transport::Protocol;

use super::property::{Properties, place};
use super::wire::{self, Reader};
use super::{DecodeError, Qos, kind};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connect<'a> {
    pub protocol: Protocol,
    /// Clean Session in 3.1.1, Clean Start in 5.
    pub clean_start: bool,
    /// Seconds; 0 is none.
    pub keep_alive: u16,
    pub properties: Properties<'a>,
    pub client_id: &'a str,
    pub will: Option<Will<'a>>,
    pub user_name: Option<&'a str>,
    pub password: Option<&'a [u8]>,
}

/// What the server publishes when the connection ends unannounced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Will<'a> {
    pub properties: Properties<'a>,
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub qos: Qos,
    pub retain: bool,
}

pub(super) fn decode(body: &[u8]) -> Result<Connect<'_>, DecodeError> {
    let mut reader = Reader::new(body);
    let protocol = match (reader.bytes()?, reader.u8()?) {
        (b"MQTT", 4) => Protocol::V311,
        (b"MQTT", 5) => Protocol::V5,
        _ => return Err(DecodeError::UnsupportedVersion),
    };
    decode_rest(reader, protocol)
}

/// A CONNECT of MQTT 3.1, which is not spoken here, as one of 3.1.1: after
/// name and level their layout is the same.
pub(crate) fn decode_v31(body: &[u8]) -> Result<Connect<'_>, DecodeError> {
    let mut reader = Reader::new(body);
    match (reader.bytes()?, reader.u8()?) {
        (b"MQIsdp", 3) => decode_rest(reader, Protocol::V311),
        _ => Err(DecodeError::UnsupportedVersion),
    }
}

fn decode_rest(mut reader: Reader<'_>, protocol: Protocol) -> Result<Connect<'_>, DecodeError> {
    let flags = reader.u8()?;
    if flags & 1 != 0 {
        return Err(DecodeError::Malformed("reserved flag of CONNECT"));
    }
    let (has_will, has_user_name, has_password) =
        (flags & 0x04 != 0, flags & 0x80 != 0, flags & 0x40 != 0);
    if !has_will && flags & 0x38 != 0 {
        return Err(DecodeError::Malformed("flags of a will that is not there"));
    }
    if protocol == Protocol::V311 && has_password && !has_user_name {
        return Err(DecodeError::Malformed("a password without a user name"));
    }
    let keep_alive = reader.u16()?;
    let properties = match protocol {
        Protocol::V5 => Properties::read(&mut reader, place::CONNECT)?,
        Protocol::V311 => Properties::NONE,
    };
    let client_id = reader.text()?;
    let will = if has_will {
        Some(decode_will(&mut reader, flags, protocol)?)
    } else {
        None
    };
    let user_name = if has_user_name {
        Some(reader.text()?)
    } else {
        None
    };
    let password = if has_password {
        Some(reader.bytes()?)
    } else {
        None
    };
    reader.end()?;
    Ok(Connect {
        protocol,
        clean_start: flags & 0x02 != 0,
        keep_alive,
        properties,
        client_id,
        will,
        user_name,
        password,
    })
}

fn decode_will<'a>(
    reader: &mut Reader<'a>,
    flags: u8,
    protocol: Protocol,
) -> Result<Will<'a>, DecodeError> {
    let properties = match protocol {
        Protocol::V5 => Properties::read(reader, place::WILL)?,
        Protocol::V311 => Properties::NONE,
    };
    Ok(Will {
        properties,
        topic: reader.text()?,
        payload: reader.bytes()?,
        qos: Qos::from_bits(flags >> 3 & 3).ok_or(DecodeError::Malformed("QoS 3"))?,
        retain: flags & 0x20 != 0,
    })
}

impl Connect<'_> {
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut flags = u8::from(self.clean_start) << 1;
        flags |= u8::from(self.user_name.is_some()) << 7;
        flags |= u8::from(self.password.is_some()) << 6;
        if let Some(will) = &self.will {
            flags |= 0x04 | (will.qos as u8) << 3 | u8::from(will.retain) << 5;
        }
        let level = match self.protocol {
            Protocol::V311 => 4,
            Protocol::V5 => 5,
        };
        out.push(kind::CONNECT << 4);
        wire::put_with_length(out, |out| {
            wire::put_bytes(b"MQTT", out);
            out.extend_from_slice(&[level, flags]);
            out.extend_from_slice(&self.keep_alive.to_be_bytes());
            if self.protocol == Protocol::V5 {
                self.properties.encode(out);
            }
            wire::put_bytes(self.client_id.as_bytes(), out);
            if let Some(will) = &self.will {
                if self.protocol == Protocol::V5 {
                    will.properties.encode(out);
                }
                wire::put_bytes(will.topic.as_bytes(), out);
                wire::put_bytes(will.payload, out);
            }
            if let Some(user_name) = self.user_name {
                wire::put_bytes(user_name.as_bytes(), out);
            }
            if let Some(password) = self.password {
                wire::put_bytes(password, out);
            }
        });
    }
}
