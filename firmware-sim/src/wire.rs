//! MQTT 3.1.1 packets by hand, for the lean client: what a publisher and a
//! subscriber of a load test need, and nothing else.

/// The longest packet that is taken from a broker, in bytes.
pub const MAX_PACKET: usize = 256 * 1024;

const CONNECT: u8 = 0x10;
const PUBLISH: u8 = 0x30;
const PUBREL: u8 = 0x62;
const SUBSCRIBE: u8 = 0x82;

/// Asks the broker to say when everything before it was handled.
pub const PINGREQ: [u8; 2] = [0xc0, 0];
pub const DISCONNECT: [u8; 2] = [0xe0, 0];

/// Delivery guarantee of a publish.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Qos {
    AtMostOnce,
    AtLeastOnce,
    ExactlyOnce,
}

impl Qos {
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::AtMostOnce),
            1 => Some(Self::AtLeastOnce),
            2 => Some(Self::ExactlyOnce),
            _ => None,
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::AtMostOnce => 0,
            Self::AtLeastOnce => 2,
            Self::ExactlyOnce => 4,
        }
    }
}

/// Who logs in.
#[derive(Clone, Debug)]
pub struct Login {
    pub client_id: String,
    /// User name and password.
    pub credentials: Option<(String, String)>,
}

/// A packet from the broker, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Incoming {
    /// The return code; 0 is success.
    ConnAck(u8),
    PubAck(u16),
    PubRec(u16),
    PubComp(u16),
    /// The worst return code; 0x80 is failure.
    SubAck(u8),
    PingResp,
    Publish {
        retained: bool,
    },
}

/// Why a broker's bytes are no use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WireError {
    #[error("the broker sent a packet longer than {MAX_PACKET} bytes")]
    TooLong,
    #[error("the broker sent what is no MQTT 3.1.1")]
    Malformed,
}

fn remaining_length(mut length: usize, out: &mut Vec<u8>) {
    loop {
        let byte = (length % 128) as u8;
        length /= 128;
        out.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            return;
        }
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Clean session, keep-alive in seconds.
pub fn connect(login: &Login, keep_alive: u16, out: &mut Vec<u8>) {
    const CLEAN_SESSION: u8 = 0x02;
    const USER_NAME_AND_PASSWORD: u8 = 0xc0;
    let mut body = Vec::with_capacity(64);
    text("MQTT", &mut body);
    body.push(4);
    let mut flags = CLEAN_SESSION;
    if login.credentials.is_some() {
        flags |= USER_NAME_AND_PASSWORD;
    }
    body.push(flags);
    body.extend_from_slice(&keep_alive.to_be_bytes());
    text(&login.client_id, &mut body);
    if let Some((user, password)) = &login.credentials {
        text(user, &mut body);
        text(password, &mut body);
    }
    out.push(CONNECT);
    remaining_length(body.len(), out);
    out.extend_from_slice(&body);
}

/// `packet_id` counts for QoS 1 and 2 only.
pub fn publish(topic: &str, qos: Qos, packet_id: u16, payload: &[u8], out: &mut Vec<u8>) {
    let id = if qos == Qos::AtMostOnce { 0 } else { 2 };
    out.push(PUBLISH | qos.bits());
    remaining_length(2 + topic.len() + id + payload.len(), out);
    text(topic, out);
    if id > 0 {
        out.extend_from_slice(&packet_id.to_be_bytes());
    }
    out.extend_from_slice(payload);
}

pub fn pubrel(packet_id: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(&[PUBREL, 2]);
    out.extend_from_slice(&packet_id.to_be_bytes());
}

/// At QoS 0.
pub fn subscribe(filter: &str, packet_id: u16, out: &mut Vec<u8>) {
    out.push(SUBSCRIBE);
    remaining_length(2 + 2 + filter.len() + 1, out);
    out.extend_from_slice(&packet_id.to_be_bytes());
    text(filter, out);
    out.push(0);
}

/// Takes the first whole packet of `bytes`, and tells how long it was;
/// `None` where more bytes are needed.
pub fn take(bytes: &[u8]) -> Result<Option<(Incoming, usize)>, WireError> {
    let mut length = 0usize;
    let mut header = 1;
    loop {
        let Some(byte) = bytes.get(header) else {
            return Ok(None);
        };
        length |= usize::from(byte & 0x7f) << (7 * (header - 1));
        header += 1;
        if byte & 0x80 == 0 {
            break;
        }
        if header == 5 {
            return Err(WireError::Malformed);
        }
    }
    if length > MAX_PACKET {
        return Err(WireError::TooLong);
    }
    let Some(body) = bytes.get(header..header + length) else {
        return Ok(None);
    };
    Ok(Some((read(bytes[0], body)?, header + length)))
}

fn read(first: u8, body: &[u8]) -> Result<Incoming, WireError> {
    let id = || match body {
        [high, low, ..] => Ok(u16::from_be_bytes([*high, *low])),
        _ => Err(WireError::Malformed),
    };
    match first >> 4 {
        2 => Ok(Incoming::ConnAck(*body.get(1).ok_or(WireError::Malformed)?)),
        3 => Ok(Incoming::Publish {
            retained: first & 1 == 1,
        }),
        4 => Ok(Incoming::PubAck(id()?)),
        5 => Ok(Incoming::PubRec(id()?)),
        7 => Ok(Incoming::PubComp(id()?)),
        9 => Ok(Incoming::SubAck(*body.get(2).ok_or(WireError::Malformed)?)),
        13 => Ok(Incoming::PingResp),
        _ => Err(WireError::Malformed),
    }
}

#[cfg(test)]
mod tests;
