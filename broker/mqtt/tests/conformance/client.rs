//! A client that hides nothing: it does what a test says, keeps what comes, and
//! waits for conditions.
//!
//! It answers PUBLISH, PUBREC and PUBREL as a client has to, unless it is told
//! to be [`Answers::Silent`]. What is missing when patience ends, or the
//! connection does, becomes a sentence.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use mqtt::codec::{
    self, ConnAck, Disconnect, FilterList, Packet, Properties, PropertyList, Publish, Qos,
    ReasonCode, Subscribe, SubscribeOptions, Unsubscribe, raw_filters,
};
use transport::Protocol;

use crate::login::Login;
use crate::packet::{Received, ack, packet_id};
use crate::server::Server;
use crate::{Outcome, ensure};

/// What does not come within this after all else was answered does not come.
const QUIET: Duration = Duration::from_millis(300);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// PUBACK, PUBREC, PUBREL and PUBCOMP, each when it is due.
    Usual,
    /// None of them.
    Silent,
}

pub(crate) struct Client {
    stream: TcpStream,
    protocol: Protocol,
    patience: Duration,
    buffer: Vec<u8>,
    pub(crate) answers: Answers,
    connack: Option<Received>,
    messages: VecDeque<Received>,
    /// All but PUBLISH and PINGRESP, until somebody waits for it.
    others: VecDeque<Received>,
    /// PINGRESPs that nobody has waited for yet.
    pongs: usize,
    last_id: u16,
}

