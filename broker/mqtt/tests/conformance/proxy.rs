//! A TCP proxy that reads whole packets both ways and commits one fault.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mqtt::codec::{self, Packet};
use transport::Protocol;

use crate::fault::{Exit, Fault, Way};

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    open: Arc<AtomicBool>,
}

impl Proxy {
    pub(crate) fn start(broker: SocketAddr, fault: Option<Arc<Fault>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(AtomicBool::new(true));
        let still_open = open.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if !still_open.load(Ordering::Acquire) {
                    break;
                }
                // The broker's refusal becomes the end of the client's connection.
                if let Ok(server) = TcpStream::connect(broker) {
                    join(&client, &server, fault.as_ref());
                }
            }
        });
        Self { address, open }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.open.store(false, Ordering::Release);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

/// A thread for each way, until its source ends.
fn join(client: &TcpStream, server: &TcpStream, fault: Option<&Arc<Fault>>) {
    let speaks_v5 = Arc::new(AtomicBool::new(false));
    for (way, from, to) in [
        (Way::ToBroker, client, server),
        (Way::ToClient, server, client),
    ] {
        to.set_nodelay(true).unwrap();
        let mut lane = Lane {
            way,
            from: from.try_clone().unwrap(),
            to: to.try_clone().unwrap(),
            fault: fault.cloned(),
            speaks_v5: speaks_v5.clone(),
        };
        std::thread::spawn(move || lane.run());
    }
}

struct Lane {
    way: Way,
    from: TcpStream,
    to: TcpStream,
    fault: Option<Arc<Fault>>,
    /// The CONNECT said so.
    speaks_v5: Arc<AtomicBool>,
}

impl Lane {
    fn run(&mut self) {
        let mut buffer = Vec::new();
        let mut chunk = [0; 16 * 1024];
        while let Ok(count @ 1..) = self.from.read(&mut chunk) {
            buffer.extend_from_slice(&chunk[..count]);
            while let Ok(Some(frame)) = codec::frame::read(&buffer, usize::MAX) {
                let total = frame.total;
                if self.pass(&buffer[..total]).is_err() {
                    return;
                }
                buffer.drain(..total);
            }
        }
        // An error means that the other side went first.
        let _ = self.to.shutdown(Shutdown::Write);
    }

    fn pass(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let protocol = if self.speaks_v5.load(Ordering::Acquire) {
            Protocol::V5
        } else {
            Protocol::V311
        };
        let packet = codec::decode(bytes, protocol, usize::MAX).ok().flatten();
        if let Some((Packet::Connect(connect), _)) = &packet {
            let v5 = connect.protocol == Protocol::V5;
            self.speaks_v5.store(v5, Ordering::Release);
        }
        let packet = packet.map(|(packet, _)| packet);
        let Some(fault) = &self.fault else {
            return self.to.write_all(bytes);
        };
        let protocol = match &packet {
            Some(Packet::Connect(connect)) => connect.protocol,
            _ => protocol,
        };
        let mut exit = Exit::new(protocol);
        fault.commit(self.way, bytes, packet.as_ref(), &mut exit);
        self.from.write_all(exit.back())?;
        self.to.write_all(exit.onward())
    }
}
