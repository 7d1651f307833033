//! A device's CoAP link: signed messages (COSE_Sign1), one at a time, each
//! kept until the platform's receipt came. RFC 7252's retransmission of a
//! confirmable message; a separate answer is acknowledged.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType, ResponseType};
use domain::DeviceTopic;
use sdk::coap::{CONTENT_FORMAT_COSE_SIGN1, SignedTelemetry, verify_receipt};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::device::{Device, Message};
use super::report::Counters;
use super::{FleetConfig, SimulatedDevice};
use crate::clock::now;

/// RFC 7252, 4.8: the first wait for an answer; doubled each time.
const ACK_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_RETRANSMIT: u32 = 4;
/// The longest datagram that is read, in bytes.
const MAX_DATAGRAM: usize = 1_472;
/// After a refusal or a message without an answer.
const BACKOFF: Duration = Duration::from_secs(5);

/// What became of one message.
enum Fate {
    Durable,
    /// It could not be read, and will not be any better next time.
    Unreadable,
    Refused,
    NoAnswer,
}

struct Link<'a> {
    config: &'a FleetConfig,
    simulated: &'a SimulatedDevice,
    socket: UdpSocket,
    /// Grows with each boot; here the second of the simulator's start, since
    /// it has no flash of its own.
    boot_epoch: u64,
    sequence: u64,
    message_id: u16,
}

pub(super) async fn run(
    config: &FleetConfig,
    simulated: &SimulatedDevice,
    door: SocketAddr,
    mut device: Device<'_>,
    report: &Counters,
    mut stopped: watch::Receiver<bool>,
) {
    device.write_cbor();
    let Ok(mut link) = Link::open(config, simulated, door).await else {
        report.count(|sum| sum.refused += 1);
        return;
    };
    report.count(|sum| sum.connected += 1);
    let mut due = Instant::now() + device.first_wait();
    let mut send_at = Instant::now();
    loop {
        let next = if device.store.is_empty() {
            due
        } else {
            due.min(send_at)
        };
        tokio::select! {
            _ = stopped.changed() => return,
            () = sleep_until(next) => {}
        }
        if device.boots_again(now()) {
            link.boot();
        }
        if Instant::now() >= due {
            let lost = device.measure(now());
            report.count(|sum| {
                sum.made += 1;
                sum.lost += u64::from(lost);
            });
            due = Instant::now() + device.wait();
        }
        if Instant::now() < send_at || !device.link_is_up(now()) {
            send_at = send_at.max(Instant::now() + Duration::from_secs(1));
            continue;
        }
        let Some(message) = device.store.front() else {
            continue;
        };
        let fate = tokio::select! {
            _ = stopped.changed() => return,
            fate = link.deliver(message) => fate,
        };
        match fate {
            Ok(Fate::Durable) => {
                device.store.pop_front();
                link.sequence += 1;
                report.count(|sum| sum.acknowledged += 1);
            }
            Ok(Fate::Unreadable) => {
                device.store.pop_front();
                link.sequence += 1;
                report.count(|sum| sum.refused += 1);
            }
            Ok(Fate::Refused) => {
                report.count(|sum| sum.refused += 1);
                send_at = Instant::now() + BACKOFF;
            }
            Ok(Fate::NoAnswer) | Err(_) => send_at = Instant::now() + BACKOFF,
        }
    }
}

impl<'a> Link<'a> {
    async fn open(
        config: &'a FleetConfig,
        simulated: &'a SimulatedDevice,
        door: SocketAddr,
    ) -> anyhow::Result<Self> {
        let any: SocketAddr = if door.is_ipv4() {
            ([0, 0, 0, 0], 0).into()
        } else {
            ([0u16; 8], 0).into()
        };
        let socket = UdpSocket::bind(any).await.context("a UDP socket")?;
        socket.connect(door).await.context("the CoAP door")?;
        Ok(Self {
            config,
            simulated,
            socket,
            boot_epoch: now().as_micros().div_euclid(1_000_000) as u64,
            sequence: 1,
            message_id: simulated.planned.hash as u16,
        })
    }

    /// A new epoch, in which messages count from one again.
    fn boot(&mut self) {
        self.boot_epoch += 1;
        self.sequence = 1;
    }

    /// Signs and sends, again and again, until an answer came or hope is gone.
    async fn deliver(&mut self, message: &Message) -> anyhow::Result<Fate> {
        let body = SignedTelemetry {
            device: &self.simulated.planned.id,
            boot_epoch: self.boot_epoch,
            sequence: self.sequence,
            // The same for each try: a message sent again keeps its bytes.
            time: message.time,
            format: message.format,
            payload: &message.payload,
        }
        .sign(&self.simulated.key)?;
        self.message_id = self.message_id.wrapping_add(1);
        let token = self.sequence.to_be_bytes();
        let request = self.request(&body, &token)?;
        let mut wait = ACK_TIMEOUT;
        for _ in 0..=MAX_RETRANSMIT {
            self.socket.send(&request).await?;
            if let Some(answer) = self.answer(&token, Instant::now() + wait).await? {
                return Ok(self.judge(&answer, &body));
            }
            wait *= 2;
        }
        Ok(Fate::NoAnswer)
    }

    fn request(&self, body: &[u8], token: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut packet = Packet::new();
        packet.header.set_type(MessageType::Confirmable);
        packet.header.code = MessageClass::Request(RequestType::Post);
        packet.header.message_id = self.message_id;
        packet.set_token(token.to_vec());
        for level in DeviceTopic::telemetry(&self.simulated.planned.id).levels() {
            packet.add_option(CoapOption::UriPath, level.as_bytes().to_vec());
        }
        packet.add_option(
            CoapOption::ContentFormat,
            vec![CONTENT_FORMAT_COSE_SIGN1 as u8],
        );
        packet.payload = body.to_vec();
        packet
            .to_bytes()
            .map_err(|cause| anyhow::anyhow!("a CoAP message: {cause}"))
    }

    /// The answer to `token`, piggy-backed or separate.
    async fn answer(&self, token: &[u8], deadline: Instant) -> anyhow::Result<Option<Packet>> {
        let mut buffer = [0; MAX_DATAGRAM];
        loop {
            let Ok(read) = timeout_at(deadline, self.socket.recv(&mut buffer)).await else {
                return Ok(None);
            };
            let Ok(packet) = Packet::from_bytes(&buffer[..read?]) else {
                continue;
            };
            let is_response = matches!(packet.header.code, MessageClass::Response(_));
            if is_response && packet.header.get_type() == MessageType::Confirmable {
                self.acknowledge(packet.header.message_id).await?;
            }
            if is_response && packet.get_token() == token {
                return Ok(Some(packet));
            }
        }
    }

    async fn acknowledge(&self, message_id: u16) -> anyhow::Result<()> {
        let mut packet = Packet::new();
        packet.header.set_type(MessageType::Acknowledgement);
        packet.header.code = MessageClass::Empty;
        packet.header.message_id = message_id;
        let bytes = packet
            .to_bytes()
            .map_err(|cause| anyhow::anyhow!("a CoAP ACK: {cause}"))?;
        self.socket.send(&bytes).await?;
        Ok(())
    }

    fn judge(&self, answer: &Packet, body: &[u8]) -> Fate {
        let proven = match &self.config.platform {
            Some(platform) => verify_receipt(&answer.payload, platform, body).is_ok(),
            None => true,
        };
        match answer.header.code {
            MessageClass::Response(ResponseType::Changed) if proven => Fate::Durable,
            MessageClass::Response(ResponseType::BadRequest) => Fate::Unreadable,
            _ => Fate::Refused,
        }
    }
}
