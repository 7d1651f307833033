//! A client that says exactly what a test wants, right or wrong.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use mqtt::codec::{
    self, Ack, ConnAck, Connect, Disconnect, FilterList, Packet, Properties, Property,
    PropertyList, Publish, Qos, ReasonCode, SubAck, Subscribe, SubscribeOptions, kind,
};
use transport::Protocol;

use crate::harness::DEADLINE;

pub(crate) struct Client<S = TcpStream> {
    pub(crate) stream: S,
    pub(crate) protocol: Protocol,
    buffer: Vec<u8>,
}

pub(crate) fn connect<'a>(protocol: Protocol, id: &'a str) -> Connect<'a> {
    Connect {
        protocol,
        clean_start: true,
        keep_alive: 0,
        properties: Properties::NONE,
        client_id: id,
        will: None,
        user_name: Some(id),
        password: Some(b"pass"),
    }
}

/// A packet that has been read and stands on its own.
pub(crate) struct Received {
    bytes: Vec<u8>,
    protocol: Protocol,
}

impl Received {
    pub(crate) fn packet(&self) -> Packet<'_> {
        let (packet, used) = codec::decode(&self.bytes, self.protocol, usize::MAX)
            .unwrap()
            .unwrap();
        assert_eq!(used, self.bytes.len());
        packet
    }

    pub(crate) fn connack(&self) -> ConnAck<'_> {
        match self.packet() {
            Packet::ConnAck(connack) => connack,
            other => panic!("no CONNACK: {other:?}"),
        }
    }

    pub(crate) fn puback(&self) -> Ack<'_> {
        match self.packet() {
            Packet::PubAck(ack) => ack,
            other => panic!("no PUBACK: {other:?}"),
        }
    }

    pub(crate) fn publish(&self) -> Publish<'_> {
        match self.packet() {
            Packet::Publish(publish) => publish,
            other => panic!("no PUBLISH: {other:?}"),
        }
    }

    pub(crate) fn suback(&self) -> SubAck<'_> {
        match self.packet() {
            Packet::SubAck(suback) => suback,
            other => panic!("no SUBACK: {other:?}"),
        }
    }

    pub(crate) fn disconnect(&self) -> Disconnect<'_> {
        match self.packet() {
            Packet::Disconnect(disconnect) => disconnect,
            other => panic!("no DISCONNECT: {other:?}"),
        }
    }
}

