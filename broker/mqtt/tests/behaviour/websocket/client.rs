//! MQTT over somebody else's WebSocket, and over frames of our own making that
//! may be wrong.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use mqtt::codec::Packet;
use transport::Protocol;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::{ClientRequestBuilder, Error, Message, WebSocket};

use crate::harness::DEADLINE;
use crate::harness::client::{Client, connect};

pub(crate) const BINARY: OpCode = OpCode::Data(Data::Binary);
pub(crate) const CONTINUED: OpCode = OpCode::Data(Data::Continue);
pub(crate) const TEXT: OpCode = OpCode::Data(Data::Text);
pub(crate) const PING: OpCode = OpCode::Control(Control::Ping);
pub(crate) const PONG: OpCode = OpCode::Control(Control::Pong);
pub(crate) const CLOSE: OpCode = OpCode::Control(Control::Close);

/// tungstenite's client as a stream of bytes: a write is a message.
pub(crate) struct Messages<S> {
    socket: WebSocket<S>,
    rest: Vec<u8>,
}

impl<S: Read + Write> Messages<S> {
    pub(crate) fn open(stream: S, request: ClientRequestBuilder) -> Self {
        let (socket, _) = tungstenite::client(request, stream).unwrap();
        Self {
            socket,
            rest: Vec::new(),
        }
    }
}

impl<S: Read + Write> Read for Messages<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.socket.read() {
                Ok(Message::Binary(bytes)) => self.rest = bytes.to_vec(),
                Ok(Message::Close(_)) | Err(Error::ConnectionClosed) => return Ok(0),
                Ok(_) => {}
                Err(Error::Io(error)) => return Err(error),
                Err(error) => return Err(io::Error::new(ErrorKind::ConnectionReset, error)),
            }
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(count)
    }
}

impl<S: Read + Write> Write for Messages<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.socket.send(Message::binary(bytes.to_vec())) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => Err(io::Error::new(ErrorKind::BrokenPipe, error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn request() -> ClientRequestBuilder {
    ClientRequestBuilder::new("ws://localhost/mqtt".parse().unwrap()).with_sub_protocol("mqtt")
}

pub(crate) fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

pub(crate) fn log_in<S: Read + Write>(stream: S, id: &str) -> Client<Messages<S>> {
    let mut client = Client::over(Messages::open(stream, request()), Protocol::V5);
    client.send(&Packet::Connect(connect(Protocol::V5, id)));
    assert_eq!(client.receive().connack().code, 0);
    client
}

/// The request of a client that does everything right.
pub(crate) const REQUEST: &str = "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";

/// A client whose every frame is the test's own.
pub(crate) struct FrameClient(pub(crate) TcpStream);

impl FrameClient {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let mut stream = tcp(address);
        stream.write_all(REQUEST.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        Self(stream)
    }

    pub(crate) fn connected(address: SocketAddr, id: &str) -> Self {
        let mut client = Self::open(address);
        let mut bytes = Vec::new();
        connect(Protocol::V5, id).encode(&mut bytes);
        client.send(BINARY, &bytes);
        let (opcode, connack) = client.receive();
        assert_eq!((opcode, connack[0], connack[3]), (BINARY, 0x20, 0));
        client
    }

    pub(crate) fn send(&mut self, opcode: OpCode, payload: &[u8]) {
        self.send_part(opcode, true, payload);
    }

    pub(crate) fn send_part(&mut self, opcode: OpCode, is_final: bool, payload: &[u8]) {
        self.send_bytes(&frame(opcode, is_final, payload));
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// The next frame.
    pub(crate) fn receive(&mut self) -> (OpCode, Vec<u8>) {
        self.try_receive()
            .expect("the broker closed the connection")
    }

    /// `None`: the connection is closed.
    pub(crate) fn try_receive(&mut self) -> Option<(OpCode, Vec<u8>)> {
        let mut head = [0; 2];
        if !self.read(&mut head) {
            return None;
        }
        assert_eq!(head[0] & 0xf0, 0x80, "whole frames without extensions");
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                assert!(self.read(&mut length));
                usize::from(u16::from_be_bytes(length))
            }
            length => {
                assert!(length < 126, "no mask, and nothing so long");
                usize::from(length)
            }
        };
        let mut payload = vec![0; length];
        assert!(self.read(&mut payload));
        Some((OpCode::from(head[0] & 0x0f), payload))
    }

    fn read(&mut self, buffer: &mut [u8]) -> bool {
        match self.0.read_exact(buffer) {
            Ok(()) => true,
            Err(error) => match error.kind() {
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => false,
                _ => panic!("no frame: {error}"),
            },
        }
    }

    /// The broker says why, and nothing more.
    pub(crate) fn expect_close(&mut self, code: u16) {
        assert_eq!(self.receive(), (CLOSE, code.to_be_bytes().to_vec()));
        assert_eq!(self.try_receive(), None);
    }
}

pub(crate) fn frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let mask = [0x0f, 0xf0, 0x55, 0xaa];
    let header = FrameHeader {
        is_final,
        opcode,
        mask: Some(mask),
        ..FrameHeader::default()
    };
    let mut bytes = Vec::new();
    header.format(payload.len() as u64, &mut bytes).unwrap();
    let masked = payload.iter().zip(mask.iter().cycle());
    bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
    bytes
}
