//! A socket, bare or under TLS.
//!
//! The TLS handshake is done by tokio-rustls; from then on rustls is driven
//! here, since its stream would need a task's context to write.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::ServerConnection;
use rustls::server::ParsedCertificate;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

pub(crate) enum Pipe {
    Tcp(TcpStream),
    Tls(Box<Tls>),
}

pub(crate) struct Tls {
    tcp: TcpStream,
    tls: ServerConnection,
    /// SubjectPublicKeyInfo of the client's certificate, DER.
    client_key: Option<Box<[u8]>>,
}

impl Pipe {
    pub(super) fn tcp(tcp: TcpStream) -> Self {
        Self::Tcp(tcp)
    }

    pub(super) fn tls(tcp: TcpStream, tls: ServerConnection) -> Self {
        let client_key = client_key(&tls);
        Self::Tls(Box::new(Tls {
            tcp,
            tls,
            client_key,
        }))
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Tcp(tcp) => tcp,
            Self::Tls(it) => &it.tcp,
        }
    }

    pub(super) fn certificate(&self) -> Option<&[u8]> {
        match self {
            Self::Tcp(_) => None,
            Self::Tls(it) => it.client_key.as_deref(),
        }
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(tcp) => poll_tcp(tcp, cx, buffer),
            Self::Tls(it) => it.poll_read(cx, buffer),
        }
    }

    pub(super) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => write_some(tcp, bytes),
            Self::Tls(it) => it.try_write(&[], bytes),
        }
    }

    /// The same for bytes that stand in two places.
    pub(super) fn try_write_both(&mut self, head: &[u8], body: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => write_both(tcp, head, body),
            Self::Tls(it) => it.try_write(head, body),
        }
    }

    /// Encrypted bytes wait inside.
    pub(super) fn has_unsent(&self) -> bool {
        match self {
            Self::Tcp(_) => false,
            Self::Tls(it) => it.tls.wants_write(),
        }
    }

    pub(super) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_write_ready(cx)
    }

    pub(super) fn say_end(&mut self) {
        if let Self::Tls(it) = self {
            it.tls.send_close_notify();
            // Nobody is left to tell of an error.
            let _ = it.try_write(&[], &[]);
        }
        let _ = socket2::SockRef::from(self.socket()).shutdown(std::net::Shutdown::Write);
    }

    pub(super) fn poll_waste(&mut self, cx: &mut Context<'_>, left: &mut usize) -> Poll<()> {
        let mut waste = [0; 1024];
        let tcp = match self {
            Self::Tcp(tcp) => tcp,
            Self::Tls(it) => &mut it.tcp,
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

/// The handshake has verified that the client owns it.
fn client_key(tls: &ServerConnection) -> Option<Box<[u8]>> {
    let certificate = tls.peer_certificates()?.first()?;
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    Some(parsed.subject_public_key_info().as_ref().into())
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
                let _ = self.try_write(&[], &[]);
                let error = io::Error::new(io::ErrorKind::InvalidData, error);
                return Poll::Ready(Err(error));
            }
        }
    }

    fn try_write(&mut self, head: &[u8], body: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        loop {
            if taken < head.len() {
                let rest = [IoSlice::new(&head[taken..]), IoSlice::new(body)];
                taken += self.tls.writer().write_vectored(&rest)?;
            } else if taken < head.len() + body.len() {
                taken += self.tls.writer().write(&body[taken - head.len()..])?;
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

fn write_both(tcp: &TcpStream, head: &[u8], body: &[u8]) -> io::Result<usize> {
    match tcp.try_write_vectored(&[IoSlice::new(head), IoSlice::new(body)]) {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        Ok(count) if count < head.len() => Ok(count),
        Ok(count) => Ok(count + write_some(tcp, &body[count - head.len()..])?),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        Err(error) => Err(error),
    }
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