impl Client {
    pub(crate) fn open(address: SocketAddr, protocol: Protocol) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client::over(stream, protocol)
    }

    pub(crate) fn v5(address: SocketAddr, id: &str) -> Self {
        Self::connected(address, &connect(Protocol::V5, id))
    }

    pub(crate) fn v311(address: SocketAddr, id: &str) -> Self {
        Self::connected(address, &connect(Protocol::V311, id))
    }

    pub(crate) fn connected(address: SocketAddr, connect: &Connect<'_>) -> Self {
        let mut client = Self::open(address, connect.protocol);
        client.send(&Packet::Connect(connect.clone()));
        assert_eq!(client.receive().connack().code, 0);
        client
    }

    /// Takes up a session that is kept for so many seconds, and whether there
    /// was one. MQTT 3.1.1 does not say for how long.
    pub(crate) fn kept(
        address: SocketAddr,
        protocol: Protocol,
        id: &str,
        seconds: u32,
    ) -> (Self, bool) {
        let expiry = list(Property::SessionExpiry(seconds));
        let wish = Connect {
            clean_start: false,
            properties: match protocol {
                Protocol::V5 => expiry.as_properties(),
                Protocol::V311 => Properties::NONE,
            },
            ..connect(protocol, id)
        };
        let mut client = Self::open(address, protocol);
        client.send(&Packet::Connect(wish));
        let received = client.receive();
        let connack = received.connack();
        assert_eq!(connack.code, 0);
        (client, connack.session_present)
    }

    /// Nothing comes for a while.
    pub(crate) fn expect_silence(&mut self) {
        let quiet = Duration::from_millis(150);
        self.stream.set_read_timeout(Some(quiet)).unwrap();
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            other => panic!("not silent: {other:?} {byte:?}"),
        }
        assert!(self.buffer.is_empty(), "not silent: {:?}", self.buffer);
        self.stream.set_read_timeout(Some(DEADLINE)).unwrap();
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn over(stream: S, protocol: Protocol) -> Self {
        Self {
            stream,
            protocol,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, packet: &Packet<'_>) {
        let mut bytes = Vec::new();
        codec::encode(packet, self.protocol, &mut bytes);
        self.send_bytes(&bytes);
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// For bytes that the broker may refuse half way.
    pub(crate) fn try_send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    pub(crate) fn receive(&mut self) -> Received {
        self.try_receive()
            .expect("the broker closed the connection")
    }

    /// `None`: the broker closed the connection.
    pub(crate) fn try_receive(&mut self) -> Option<Received> {
        let end = Instant::now() + DEADLINE;
        loop {
            let whole = codec::frame::read(&self.buffer, usize::MAX).unwrap();
            if let Some(total) = whole.map(|frame| frame.total) {
                let rest = self.buffer.split_off(total);
                let bytes = std::mem::replace(&mut self.buffer, rest);
                let protocol = self.protocol;
                return Some(Received { bytes, protocol });
            }
            assert!(Instant::now() < end, "no packet within {DEADLINE:?}");
            let mut chunk = [0; 65_536];
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(error) => match error.kind() {
                    ErrorKind::ConnectionReset
                    | ErrorKind::BrokenPipe
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::UnexpectedEof => return None,
                    ErrorKind::Interrupted => {}
                    _ => panic!("no packet: {error}"),
                },
            }
        }
    }

    /// The broker says nothing more and closes.
    pub(crate) fn expect_closed(&mut self) {
        if let Some(received) = self.try_receive() {
            panic!("not closed: {:?}", received.packet());
        }
    }

    /// An MQTT 5 client is told why, a 3.1.1 client is not; both are closed.
    pub(crate) fn expect_end(&mut self, reason: ReasonCode) {
        if self.protocol == Protocol::V5 {
            assert_eq!(self.receive().disconnect().reason, reason);
        }
        self.expect_closed();
    }

    pub(crate) fn publish(&mut self, topic: &str, packet_id: u16, payload: &[u8]) {
        self.publish_with(topic, packet_id, payload, Properties::NONE);
    }

    pub(crate) fn publish_with(
        &mut self,
        topic: &str,
        packet_id: u16,
        payload: &[u8],
        properties: Properties<'_>,
    ) {
        let qos = match packet_id {
            0 => Qos::AtMostOnce,
            _ => Qos::AtLeastOnce,
        };
        self.send(&Packet::Publish(Publish {
            duplicate: false,
            qos,
            retain: false,
            topic,
            packet_id,
            properties,
            payload,
        }));
    }

    pub(crate) fn subscribe(&mut self, filter: &str, qos: Qos) -> u8 {
        self.subscribe_with(filter, SubscribeOptions::qos(qos), Properties::NONE)
    }

    pub(crate) fn subscribe_with(
        &mut self,
        filter: &str,
        options: SubscribeOptions,
        properties: Properties<'_>,
    ) -> u8 {
        let filters = FilterList::default().with(filter, options);
        self.send(&Packet::Subscribe(Subscribe::new(9, properties, &filters)));
        let received = self.receive();
        let suback = received.suback();
        assert_eq!((suback.packet_id, suback.codes.len()), (9, 1));
        suback.codes[0]
    }

    pub(crate) fn acknowledge(&mut self, packet_id: u16) {
        self.send(&Packet::PubAck(Ack {
            packet_id,
            reason: ReasonCode::SUCCESS,
            properties: Properties::NONE,
        }));
    }

    /// Everything that was sent before has been handled.
    pub(crate) fn ping(&mut self) {
        self.send(&Packet::PingReq);
        assert_eq!(self.receive().packet(), Packet::PingResp);
    }

    pub(crate) fn say_goodbye(&mut self) {
        self.send_bytes(&[kind::DISCONNECT << 4, 0]);
    }
}

pub(crate) fn telemetry(id: &str) -> String {
    format!("devices/{id}/telemetry")
}

/// The value of the user property `offset`.
pub(crate) fn offset_of(ack: &Ack<'_>) -> Option<u64> {
    ack.properties.iter().find_map(|property| match property {
        Property::User("offset", value) => value.parse().ok(),
        _ => None,
    })
}

pub(crate) fn list(property: Property<'_>) -> PropertyList {
    PropertyList::default().with(property)
}
