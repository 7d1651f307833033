//! The bytes of one connection: frames that ask for nothing are counted, and
//! a caller who takes too little of what is written to it is left.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::frames::Frames;
use super::place::Place;

/// What a caller takes at least in the time that it may stall: some bytes a
/// minute keep nothing open.
const LEAST_TAKEN_BYTES: usize = 16 * 1024;

/// A socket, or TLS on one.
pub(super) struct Socket<T> {
    inner: T,
    place: Arc<Place>,
    frames: Frames,
    /// Runs from when the caller could not take more.
    stall: Option<Stall>,
}

struct Stall {
    deadline: Pin<Box<Sleep>>,
    taken: usize,
}

impl Stall {
    fn new(limit: Duration) -> Self {
        Self {
            deadline: Box::pin(tokio::time::sleep(limit)),
            taken: 0,
        }
    }
}

impl<T> Socket<T> {
    pub(super) fn new(inner: T, place: Arc<Place>) -> Self {
        Self {
            inner,
            place,
            frames: Frames::new(std::time::Instant::now()),
            stall: None,
        }
    }

    fn watch(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
        offered: usize,
    ) -> Poll<io::Result<usize>> {
        let limit = self.place.limits().stalled;
        match &written {
            // Everything that there was.
            Poll::Ready(Ok(bytes)) if *bytes == offered => {
                self.stall = None;
                written
            }
            Poll::Ready(Ok(bytes)) => {
                if let Some(stall) = &mut self.stall {
                    stall.taken += bytes;
                    if stall.taken >= LEAST_TAKEN_BYTES {
                        stall.taken = 0;
                        stall.deadline.as_mut().reset(Instant::now() + limit);
                    }
                }
                written
            }
            Poll::Ready(Err(_)) => written,
            Poll::Pending => {
                let stall = self.stall.get_or_insert_with(|| Stall::new(limit));
                match stall.deadline.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Socket<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        std::task::ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let this = &mut *self;
        let came = &buf.filled()[before..];
        let replied = &this.place.standing().replied;
        let counted = this.frames.take(came, std::time::Instant::now(), replied);
        Poll::Ready(counted.map_err(|flood| {
            this.place.flooded();
            io::Error::new(io::ErrorKind::InvalidData, flood)
        }))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Socket<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.watch(cx, written, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        let offered = slices.iter().map(|slice| slice.len()).sum();
        self.watch(cx, written, offered)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// Asked for once everything is written: what then is done is no debt.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_flush(cx) {
            Poll::Pending => self.watch(cx, Poll::Pending, 0).map_ok(|_| ()),
            flushed => {
                self.stall = None;
                flushed
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
