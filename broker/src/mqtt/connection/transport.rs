//! A socket, bare or under TLS, with writes that never wait.
//!
//! Acknowledgements and deliveries are written by whoever has them, not by the
//! connection's task, so writing must work without a task's context. Under TLS
//! the handshake is done by tokio-rustls; from then on rustls is driven here.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::ServerConnection;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

pub(crate) enum Transport {
    Plain(TcpStream),
    Tls(Box<Tls>),
    /// Over, though somebody may still hold the connection.
    Closed,
}

pub(crate) struct Tls {
    tcp: TcpStream,
    tls: ServerConnection,
}

impl Transport {
    /// Takes over after the handshake.
    pub(crate) fn tls(tcp: TcpStream, tls: ServerConnection) -> Self {
        Self::Tls(Box::new(Tls { tcp, tls }))
    }

    fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(tcp) => Some(tcp),
            Self::Tls(it) => Some(&it.tcp),
            Self::Closed => None,
        }
    }

    /// 0 bytes: the peer will send no more.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(tcp) => poll_tcp(tcp, cx, buffer),
            Self::Tls(it) => it.poll_read(cx, buffer),
            Self::Closed => Poll::Ready(Ok(0)),
        }
    }

    /// How many bytes were taken; fewer than all where the socket is full.
    pub(super) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => write_some(tcp, bytes),
            Self::Tls(it) => it.try_write(bytes),
            Self::Closed => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Encrypted bytes wait inside.
    pub(super) fn has_unsent(&self) -> bool {
        match self {
            Self::Plain(_) | Self::Closed => false,
            Self::Tls(it) => it.tls.wants_write(),
        }
    }

    pub(super) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.tcp() {
            Some(tcp) => tcp.poll_write_ready(cx),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    /// Says that nothing more will come.
    pub(super) fn say_end(&mut self) {
        if let Self::Tls(it) = self {
            it.tls.send_close_notify();
            // Nobody is left to tell of an error.
            let _ = it.try_write(&[]);
        }
        if let Some(tcp) = self.tcp() {
            let _ = socket2::SockRef::from(tcp).shutdown(std::net::Shutdown::Write);
        }
    }

    /// Takes what the peer still sends, so that the kernel does not answer it
    /// with a reset that would destroy our last words on their way. Ready when
    /// the peer has closed, or when `left` bytes have come.
    pub(super) fn poll_waste(&mut self, cx: &mut Context<'_>, left: &mut usize) -> Poll<()> {
        let mut waste = [0; 1024];
        let tcp = match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(it) => &mut it.tcp,
            Self::Closed => return Poll::Ready(()),
        };
        while *left > 0 {
            match poll_tcp(tcp, cx, &mut waste) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0) | Err(_)) => break,
                Poll::Ready(Ok(count)) => *left = left.saturating_sub(count),
            }
        }
        Poll::Ready(())
    }
}

impl Tls {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The peer went without a word of TLS; MQTT has its own.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(Ok(0));
                }
                result => return Poll::Ready(result),
            }
            let mut io = PolledRead {
                tcp: &mut self.tcp,
                cx,
            };
            match self.tls.read_tls(&mut io) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
            if let Err(error) = self.tls.process_new_packets() {
                // The alert that tells the peer why.
                let _ = self.try_write(&[]);
                let error = io::Error::new(io::ErrorKind::InvalidData, error);
                return Poll::Ready(Err(error));
            }
        }
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        loop {
            if taken < bytes.len() {
                taken += self.tls.writer().write(&bytes[taken..])?;
            }
            if !self.tls.wants_write() {
                return Ok(taken);
            }
            match self.tls.write_tls(&mut TriedWrite(&self.tcp)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(taken),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Tokio forgets that a socket was readable when a read comes back short, which
/// saves the system call that would only say so.
fn poll_tcp(
    tcp: &mut TcpStream,
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(buffer);
    match Pin::new(tcp).poll_read(cx, &mut buffer) {
        Poll::Ready(result) => Poll::Ready(result.map(|()| buffer.filled().len())),
        Poll::Pending => Poll::Pending,
    }
}

fn write_some(tcp: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut taken = 0;
    while taken < bytes.len() {
        match tcp.try_write(&bytes[taken..]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => taken += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

struct PolledRead<'a, 'b> {
    tcp: &'a mut TcpStream,
    cx: &'a mut Context<'b>,
}

impl Read for PolledRead<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match poll_tcp(self.tcp, self.cx, buffer) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

struct TriedWrite<'a>(&'a TcpStream);

impl Write for TriedWrite<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
