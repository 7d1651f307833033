//! Frames by offset: for recovery, and for streams that lag.

use std::sync::Arc;

use domain::Offset;

use super::frame::Frame;
use super::frame::decode::Decoder;
use super::medium::disk::Disk;
use super::medium::{Durable, Medium};
use super::read_error::LogReadError;

/// The frames of the log from an offset on. Ends at what is durable when
/// `next` is called; may be asked again later.
pub struct LogFrames<M: Medium = Disk> {
    medium: Arc<M>,
    durable: Arc<Durable>,
    next: Offset,
    place: Option<M::Place>,
    decoder: Decoder,
}

impl<M: Medium> LogFrames<M> {
    pub(super) fn new(medium: Arc<M>, durable: Arc<Durable>, from: Offset) -> Self {
        Self {
            medium,
            durable,
            next: from,
            place: None,
            decoder: Decoder::default(),
        }
    }

    fn read_next(&mut self) -> Result<Option<Frame>, LogReadError> {
        if self.next > self.durable.get() {
            return Ok(None);
        }
        let (place, decoder) = (&mut self.place, &mut self.decoder);
        let frame = self.medium.read(place, self.next, &self.durable, decoder)?;
        self.next = self.next.next();
        Ok(Some(frame))
    }
}

impl<M: Medium> Iterator for LogFrames<M> {
    type Item = Result<Frame, LogReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read_next().transpose()
    }
}
