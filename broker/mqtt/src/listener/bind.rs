//! One address, one socket for each worker.
//!
//! With SO_REUSEPORT the kernel spreads new connections over the sockets, so
//! no worker hands a connection to another.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::limits::Config;

/// Connections that the kernel holds for us until they are accepted. Linux
/// cuts it down to `net.core.somaxconn` (4,096 by default).
const BACKLOG: i32 = 4_096;

/// Sockets that share one address.
#[derive(Debug)]
pub struct BoundSockets {
    pub(crate) sockets: Vec<TcpListener>,
    address: SocketAddr,
}

impl BoundSockets {
    /// Where it listens: with port 0 asked for, the port that was found.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl TryFrom<TcpListener> for BoundSockets {
    type Error = io::Error;

    /// A single socket that somebody else bound, shared by all workers.
    fn try_from(socket: TcpListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        Ok(Self {
            sockets: vec![socket],
            address,
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct BindError {
    pub address: SocketAddr,
    #[source]
    pub cause: io::Error,
}

/// Binds `address` once for each worker; 0 workers is as many as the broker
/// starts by default. Port 0 finds a free port for all of them.
pub fn bind(address: SocketAddr, workers: usize) -> Result<BoundSockets, BindError> {
    bind_all(address, workers).map_err(|cause| BindError { address, cause })
}

fn bind_all(wanted: SocketAddr, workers: usize) -> io::Result<BoundSockets> {
    let workers = match workers {
        0 => Config::default().worker_count(),
        n => n,
    };
    if wanted.port() != 0 {
        refuse_taken(wanted)?;
    }
    let first = listen(wanted)?;
    let address = first.local_addr()?;
    let mut sockets = vec![first];
    while sockets.len() < workers {
        sockets.push(listen(address)?);
    }
    Ok(BoundSockets { sockets, address })
}

/// A second server of the same user could join the SO_REUSEPORT group and take
/// half of the connections. A bind without the option fails while it listens.
fn refuse_taken(address: SocketAddr) -> io::Result<()> {
    let probe = socket(address)?;
    probe.bind(&address.into())?;
    probe.listen(1)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_0_is_one_port_for_all_workers() {
        let bound = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        assert_ne!(bound.address().port(), 0);
        assert_eq!(bound.sockets.len(), 3);
        for socket in &bound.sockets {
            assert_eq!(socket.local_addr().unwrap(), bound.address());
        }
    }

    #[test]
    fn an_address_in_use_is_refused_although_the_port_is_shared() {
        let bound = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let error = bind(bound.address(), 2).unwrap_err();
        assert_eq!(error.cause.kind(), io::ErrorKind::AddrInUse);
    }
}
