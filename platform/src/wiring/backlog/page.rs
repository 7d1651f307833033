//! A page while it is made.

use domain::Offset;
use ingest::{LogReadError, StreamError};
use transport::{BacklogPage, LogMessage, LogPosition, SinkFault, with_causes};

/// Bytes of topics and payloads after which a page is full. A frame is in one
/// page as a whole: 1,000 observations are some 200 KB more.
const PAGE_BYTES: usize = 256 << 10;

#[derive(Default)]
pub(super) struct Page {
    pub(super) messages: Vec<LogMessage>,
    /// Messages whose bytes are counted.
    counted: usize,
    bytes: usize,
    gone: u64,
}

impl Page {
    /// After each frame.
    pub(super) fn is_full(&mut self) -> bool {
        self.bytes += self.messages[self.counted..]
            .iter()
            .map(|message| message.topic.len() + message.payload.len())
            .sum::<usize>();
        self.counted = self.messages.len();
        self.bytes >= PAGE_BYTES
    }

    /// The frames from `from` to `to`, both inclusive, are lost.
    pub(super) fn lost(&mut self, from: Offset, to: Offset) {
        self.gone += (to.get() + 1).saturating_sub(from.get());
    }

    /// Nothing is applied after `next`.
    pub(super) fn ends(self, next: LogPosition) -> BacklogPage {
        BacklogPage {
            at_end: true,
            ..self.goes_on(next)
        }
    }

    pub(super) fn goes_on(self, next: LogPosition) -> BacklogPage {
        BacklogPage {
            messages: self.messages,
            next,
            gone: self.gone,
            at_end: false,
        }
    }
}

/// What a fault means to a session.
pub(super) enum Unreadable {
    /// This frame alone cannot be decoded.
    Frame,
    /// The log cannot be read from here on, now or ever.
    Rest,
}

/// A damaged log must not lock a session out for good: what cannot be read is
/// reported as lost. A fault that may pass is the caller's.
pub(super) fn survive(error: &StreamError) -> Result<Unreadable, SinkFault> {
    let survived = match error {
        StreamError::Log {
            cause: LogReadError::Frame { .. },
            ..
        } => Unreadable::Frame,
        StreamError::Log {
            cause: LogReadError::Corrupt { .. },
            ..
        } => Unreadable::Rest,
        StreamError::Closed => return Err(SinkFault::Stopping),
        StreamError::Log { .. } => return Err(SinkFault::failed(with_causes(error))),
    };
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, cause, "a kept session loses what cannot be read");
    Ok(survived)
}
