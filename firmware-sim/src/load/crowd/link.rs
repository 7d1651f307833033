//! One connection of a crowd: what it takes to log in, to send a message, and
//! to be silent. It holds no buffer between two packets.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::publisher::{PATIENCE, PublishError};
use crate::wire::{self, Incoming, Login, Qos, WireError};

/// Bytes read at once: acknowledgements are short.
const READ_BYTES: usize = 64;
/// The longest that MQTT has, about 18 hours: a silent connection stays.
const KEEP_ALIVE_SECONDS: u16 = u16::MAX;
const PACKET_ID: u16 = 1;

pub(super) struct Link {
    stream: Stream,
    /// What was read beyond the last packet; empty while nothing goes on.
    received: Vec<u8>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Link {
    pub(super) const fn plain(stream: TcpStream) -> Self {
        Self {
            stream: Stream::Plain(stream),
            received: Vec::new(),
        }
    }

    pub(super) fn tls(stream: TlsStream<TcpStream>) -> Self {
        Self {
            stream: Stream::Tls(Box::new(stream)),
            received: Vec::new(),
        }
    }

    /// CONNECT until its CONNACK.
    pub(super) async fn greet(&mut self, login: &Login) -> Result<(), PublishError> {
        let mut packet = Vec::with_capacity(512);
        wire::connect(login, KEEP_ALIVE_SECONDS, &mut packet);
        match self.exchange(&packet).await? {
            Incoming::ConnAck(0) => Ok(()),
            Incoming::ConnAck(code) => Err(PublishError::Refused {
                client_id: login.client_id.clone(),
                code,
            }),
            _ => Err(WireError::Malformed.into()),
        }
    }

    /// One message at QoS 1 until its PUBACK.
    pub(super) async fn publish(
        &mut self,
        topic: &str,
        payload: &[u8],
    ) -> Result<(), PublishError> {
        let mut packet = Vec::with_capacity(256);
        wire::publish(topic, Qos::AtLeastOnce, PACKET_ID, payload, &mut packet);
        match self.exchange(&packet).await? {
            Incoming::PubAck(PACKET_ID) => Ok(()),
            Incoming::PubAck(other) => Err(PublishError::Stray(other)),
            _ => Err(WireError::Malformed.into()),
        }
    }

    /// SUBSCRIBE until its SUBACK. What the broker sends of it beside that is
    /// left in the socket.
    pub(super) async fn subscribe(&mut self, filter: &str) -> Result<(), PublishError> {
        let mut packet = Vec::with_capacity(64);
        wire::subscribe(filter, PACKET_ID, &mut packet);
        match self.exchange(&packet).await? {
            Incoming::SubAck(code) if code < 0x80 => Ok(()),
            Incoming::SubAck(_) => Err(PublishError::SubscriptionRefused),
            _ => Err(WireError::Malformed.into()),
        }
    }

    /// PINGREQ until its PINGRESP.
    pub(super) async fn ping(&mut self) -> Result<(), PublishError> {
        match self.exchange(&wire::PINGREQ).await? {
            Incoming::PingResp => Ok(()),
            _ => Err(WireError::Malformed.into()),
        }
    }

    /// Comes back when the connection has ended.
    pub(super) async fn ended(&mut self) -> PublishError {
        loop {
            if let Err(end) = self.next().await {
                return end;
            }
        }
    }

    async fn exchange(&mut self, packet: &[u8]) -> Result<Incoming, PublishError> {
        self.send(packet).await.map_err(PublishError::Broken)?;
        let answer = async {
            loop {
                match self.next().await {
                    // Of what it subscribes to: nobody asked for it just now.
                    Ok(Incoming::Publish { .. }) => {}
                    other => return other,
                }
            }
        };
        tokio::time::timeout(PATIENCE, answer)
            .await
            .map_err(|_| PublishError::Silent)?
    }

    async fn send(&mut self, packet: &[u8]) -> std::io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(packet).await,
            Stream::Tls(stream) => {
                stream.write_all(packet).await?;
                stream.flush().await
            }
        }
    }

    async fn next(&mut self) -> Result<Incoming, PublishError> {
        loop {
            if let Some((packet, length)) = wire::take(&self.received)? {
                self.received.drain(..length);
                if self.received.is_empty() {
                    self.received = Vec::new();
                }
                return Ok(packet);
            }
            let mut bytes = [0; READ_BYTES];
            let read = match &mut self.stream {
                Stream::Plain(stream) => stream.read(&mut bytes).await,
                Stream::Tls(stream) => stream.read(&mut bytes).await,
            };
            match read.map_err(PublishError::Broken)? {
                0 => return Err(PublishError::Closed),
                count => self.received.extend_from_slice(&bytes[..count]),
            }
        }
    }
}
