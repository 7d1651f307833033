//! What a connection reads from and writes to: a pipe, bare or with WebSocket
//! in it, with writes that never wait.
//!
//! Acknowledgements and deliveries are written by whoever has them, not by the
//! connection's task, so writing must work without a task's context.

mod frames;
mod pipe;
mod websocket;

use std::io;
use std::task::{Context, Poll};

use rustls::ServerConnection;
use tokio::net::TcpStream;

#[cfg(feature = "fuzzing")]
pub(crate) use frames::read_frames;
use pipe::Pipe;
use websocket::WebSocket;

pub(crate) enum Stream {
    Bare(Pipe),
    WebSocket(Box<WebSocket>),
    /// Over, though somebody may still hold the connection.
    Closed,
}

impl Stream {
    pub(crate) fn tcp(tcp: TcpStream) -> Self {
        Self::Bare(Pipe::tcp(tcp))
    }

    /// Takes over after the handshake.
    pub(crate) fn tls(tcp: TcpStream, tls: ServerConnection) -> Self {
        Self::Bare(Pipe::tls(tcp, tls))
    }

    /// Takes over after the opening handshake. `origin` is the page that asked.
    pub(crate) fn into_web_socket(self, origin: Option<Box<str>>) -> Self {
        match self {
            Self::Bare(pipe) => Self::WebSocket(Box::new(WebSocket::new(pipe, origin))),
            other => other,
        }
    }

    fn pipe(&self) -> Option<&Pipe> {
        match self {
            Self::Bare(pipe) => Some(pipe),
            Self::WebSocket(it) => Some(it.pipe()),
            Self::Closed => None,
        }
    }

    /// The public key of the certificate that the client proved to own:
    /// SubjectPublicKeyInfo, DER.
    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        self.pipe()?.certificate()
    }

    /// The page that a browser connects from.
    pub(crate) fn origin(&self) -> Option<&str> {
        match self {
            Self::WebSocket(it) => it.origin(),
            Self::Bare(_) | Self::Closed => None,
        }
    }

    /// 0 bytes: the peer will send no more.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Bare(pipe) => pipe.poll_read(cx, buffer),
            Self::WebSocket(it) => it.poll_read(cx, buffer),
            Self::Closed => Poll::Ready(Ok(0)),
        }
    }

    /// How many bytes were taken; fewer than all where the socket is full. The
    /// next call has to begin with those that were not.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Bare(pipe) => pipe.try_write(bytes),
            Self::WebSocket(it) => it.try_write(bytes),
            Self::Closed => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Bytes of TLS or WebSocket wait inside.
    pub(crate) fn has_unsent(&self) -> bool {
        match self {
            Self::Bare(pipe) => pipe.has_unsent(),
            Self::WebSocket(it) => it.has_unsent(),
            Self::Closed => false,
        }
    }

    pub(crate) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.pipe() {
            Some(pipe) => pipe.poll_writable(cx),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    /// Says that nothing more will come.
    pub(crate) fn say_end(&mut self) {
        match self {
            Self::Bare(pipe) => pipe.say_end(),
            Self::WebSocket(it) => it.say_end(),
            Self::Closed => {}
        }
    }

    /// Takes what the peer still sends, so that the kernel does not answer it
    /// with a reset that would destroy our last words on their way. Ready when
    /// the peer has closed, or when `left` bytes have come.
    pub(crate) fn poll_waste(&mut self, cx: &mut Context<'_>, left: &mut usize) -> Poll<()> {
        match self {
            Self::Bare(pipe) => pipe.poll_waste(cx, left),
            Self::WebSocket(it) => it.poll_waste(cx, left),
            Self::Closed => Poll::Ready(()),
        }
    }
}
