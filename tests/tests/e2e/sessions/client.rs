//! A client that keeps its session, in both versions of MQTT: over
//! [`BareClient`], with what that one leaves out.

use std::io;
use std::net::SocketAddr;

use tests::BareClient;
use tests::bare_client::Packet;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Version {
    V311,
    V5,
}

/// Who connects, and for how long its session is kept.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) version: Version,
    pub(crate) client: String,
    pub(crate) user: String,
    pub(crate) password: String,
    /// Seconds, MQTT 5; 3.1.1 keeps a session that is not clean.
    pub(crate) expiry: u32,
}

pub(crate) struct SessionClient {
    wire: BareClient,
    version: Version,
    /// Read while something else was waited for.
    waiting: Vec<Packet>,
}

/// A PUBLISH as it was delivered.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Delivered {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    pub(crate) id: u16,
}

impl Delivered {
    /// `v` of an open topic's payload.
    pub(crate) fn value(&self) -> f64 {
        let json: serde_json::Value = serde_json::from_slice(&self.payload).unwrap();
        json["v"].as_f64().unwrap()
    }
}

const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const PUBREC: u8 = 5;
const PUBCOMP: u8 = 7;
const SUBACK: u8 = 9;
const UNSUBACK: u8 = 11;
const PINGRESP: u8 = 13;

impl SessionClient {
    /// Resumes or begins a session; says whether there was one.
    pub(crate) fn connect(address: SocketAddr, login: &Login) -> (Self, bool) {
        let mut wire = BareClient::open(address).unwrap();
        let mut body = Vec::new();
        text(&mut body, "MQTT");
        let level = match login.version {
            Version::V311 => 4,
            Version::V5 => 5,
        };
        // User name, password, and no clean start.
        body.extend_from_slice(&[level, 0b1100_0000, 0, 60]);
        if login.version == Version::V5 {
            body.extend_from_slice(&[5, 0x11]);
            body.extend_from_slice(&login.expiry.to_be_bytes());
        }
        text(&mut body, &login.client);
        text(&mut body, &login.user);
        text(&mut body, &login.password);
        wire.send(&packet(0x10, &body)).unwrap();
        let answer = wire.read().unwrap();
        assert_eq!(answer.kind(), CONNACK, "a CONNACK comes first: {answer:?}");
        assert_eq!(answer.body[1], 0, "{} is let in", login.client);
        let client = Self {
            wire,
            version: login.version,
            waiting: Vec::new(),
        };
        (client, answer.body[0] == 1)
    }

    /// At QoS 1 and, in MQTT 5, without retained messages; gives the code.
    pub(crate) fn subscribe(&mut self, filter: &str) -> io::Result<u8> {
        let mut body = vec![0, 1];
        self.no_properties(&mut body);
        text(&mut body, filter);
        body.push(match self.version {
            Version::V311 => 1,
            Version::V5 => 0x21,
        });
        self.wire.send(&packet(0x82, &body))?;
        let answer = self.answer(SUBACK)?;
        Ok(answer.body[answer.body.len() - 1])
    }

    /// Whether there was such a subscription; MQTT 3.1.1 does not say, and it is
    /// taken for granted.
    pub(crate) fn unsubscribe(&mut self, filter: &str) -> io::Result<bool> {
        let mut body = vec![0, 2];
        self.no_properties(&mut body);
        text(&mut body, filter);
        self.wire.send(&packet(0xa2, &body))?;
        let answer = self.answer(UNSUBACK)?;
        Ok(match self.version {
            Version::V311 => true,
            Version::V5 => answer.body.last() == Some(&0),
        })
    }

    /// The next message, not acknowledged.
    pub(crate) fn next(&mut self) -> io::Result<Delivered> {
        let packet = self.answer(PUBLISH)?;
        let mut at = 0;
        let length = usize::from(u16_at(&packet.body, &mut at));
        let topic = String::from_utf8(packet.body[at..at + length].to_vec()).unwrap();
        at += length;
        let qos = packet.first >> 1 & 3;
        let id = match qos {
            0 => 0,
            _ => u16_at(&packet.body, &mut at),
        };
        if self.version == Version::V5 {
            let properties = usize::from(packet.body[at]);
            assert!(properties < 128, "few properties are expected");
            at += 1 + properties;
        }
        Ok(Delivered {
            topic,
            payload: packet.body[at..].to_vec(),
            qos,
            retain: packet.first & 1 == 1,
            id,
        })
    }

    /// The next message, acknowledged.
    pub(crate) fn receive(&mut self) -> io::Result<Delivered> {
        let message = self.next()?;
        if message.qos == 1 {
            let [high, low] = message.id.to_be_bytes();
            self.wire.send(&[0x40, 2, high, low])?;
        }
        Ok(message)
    }

    /// Everything that was sent before is dealt with.
    pub(crate) fn ping(&mut self) {
        self.wire.send(&[0xc0, 0]).unwrap();
        self.answer(PINGRESP).unwrap();
    }

    pub(crate) fn publish_exactly_once(
        &mut self,
        topic: &str,
        id: u16,
        payload: &str,
        resent: bool,
    ) {
        let mut body = Vec::new();
        text(&mut body, topic);
        body.extend_from_slice(&id.to_be_bytes());
        self.no_properties(&mut body);
        body.extend_from_slice(payload.as_bytes());
        let first = if resent { 0x3c } else { 0x34 };
        self.wire.send(&packet(first, &body)).unwrap();
    }

    /// The id of the PUBREC that comes, and that it is one of success.
    pub(crate) fn received(&mut self) -> io::Result<u16> {
        let answer = self.answer(PUBREC)?;
        let reason = answer.body.get(2).copied().unwrap_or(0);
        assert!(reason < 0x80, "PUBREC says {reason:#x}");
        Ok(answer.id())
    }

    pub(crate) fn release(&mut self, id: u16) {
        let [high, low] = id.to_be_bytes();
        self.wire.send(&[0x62, 2, high, low]).unwrap();
    }

    /// The id and reason of the PUBCOMP that comes.
    pub(crate) fn completed(&mut self) -> io::Result<(u16, u8)> {
        let answer = self.answer(PUBCOMP)?;
        Ok((answer.id(), answer.body.get(2).copied().unwrap_or(0)))
    }

    pub(crate) fn disconnect(mut self) {
        self.wire.send(&[0xe0, 0]).unwrap();
        // The server closes: then the end is known to it.
        while self.wire.read().is_ok() {}
    }

    fn answer(&mut self, kind: u8) -> io::Result<Packet> {
        if let Some(place) = self.waiting.iter().position(|it| it.kind() == kind) {
            return Ok(self.waiting.remove(place));
        }
        loop {
            let packet = self.wire.read()?;
            if packet.kind() == kind {
                return Ok(packet);
            }
            self.waiting.push(packet);
        }
    }

    fn no_properties(&self, body: &mut Vec<u8>) {
        if self.version == Version::V5 {
            body.push(0);
        }
    }
}

fn u16_at(bytes: &[u8], at: &mut usize) -> u16 {
    let number = u16::from_be_bytes([bytes[*at], bytes[*at + 1]]);
    *at += 2;
    number
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// With a remaining length of at most two bytes.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    assert!(length < 128 * 128);
    let mut out = vec![first];
    if length < 128 {
        out.push(length as u8);
    } else {
        out.extend_from_slice(&[(length % 128) as u8 | 0x80, (length / 128) as u8]);
    }
    out.extend_from_slice(body);
    out
}
