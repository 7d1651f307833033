//! The lean client: one connection that publishes what a source gives it, with
//! a window of messages in flight, and tells of each acknowledgement.
//!
//! Built for numbers: packets by hand, one write for all that the window
//! allows, one read for all acknowledgements that came. Connections are tasks
//! of a single-threaded runtime, a few threads for thousands of them.

use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::wire::{self, Incoming, Login, Qos, WireError};

/// Bytes read at once.
const READ_BUFFER: usize = 16 * 1024;
/// A broker that says nothing for so long is given up.
pub const PATIENCE: Duration = Duration::from_secs(60);
const KEEP_ALIVE_SECONDS: u16 = 600;
/// The most messages that may be in flight: packet ids are 16 bits.
pub const MAX_WINDOW: usize = 60_000;

/// Why a connection ended before its work was done.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("cannot reach the broker at {address}")]
    Unreachable {
        address: SocketAddr,
        #[source]
        cause: io::Error,
    },
    #[error("the broker refused {client_id}: CONNACK {code} ({})", connack(*code))]
    Refused { client_id: String, code: u8 },
    #[error("the broker refused the subscription")]
    SubscriptionRefused,
    #[error("the connection broke")]
    Broken(#[source] io::Error),
    #[error("the broker closed the connection")]
    Closed,
    #[error("no answer for {} s", PATIENCE.as_secs())]
    Silent,
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("the broker acknowledged packet {0}, which is not in flight")]
    Stray(u16),
}

impl PublishError {
    /// In one line, with its cause.
    pub(crate) fn with_cause(&self) -> String {
        match self.source() {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }
}

const fn connack(code: u8) -> &'static str {
    match code {
        1 => "unacceptable protocol version",
        2 => "identifier rejected",
        3 => "server unavailable",
        4 => "bad user name or password",
        5 => "not authorised",
        _ => "unknown",
    }
}

/// What to send, in order.
pub trait Source {
    /// When the next message is due, `None` at the end. Asked again and again
    /// until [`Source::write`] takes it.
    fn due(&mut self) -> Option<Due>;
    /// Writes the next message's payload to the end of `out`.
    fn write(&mut self, out: &mut Vec<u8>);
    /// The message at the head of those in flight is acknowledged.
    fn acknowledged(&mut self, latency: Duration);
}

/// When a message may leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    Now,
    At(Instant),
}

/// A connection that stands.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr, login: &Login) -> Result<Self, PublishError> {
        let stream = tokio::time::timeout(PATIENCE, TcpStream::connect(address))
            .await
            .map_err(|_| PublishError::Silent)?
            .map_err(|cause| PublishError::Unreachable { address, cause })?;
        stream.set_nodelay(true).map_err(PublishError::Broken)?;
        let mut connection = Self {
            stream,
            received: Vec::new(),
        };
        let mut packet = Vec::new();
        wire::connect(login, KEEP_ALIVE_SECONDS, &mut packet);
        connection.send(&packet).await?;
        match connection.next().await? {
            Incoming::ConnAck(0) => Ok(connection),
            Incoming::ConnAck(code) => Err(PublishError::Refused {
                client_id: login.client_id.clone(),
                code,
            }),
            _ => Err(WireError::Malformed.into()),
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), PublishError> {
        tokio::time::timeout(PATIENCE, self.stream.write_all(bytes))
            .await
            .map_err(|_| PublishError::Silent)?
            .map_err(PublishError::Broken)
    }

    /// Waits for bytes and adds them to what was received.
    async fn receive(&mut self) -> Result<(), PublishError> {
        loop {
            tokio::time::timeout(PATIENCE, self.stream.readable())
                .await
                .map_err(|_| PublishError::Silent)?
                .map_err(PublishError::Broken)?;
            self.received.reserve(READ_BUFFER);
            match self.stream.try_read_buf(&mut self.received) {
                Ok(0) => return Err(PublishError::Closed),
                Ok(_) => return Ok(()),
                Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {}
                Err(fault) => return Err(PublishError::Broken(fault)),
            }
        }
    }

    async fn next(&mut self) -> Result<Incoming, PublishError> {
        loop {
            if let Some((packet, length)) = wire::take(&self.received)? {
                self.received.drain(..length);
                return Ok(packet);
            }
            self.receive().await?;
        }
    }

    pub async fn subscribe(&mut self, filter: &str) -> Result<(), PublishError> {
        let mut packet = Vec::new();
        wire::subscribe(filter, 1, &mut packet);
        self.send(&packet).await?;
        loop {
            match self.next().await? {
                Incoming::SubAck(code) if code < 0x80 => return Ok(()),
                Incoming::SubAck(_) => return Err(PublishError::SubscriptionRefused),
                Incoming::Publish { .. } => {}
                _ => return Err(WireError::Malformed.into()),
            }
        }
    }

    /// Counts live publications until `seen` has enough, or nothing came for
    /// `idle` after the first one.
    pub async fn count(
        &mut self,
        idle: Duration,
        mut seen: impl FnMut(u64) -> bool,
    ) -> Result<(), PublishError> {
        let mut patience = PATIENCE;
        loop {
            let (mut taken, mut live) = (0, 0);
            while let Some((packet, length)) = wire::take(&self.received[taken..])? {
                taken += length;
                live += u64::from(packet == Incoming::Publish { retained: false });
            }
            self.received.drain(..taken);
            if seen(live) {
                return Ok(());
            }
            if live > 0 {
                patience = idle;
            }
            match tokio::time::timeout(patience, self.receive()).await {
                Ok(received) => received?,
                Err(_) => return Ok(()),
            }
        }
    }

    pub async fn close(mut self) {
        // A broker that is gone already has nothing to say to this.
        let _ = self.send(&wire::DISCONNECT).await;
    }
}

