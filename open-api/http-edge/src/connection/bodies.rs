//! Bodies as the connection sees them: a request's, until it has come whole,
//! and a reply's, in pieces that a socket takes one by one.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};

use super::place::Running;
use super::standing::{Arriving, Owed};

/// Bytes of a reply that are handed to the socket at once.
const PIECE_BYTES: usize = 64 * 1024;

/// A request's body. While it is awaited, the connection counts as idle.
pub(super) struct Request {
    body: Incoming,
    arriving: Option<Arriving>,
}

impl Request {
    pub(super) fn new(body: Incoming, running: &Running) -> Self {
        let arriving = (!body.is_end_stream()).then(|| Arriving::begin(running.place().standing()));
        Self { body, arriving }
    }
}

impl HttpBody for Request {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.arriving = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A reply's body. Its request runs until it has ended.
pub(super) struct Reply {
    body: Body,
    /// What is left of the buffer that came last.
    rest: Bytes,
    running: Running,
    /// Of a body that is whole already: the caller has but to take it.
    _owed: Option<Owed>,
}

impl Reply {
    pub(super) fn new(body: Body, running: Running) -> Self {
        let whole = body.size_hint().exact().is_some_and(|bytes| bytes > 0);
        Self {
            body,
            rest: Bytes::new(),
            _owed: whole.then(|| Owed::begin(running.place().standing())),
            running,
        }
    }

    fn piece(&mut self) -> Frame<Bytes> {
        let length = self.rest.len().min(PIECE_BYTES);
        self.running.place().standing().replies(length);
        Frame::data(self.rest.split_to(length))
    }
}

impl HttpBody for Reply {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(match frame {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    self.rest = data;
                    Some(Ok(self.piece()))
                }
                Err(frame) => Some(Ok(frame)),
            },
            other => other,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.rest.len() as u64;
        let mut hint = self.body.size_hint();
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + left);
        }
        hint.set_lower(hint.lower() + left);
        hint
    }
}
