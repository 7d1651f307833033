//! MQTT 3.1.1 in a page, for tests that must know which acknowledgement came
//! when, and that must be able to misbehave.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A blocking connection, over TCP or what stands for it.
pub struct BareClient<S = TcpStream> {
    stream: S,
    buffer: Vec<u8>,
}

/// One packet, undecoded: the first byte and the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    pub first: u8,
    pub body: Vec<u8>,
}

impl Packet {
    /// 2 CONNACK, 3 PUBLISH, 4 PUBACK, 9 SUBACK, ...
    pub fn kind(&self) -> u8 {
        self.first >> 4
    }

    /// The packet id of a PUBACK or SUBACK.
    pub fn id(&self) -> u16 {
        u16::from_be_bytes([self.body[0], self.body[1]])
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    let mut rest = body.len();
    loop {
        let byte = u8::try_from(rest % 128).unwrap();
        rest /= 128;
        out.push(if rest > 0 { byte | 0x80 } else { byte });
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(body);
    out
}

impl BareClient {
    /// Opens TCP only.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self::over(stream))
    }

    pub fn publish_packet(topic: &str, id: u16, payload: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        text(&mut body, topic);
        body.extend_from_slice(&id.to_be_bytes());
        body.extend_from_slice(payload);
        packet(0x32, &body)
    }

    /// At QoS 0, all filters in one packet.
    pub fn subscribe_packet<'a>(id: u16, filters: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
        let mut body = id.to_be_bytes().to_vec();
        for filter in filters {
            text(&mut body, filter);
            body.push(0);
        }
        packet(0x82, &body)
    }

    pub fn set_read_timeout(&self, timeout: Duration) {
        self.stream.set_read_timeout(Some(timeout)).unwrap();
    }

    pub fn set_write_timeout(&self, timeout: Duration) {
        self.stream.set_write_timeout(Some(timeout)).unwrap();
    }
}

impl<S: Read + Write> BareClient<S> {
    pub fn over(stream: S) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// CONNECT with a clean session; gives the CONNACK's return code.
    pub fn connect(&mut self, client: &str, user: &str, password: &str) -> io::Result<u8> {
        let mut body = Vec::new();
        text(&mut body, "MQTT");
        body.extend_from_slice(&[4, 0b1100_0010, 0, 60]);
        text(&mut body, client);
        text(&mut body, user);
        text(&mut body, password);
        self.send(&packet(0x10, &body))?;
        let answer = self.read()?;
        assert_eq!(answer.kind(), 2, "a CONNACK comes first: {answer:?}");
        Ok(answer.body[1])
    }

    pub fn publish(&mut self, topic: &str, id: u16, payload: &[u8]) -> io::Result<()> {
        self.send(&BareClient::publish_packet(topic, id, payload))
    }

    /// Gives the SUBACK's return code.
    pub fn subscribe(&mut self, filter: &str) -> io::Result<u8> {
        let mut body = vec![0, 1];
        text(&mut body, filter);
        body.push(1);
        self.send(&packet(0x82, &body))?;
        loop {
            let answer = self.read()?;
            if answer.kind() == 9 {
                return Ok(answer.body[2]);
            }
        }
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next packet; an error at the end of the connection.
    pub fn read(&mut self) -> io::Result<Packet> {
        loop {
            if let Some(packet) = self.take() {
                return Ok(packet);
            }
            let mut chunk = [0; 16 * 1024];
            let count = self.stream.read(&mut chunk)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.buffer.extend_from_slice(&chunk[..count]);
        }
    }

    fn take(&mut self) -> Option<Packet> {
        let mut length = 0usize;
        for (place, byte) in self.buffer.iter().skip(1).take(4).enumerate() {
            length |= usize::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                let start = place + 2;
                if self.buffer.len() < start + length {
                    return None;
                }
                let body = self.buffer[start..start + length].to_vec();
                let first = self.buffer[0];
                self.buffer.drain(..start + length);
                return Some(Packet { first, body });
            }
        }
        None
    }
}