/// How one connection publishes.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    pub qos: Qos,
    /// Messages in flight at most.
    pub window: usize,
}

/// Sends all that `source` has, until each message is acknowledged. At QoS 0 a
/// PINGRESP stands for all that were sent before its PINGREQ.
pub async fn publish_all(
    connection: &mut Connection,
    topic: &str,
    manner: Manner,
    source: &mut impl Source,
) -> Result<(), PublishError> {
    let mut flight = Flight {
        manner,
        sent: VecDeque::with_capacity(manner.window.min(MAX_WINDOW)),
        next_id: 1,
        pinged: None,
    };
    let mut out = Vec::with_capacity(READ_BUFFER);
    let mut payload = Vec::with_capacity(256);
    loop {
        let due = flight.fill(topic, source, &mut payload, &mut out);
        if !out.is_empty() {
            connection.send(&out).await?;
            out.clear();
        }
        match due {
            None if flight.is_empty() => return Ok(()),
            Some(Due::At(at)) => {
                let at = tokio::time::Instant::from_std(at);
                // Either may come first; a broker's silence is noticed once
                // nothing more is due.
                if let Ok(received) = tokio::time::timeout_at(at, connection.receive()).await {
                    received?;
                }
            }
            _ => connection.receive().await?,
        }
        flight.settle(connection, source, &mut out)?;
    }
}

/// What is under way on one connection.
struct Flight {
    manner: Manner,
    /// Packet id and the moment that its latency counts from, oldest first.
    sent: VecDeque<(u16, Instant)>,
    next_id: u16,
    /// At QoS 0: so many of `sent` stood before the PINGREQ that is under way.
    pinged: Option<usize>,
}

impl Flight {
    fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Adds to `out` all that is due and that the window allows.
    fn fill(
        &mut self,
        topic: &str,
        source: &mut impl Source,
        payload: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Option<Due> {
        let now = Instant::now();
        let due = loop {
            let due = source.due();
            let since = match due {
                None => break due,
                Some(Due::Now) => now,
                // With nothing in flight only this client's timer was late.
                Some(Due::At(at)) if at <= now && self.sent.is_empty() => now,
                // From the moment it was due: what a late broker delays counts.
                Some(Due::At(at)) if at <= now => at,
                Some(Due::At(_)) => break due,
            };
            if self.sent.len() >= self.manner.window {
                break Some(Due::Now);
            }
            payload.clear();
            source.write(payload);
            wire::publish(topic, self.manner.qos, self.next_id, payload, out);
            self.sent.push_back((self.next_id, since));
            self.next_id = if self.next_id == u16::MAX {
                1
            } else {
                self.next_id + 1
            };
        };
        if self.manner.qos == Qos::AtMostOnce
            && !self.sent.is_empty()
            && self.pinged.is_none()
            && (due.is_none() || self.sent.len() >= self.manner.window / 2)
        {
            out.extend_from_slice(&wire::PINGREQ);
            self.pinged = Some(self.sent.len());
        }
        due
    }

    /// Takes every acknowledgement that was received.
    fn settle(
        &mut self,
        connection: &mut Connection,
        source: &mut impl Source,
        out: &mut Vec<u8>,
    ) -> Result<(), PublishError> {
        let now = Instant::now();
        let mut taken = 0;
        while let Some((packet, length)) = wire::take(&connection.received[taken..])? {
            taken += length;
            match packet {
                Incoming::PubAck(id) | Incoming::PubComp(id) => self.ack(id, now, source)?,
                Incoming::PubRec(id) => wire::pubrel(id, out),
                Incoming::PingResp => self.pong(now, source),
                _ => {}
            }
        }
        connection.received.drain(..taken);
        Ok(())
    }

    /// MQTT acknowledges in the order of receipt (4.6), so it is the oldest.
    fn ack(&mut self, id: u16, now: Instant, source: &mut impl Source) -> Result<(), PublishError> {
        match self.sent.pop_front() {
            Some((oldest, since)) if oldest == id => {
                source.acknowledged(now.saturating_duration_since(since));
                Ok(())
            }
            _ => Err(PublishError::Stray(id)),
        }
    }

    /// All that stood before the ping was handled.
    fn pong(&mut self, now: Instant, source: &mut impl Source) {
        let handled = self.pinged.take().unwrap_or_default();
        for (_, since) in self.sent.drain(..handled) {
            source.acknowledged(now.saturating_duration_since(since));
        }
    }
}
