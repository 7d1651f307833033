//! The log, read from a position on.
//!
//! Constraints: nothing but a position is held while the target is away, and a
//! damaged log does not stop the feed: what cannot be read is told as gone.

use std::sync::Arc;

use domain::Offset;
use ingest::{
    AppliedFrame, FrameStream, Ingest, LogReadError, StoredObservation, StreamError, StreamItem,
    StreamStart,
};

use crate::missed::Missed;

/// What lies after the position.
pub(crate) enum Read {
    Frame(Arc<AppliedFrame>),
    /// These frames, both inclusive, are not in the log any more, or cannot be
    /// read.
    Gone {
        from: Offset,
        to: Offset,
    },
    /// Some of what the store has of them. Some more may follow.
    Missed(Vec<StoredObservation>),
    /// Nothing of the frames up to this one follows any more.
    Passed(Offset),
    Nothing,
}

pub(crate) struct Source {
    ingest: Ingest,
    /// Open while somebody reads.
    stream: Option<FrameStream>,
    position: Offset,
    /// Read and given back.
    held: Option<Read>,
    /// Open while frames that are gone are made up from the store.
    missed: Option<Missed>,
}

impl Source {
    pub(crate) fn after(ingest: Ingest, position: Offset) -> Self {
        Self {
            ingest,
            stream: None,
            position,
            held: None,
            missed: None,
        }
    }

    /// The next item is what lies after `position`. Closes the stream, which
    /// costs the platform a little as long as it is open.
    pub(crate) fn go_to(&mut self, position: Offset) {
        self.stream = None;
        self.held = None;
        self.missed = None;
        self.position = position;
    }

    /// What `missed` has comes first.
    pub(crate) fn make_up(&mut self, missed: Missed) {
        self.missed = Some(missed);
    }

    /// The end of the gap that is being made up.
    pub(crate) fn gap_end(&self) -> Option<Offset> {
        self.missed.as_ref().map(Missed::end)
    }

    /// The next item, read as soon as it is applied. Does not wait.
    pub(crate) fn next(&mut self) -> Result<Read, StreamError> {
        if let Some(read) = self.held.take() {
            return Ok(read);
        }
        if let Some(missed) = &mut self.missed {
            if let Some(part) = missed.next_part() {
                return Ok(Read::Missed(part));
            }
            let end = missed.end();
            self.missed = None;
            return Ok(Read::Passed(end));
        }
        let (ingest, position) = (&self.ingest, self.position);
        let stream = self
            .stream
            .get_or_insert_with(|| ingest.stream(StreamStart::After(position)));
        let item = match stream.try_next() {
            Ok(item) => item,
            Err(error) => return self.survive(error),
        };
        Ok(match item {
            Some(StreamItem::Frame(frame)) => {
                self.position = frame.offset;
                Read::Frame(frame)
            }
            Some(StreamItem::Gap { from, to }) => {
                self.position = to;
                Read::Gone { from, to }
            }
            None => Read::Nothing,
        })
    }

    /// It is the next item again.
    pub(crate) fn give_back(&mut self, read: Read) {
        self.held = Some(read);
    }

    fn survive(&mut self, error: StreamError) -> Result<Read, StreamError> {
        let StreamError::Log { after, cause } = &error else {
            return Err(error);
        };
        let from = after.next();
        let to = match cause {
            // This frame alone.
            LogReadError::Frame { .. } => from,
            // Nothing after it can be found.
            LogReadError::Corrupt { .. } => self.ingest.applied_offset().max(from),
            // It may pass.
            LogReadError::Gone { .. } | LogReadError::Io { .. } => return Err(error),
        };
        tracing::error!(%error, %cause, "the feed loses what cannot be read");
        self.go_to(to);
        Ok(Read::Gone { from, to })
    }
}