impl Client {
    /// TCP only.
    pub(crate) fn open(server: &Server) -> Outcome<Self> {
        let stream = TcpStream::connect(server.address).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).unwrap();
        Ok(Self {
            stream,
            protocol: server.protocol,
            patience: server.patience,
            buffer: Vec::new(),
            answers: Answers::Usual,
            connack: None,
            messages: VecDeque::new(),
            others: VecDeque::new(),
            pongs: 0,
            last_id: 0,
        })
    }

    /// Let in, or a sentence.
    pub(crate) fn connect(server: &Server, login: &Login<'_>) -> Outcome<Self> {
        let client = Self::attempt(server, login)?;
        let code = client.connack().code;
        ensure!(code == 0, "{:?} is refused with {code:#04x}", login.id);
        Ok(client)
    }

    /// With a CONNACK of any code.
    pub(crate) fn attempt(server: &Server, login: &Login<'_>) -> Outcome<Self> {
        let mut client = Self::open(server)?;
        client.send(&Packet::Connect(login.packet(server.protocol)))?;
        let connack = client.wait_for("a CONNACK", |client| client.connack.clone())?;
        client.connack = Some(connack);
        Ok(client)
    }

    /// A clean session with the subscriptions, each granted as asked for.
    pub(crate) fn subscriber(server: &Server, id: &str, filters: &[(&str, Qos)]) -> Outcome<Self> {
        let mut client = Self::connect(server, &Login::clean(id))?;
        for (filter, qos) in filters {
            client.subscribe(filter, *qos)?;
        }
        Ok(client)
    }

    pub(crate) fn connack(&self) -> ConnAck<'_> {
        match self.connack.as_ref().map(Received::packet) {
            Some(Packet::ConnAck(connack)) => connack,
            other => panic!("not connected: {other:?}"),
        }
    }

    /// A CONNACK has come that lets it in.
    pub(crate) fn is_let_in(&self) -> bool {
        self.connack.is_some() && self.connack().code == 0
    }

    pub(crate) fn expect_session(&self, present: bool) -> Outcome {
        let told = self.connack().session_present;
        ensure!(told == present, "session present is {told}, not {present}");
        Ok(())
    }

    // Sending.

    pub(crate) fn send(&mut self, packet: &Packet<'_>) -> Outcome {
        let mut bytes = Vec::new();
        codec::encode(packet, self.protocol, &mut bytes);
        self.send_bytes(&bytes)
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> Outcome {
        let written = self.stream.write_all(bytes);
        written.map_err(|error| format!("the connection takes nothing: {error}"))
    }

    fn next_id(&mut self) -> u16 {
        self.last_id += 1;
        self.last_id
    }

    /// Gives the packet identifier.
    pub(crate) fn send_message(&mut self, mut message: Publish<'_>) -> Outcome<u16> {
        if message.qos != Qos::AtMostOnce {
            message.packet_id = self.next_id();
        }
        let packet_id = message.packet_id;
        self.send(&Packet::Publish(message))?;
        Ok(packet_id)
    }

    /// Sends, and waits for the end of the exchange.
    pub(crate) fn publish(&mut self, message: Publish<'_>) -> Outcome {
        let qos = message.qos;
        let id = self.send_message(message)?;
        match qos {
            Qos::AtMostOnce => Ok(()),
            Qos::AtLeastOnce => self.wait_for_ack("a PUBACK", id, |packet| match packet {
                Packet::PubAck(ack) => Some(ack.reason),
                _ => None,
            }),
            Qos::ExactlyOnce => self.wait_for_ack("a PUBCOMP", id, |packet| match packet {
                Packet::PubComp(ack) => Some(ack.reason),
                _ => None,
            }),
        }
    }

    fn wait_for_ack(
        &mut self,
        what: &str,
        id: u16,
        reason: impl Fn(&Packet<'_>) -> Option<ReasonCode>,
    ) -> Outcome {
        let reason = self.wait_for_other(what, |packet| match packet_id(packet) == Some(id) {
            true => reason(packet),
            false => None,
        })?;
        ensure!(!reason.is_failure(), "{what} with {:#04x}", reason.0);
        Ok(())
    }

    pub(crate) fn subscribe(&mut self, filter: &str, qos: Qos) -> Outcome {
        self.subscribe_with(filter, SubscribeOptions::qos(qos), Properties::NONE)
    }

    /// Granted with the QoS that was asked for, or a sentence.
    pub(crate) fn subscribe_with(
        &mut self,
        filter: &str,
        options: SubscribeOptions,
        properties: Properties<'_>,
    ) -> Outcome {
        let codes = self.try_subscribe(&[(filter, options)], properties)?;
        let asked = options.qos as u8;
        ensure!(
            codes == [asked],
            "{filter} is granted as {codes:x?}, not {asked}"
        );
        Ok(())
    }

    /// The codes of the SUBACK.
    pub(crate) fn try_subscribe(
        &mut self,
        filters: &[(&str, SubscribeOptions)],
        properties: Properties<'_>,
    ) -> Outcome<Vec<u8>> {
        let mut list = FilterList::default();
        for (filter, options) in filters {
            list = list.with(filter, *options);
        }
        let id = self.next_id();
        self.send(&Packet::Subscribe(Subscribe::new(id, properties, &list)))?;
        self.wait_for_other("a SUBACK", |packet| match packet {
            Packet::SubAck(suback) if suback.packet_id == id => Some(suback.codes.to_vec()),
            _ => None,
        })
    }

    pub(crate) fn unsubscribe(&mut self, filter: &str) -> Outcome {
        let (id, raw) = (self.next_id(), raw_filters(&[filter]));
        let packet = Unsubscribe::new(id, Properties::NONE, &raw);
        self.send(&Packet::Unsubscribe(packet))?;
        self.wait_for_other("an UNSUBACK", |packet| match packet {
            Packet::UnsubAck(unsuback) => (unsuback.packet_id == id).then_some(()),
            _ => None,
        })
    }

    /// Says goodbye, and waits until the broker has closed: its view of the
    /// session is settled then.
    pub(crate) fn disconnect(self) -> Outcome {
        self.disconnect_with(&PropertyList::default())
    }

    pub(crate) fn disconnect_with(mut self, properties: &PropertyList) -> Outcome {
        self.send(&Packet::Disconnect(Disconnect {
            reason: ReasonCode::SUCCESS,
            properties: properties.as_properties(),
        }))?;
        self.expect_closed()
    }

    /// DISCONNECT and nothing after it: whether it is answered by the end of
    /// the connection, nobody looks.
    pub(crate) fn goodbye(mut self) -> Outcome {
        self.send(&Packet::Disconnect(Disconnect {
            reason: ReasonCode::SUCCESS,
            properties: Properties::NONE,
        }))
    }

    /// Ends without a word.
    pub(crate) fn vanish(self) {
        drop(self.stream);
    }

    // Receiving.

    pub(crate) fn next_message(&mut self, what: &str) -> Outcome<Received> {
        self.wait_for(what, |client| client.messages.pop_front())
    }

    /// The payload that has to come next.
    pub(crate) fn expect_message(&mut self, payload: &str) -> Outcome<Received> {
        let received = self.next_message(&format!("the message {payload:?}"))?;
        let came = received.payload();
        ensure!(came == payload, "{came:?} comes instead of {payload:?}");
        Ok(received)
    }

    /// All that was sent so far is answered, and no message is among it.
    pub(crate) fn expect_no_message(&mut self, why: &str) -> Outcome {
        match self.messages_until_quiet()?.first() {
            Some(payload) => Err(format!("{payload:?} comes, but {why}")),
            None => Ok(()),
        }
    }

    /// What has come and comes until nothing does any more.
    pub(crate) fn messages_until_quiet(&mut self) -> Outcome<Vec<String>> {
        self.ping()?;
        let end = Instant::now() + QUIET;
        while self.step(end)? {}
        Ok(self.messages.drain(..).map(|it| it.payload()).collect())
    }

    pub(crate) fn ping(&mut self) -> Outcome {
        self.send(&Packet::PingReq)?;
        self.wait_for("a PINGRESP", |client| {
            client.pongs.checked_sub(1).map(|left| client.pongs = left)
        })
    }

    /// The first of the packets that are no messages in which the function
    /// finds something.
    pub(crate) fn wait_for_other<T>(
        &mut self,
        what: &str,
        find: impl Fn(&Packet<'_>) -> Option<T>,
    ) -> Outcome<T> {
        self.wait_for(what, |client| {
            let mut others = client.others.iter().enumerate();
            let found = others.find_map(|(at, it)| find(&it.packet()).map(|found| (at, found)));
            found.map(|(at, found)| {
                client.others.remove(at);
                found
            })
        })
    }

    /// The broker has released a message of QoS 2.
    pub(crate) fn wait_for_release(&mut self, id: u16) -> Outcome {
        self.wait_for_other("a PUBREL", |packet| match packet {
            Packet::PubRel(ack) => (ack.packet_id == id).then_some(()),
            _ => None,
        })
    }

    /// Waits for the DISCONNECT of MQTT 5 with one of the reasons, and for the
    /// end of the connection; in 3.1.1 for the end alone.
    pub(crate) fn expect_end(&mut self, what: &str, reasons: &[ReasonCode]) -> Outcome {
        if self.protocol == Protocol::V5 {
            let what = format!("a DISCONNECT {what}");
            let reason = self.wait_for_other(&what, |packet| match packet {
                Packet::Disconnect(disconnect) => Some(disconnect.reason),
                _ => None,
            })?;
            ensure!(
                reasons.contains(&reason),
                "{what} has the reason {:#04x}",
                reason.0
            );
        }
        self.expect_closed()
    }

    pub(crate) fn expect_closed(&mut self) -> Outcome {
        let end = Instant::now() + self.patience;
        loop {
            match self.step(end) {
                Ok(true) => {}
                Ok(false) => return Err("the connection stays open".to_owned()),
                Err(_) => return Ok(()),
            }
        }
    }

    fn wait_for<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&mut Self) -> Option<T>,
    ) -> Outcome<T> {
        let end = Instant::now() + self.patience;
        loop {
            if let Some(seen) = look(self) {
                return Ok(seen);
            }
            match self.step(end) {
                Ok(true) => {}
                Ok(false) => return Err(format!("{what} does not come")),
                Err(error) => return Err(format!("{what} does not come: {error}")),
            }
        }
    }

    /// Takes one packet in; false at the end of the time.
    fn step(&mut self, end: Instant) -> Outcome<bool> {
        loop {
            let frame = codec::frame::read(&self.buffer, usize::MAX);
            if let Some(total) = frame.map_err(|error| error.to_string())?.map(|it| it.total) {
                let bytes = self.buffer.drain(..total).collect();
                self.take(bytes)?;
                return Ok(true);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            self.stream.set_read_timeout(Some(left)).unwrap();
            let mut chunk = [0; 16 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err("the connection has ended".to_owned()),
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    _ => return Err(format!("the connection has ended: {error}")),
                },
            }
        }
    }

    fn take(&mut self, bytes: Vec<u8>) -> Outcome {
        let protocol = self.protocol;
        if let Err(error) = codec::decode(&bytes, protocol, usize::MAX) {
            return Err(format!("the broker sends {bytes:x?}: {error}"));
        }
        let received = Received::new(bytes, protocol);
        let answer = match received.packet() {
            Packet::Publish(publish) => match publish.qos {
                Qos::AtMostOnce => None,
                Qos::AtLeastOnce => Some(Packet::PubAck(ack(publish.packet_id))),
                Qos::ExactlyOnce => Some(Packet::PubRec(ack(publish.packet_id))),
            },
            Packet::PubRec(it) if !it.reason.is_failure() => {
                Some(Packet::PubRel(ack(it.packet_id)))
            }
            Packet::PubRel(it) => Some(Packet::PubComp(ack(it.packet_id))),
            _ => None,
        };
        if let (Some(answer), Answers::Usual) = (answer, self.answers) {
            self.send(&answer)?;
        }
        match received.packet() {
            Packet::ConnAck(_) if self.connack.is_none() => self.connack = Some(received),
            Packet::Publish(_) => self.messages.push_back(received),
            Packet::PingResp => self.pongs += 1,
            _ => self.others.push_back(received),
        }
        Ok(())
    }
}
