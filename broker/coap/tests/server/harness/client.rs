//! A client that speaks through another codec (coap-lite).

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};

use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType, ResponseType};

use super::DEADLINE;

/// One endpoint.
pub(crate) struct Client {
    pub(crate) socket: UdpSocket,
    message_id: AtomicU64,
}

impl Client {
    pub(crate) fn new(server: SocketAddr) -> Self {
        Self::at("127.0.0.1", server)
    }

    /// From another address of this host.
    pub(crate) fn at(address: &str, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        socket.connect(server).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self {
            socket,
            message_id: AtomicU64::new(1),
        }
    }

    /// `POST /devices/{device}/telemetry` with the next message id.
    pub(crate) fn post(&self, device: &str, body: &[u8]) -> Packet {
        let id = self.message_id.fetch_add(1, Ordering::Relaxed) as u16;
        let mut packet = Packet::new();
        packet.header.set_version(1);
        packet.header.set_type(MessageType::Confirmable);
        packet.header.code = MessageClass::Request(RequestType::Post);
        packet.header.message_id = id;
        packet.set_token(vec![0xAA, id as u8]);
        for segment in ["devices", device, "telemetry"] {
            packet.add_option(CoapOption::UriPath, segment.into());
        }
        packet.add_option(CoapOption::ContentFormat, vec![18]);
        packet.payload = body.to_vec();
        packet
    }

    pub(crate) fn send(&self, packet: &Packet) {
        self.socket
            .send(&packet.to_bytes_unlimited().unwrap())
            .unwrap();
    }

    pub(crate) fn receive_bytes(&self) -> Vec<u8> {
        let mut buffer = [0; 2_048];
        let length = self.socket.recv(&mut buffer).unwrap();
        buffer[..length].to_vec()
    }

    pub(crate) fn receive(&self) -> Packet {
        Packet::from_bytes(&self.receive_bytes()).unwrap()
    }

    pub(crate) fn ask(&self, packet: &Packet) -> Packet {
        self.send(packet);
        self.receive()
    }

    /// The server works datagrams off in order: where the next thing that
    /// comes is the answer to a ping, nothing came for what was sent before.
    pub(crate) fn expect_silence(&self) {
        let id = 0x7000 + self.message_id.fetch_add(1, Ordering::Relaxed) as u16;
        self.ping(id);
    }

    pub(crate) fn ping(&self, id: u16) {
        let [high, low] = id.to_be_bytes();
        self.socket.send(&[0x40, 0, high, low]).unwrap();
        assert_eq!(self.receive_bytes(), [0x70, 0, high, low]);
    }
}

pub(crate) fn code(packet: &Packet) -> ResponseType {
    match packet.header.code {
        MessageClass::Response(code) => code,
        other => panic!("{other:?} is no response"),
    }
}

/// Checks the same of what came back: an answer on the ACK of its request.
pub(crate) fn assert_piggybacked(request: &Packet, answer: &Packet) {
    assert_eq!(answer.header.get_type(), MessageType::Acknowledgement);
    assert_eq!(answer.header.message_id, request.header.message_id);
    assert_eq!(answer.get_token(), request.get_token());
}
