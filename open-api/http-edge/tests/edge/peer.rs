//! A peer that speaks bytes, from an address of its choice, and that need not
//! read what it is told.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Long enough for a machine under load.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) struct Peer {
    pub(crate) socket: TcpStream,
}

pub(crate) struct RawReply {
    pub(crate) status: u16,
    headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl RawReply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl Peer {
    pub(crate) fn of(address: SocketAddr) -> Self {
        Self::from("127.0.0.1:0", address, None)
    }

    /// From another address of loopback, with a receive buffer of `buffer`
    /// bytes: what is not read then waits at the platform.
    pub(crate) fn from(source: &str, address: SocketAddr, buffer: Option<u32>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .unwrap();
        let socket = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            if let Some(bytes) = buffer {
                socket.set_recv_buffer_size(bytes).unwrap();
            }
            socket.bind(source.parse().unwrap()).unwrap();
            socket.connect(address).await.unwrap().into_std().unwrap()
        });
        socket.set_nonblocking(false).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.set_write_timeout(Some(DEADLINE)).unwrap();
        Self { socket }
    }

    /// Says it, whether or not the other side still listens.
    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.socket.write_all(bytes.as_ref());
    }

    pub(crate) fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> RawReply {
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        self.say(format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n"
        ));
        self.reply()
    }

    /// The head of what comes next, and a body of the length that it tells.
    pub(crate) fn reply(&mut self) -> RawReply {
        let mut reply = self.head();
        let length = reply
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        reply.body = vec![0; length];
        self.socket.read_exact(&mut reply.body).unwrap();
        reply
    }

    /// The head of what comes next.
    pub(crate) fn head(&mut self) -> RawReply {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            let count = self.socket.read(&mut byte).unwrap();
            assert_eq!(count, 1, "ended in {:?}", String::from_utf8_lossy(&head));
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers: HashMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        RawReply {
            status: status.parse().unwrap(),
            headers,
            body: Vec::new(),
        }
    }

    /// Whether the other side closes within `limit`; what it says until then
    /// is read over.
    pub(crate) fn ends_within(&mut self, limit: Duration) -> bool {
        let start = Instant::now();
        let mut bytes = [0; 4_096];
        self.socket.set_read_timeout(Some(limit)).unwrap();
        while start.elapsed() < limit {
            match self.socket.read(&mut bytes) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                Err(_) => return true,
            }
        }
        false
    }
}
