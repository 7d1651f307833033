//! One follower: a position, the ring where that is near, else the log.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use domain::Offset;
use frame_log::{Frame, Log, LogFrames, LogReadError};

use super::ring::{Found, Live, Shared};
use super::{AppliedFrame, StreamItem, StreamStart};
use crate::apply::Steps;
use crate::sequence::Sequencer;
use crate::stats::Counters;

/// Frames taken from ring or log at once.
const BATCH_FRAMES: usize = 256;
/// Observations taken from the log at once: about 400 KB.
const BATCH_OBSERVATIONS: usize = 4_096;

/// Streams that keep a segment open between two items; more than these find
/// their place anew each time.
const MAX_FILES_KEPT_OPEN: u64 = 32;

/// Why a stream ends.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    #[error("the stream cannot go on after offset {after}")]
    Log {
        after: Offset,
        #[source]
        cause: LogReadError,
    },
    #[error("the data plane was closed")]
    Closed,
}

/// Applied frames in order of offset: each once, none left out untold.
pub struct FrameStream {
    shared: Arc<Shared>,
    log: Arc<Log<Sequencer>>,
    steps: Steps,
    /// Offset of the last item given.
    position: Offset,
    /// Fetched, not yet given; consecutive after `position`.
    ready: VecDeque<Arc<AppliedFrame>>,
    /// Open while this stream lags and reads the log.
    log_frames: Option<Box<LogFrames>>,
}

impl FrameStream {
    pub(crate) fn new(live: &Live, log: Arc<Log<Sequencer>>, start: StreamStart) -> Self {
        let shared = live.follow();
        let steps = shared.steps();
        let newest = shared.published();
        Self {
            log,
            steps,
            position: match start {
                StreamStart::Live => newest,
                StreamStart::After(offset) => offset,
            },
            ready: VecDeque::new(),
            log_frames: None,
            shared,
        }
    }

    /// The offset of the last item that was given; the next item comes after it.
    pub fn position(&self) -> Offset {
        self.position
    }

    /// The next item, as soon as there is one. May be dropped while it waits:
    /// nothing is lost. Reads up to half a megabyte of the log inline if
    /// the stream lags.
    pub async fn next(&mut self) -> Result<StreamItem, StreamError> {
        loop {
            self.steps.mark();
            if let Some(item) = self.try_next()? {
                return Ok(item);
            }
            if !self.steps.next().await {
                return Err(StreamError::Closed);
            }
        }
    }

    /// Resolves as soon as there is a next item; fetches nothing. May be dropped
    /// while it waits.
    pub async fn arrives(&mut self) -> Result<(), StreamError> {
        loop {
            self.steps.mark();
            if !self.ready.is_empty() || self.position < self.shared.published() {
                return Ok(());
            }
            if !self.steps.next().await {
                return Err(StreamError::Closed);
            }
        }
    }

    /// Whether the next item is read from files: it may take milliseconds, and
    /// as long as the disk wants.
    pub fn reads_files(&self) -> bool {
        self.ready.is_empty() && self.shared.is_before_ring(self.position)
    }

    /// The next item, or `None` if nothing is applied after the position.
    pub fn try_next(&mut self) -> Result<Option<StreamItem>, StreamError> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                self.position = frame.offset;
                return Ok(Some(StreamItem::Frame(frame)));
            }
            match self.shared.find(self.position, BATCH_FRAMES) {
                Found::Nothing => {
                    self.set_log_frames(None);
                    return Ok(None);
                }
                Found::Frames(frames) => {
                    self.set_log_frames(None);
                    self.ready.extend(frames);
                }
                Found::InLog { up_to } => {
                    if let Some(gap) = self.read_log(up_to)? {
                        return Ok(Some(gap));
                    }
                }
            }
        }
    }

    /// Fetches some frames of the log, none later than `up_to`; or tells of the
    /// gap up to where the log begins.
    fn read_log(&mut self, up_to: Offset) -> Result<Option<StreamItem>, StreamError> {
        if self.log_frames.is_none() {
            let frames = self.log.frames(self.position.next());
            self.set_log_frames(Some(Box::new(frames)));
        }
        let mut observations = 0;
        while self.ready.len() < BATCH_FRAMES && observations < BATCH_OBSERVATIONS {
            let last = self
                .ready
                .back()
                .map_or(self.position, |frame| frame.offset);
            if last >= up_to {
                break;
            }
            let Some(frames) = self.log_frames.as_mut() else {
                break;
            };
            match frames.next() {
                Some(Ok(Frame::Telemetry(frame))) => {
                    observations += frame.observations.len() + 1;
                    self.ready.push_back(Arc::new(AppliedFrame::of(&frame)));
                }
                // What was fetched comes first; the error will be there again.
                Some(Err(_)) if !self.ready.is_empty() => {
                    self.set_log_frames(None);
                    break;
                }
                Some(Err(LogReadError::Gone { first })) if first > last.next() => {
                    self.set_log_frames(None);
                    return Ok(Some(self.skip_to(first, up_to)));
                }
                Some(Err(cause)) => {
                    let after = self.position;
                    return Err(StreamError::Log { after, cause });
                }
                // Applied is durable, so the log has it: only a log that
                // somebody cut while it was open ends here.
                None => return Err(StreamError::Closed),
            }
        }
        Ok(None)
    }

    /// Drops what was fetched and not given, so that a stream that is not read
    /// for a while costs a position only. The next item stays the same.
    pub fn release(&mut self) {
        self.ready = VecDeque::new();
        self.set_log_frames(None);
    }

    /// The same, if so many streams read the log that what each keeps would add
    /// up: half a megabyte, and a file handle.
    pub fn release_if_many_lag(&mut self) {
        let lagging = self.shared.counters.stream_readers_lagging.load(Relaxed);
        if self.log_frames.is_some() && lagging > MAX_FILES_KEPT_OPEN {
            self.release();
        }
    }

    fn skip_to(&mut self, first: Offset, up_to: Offset) -> StreamItem {
        let from = self.position.next();
        let to = Offset::new(first.get() - 1).min(up_to);
        self.position = to;
        StreamItem::Gap { from, to }
    }

    fn set_log_frames(&mut self, frames: Option<Box<LogFrames>>) {
        let counter = &self.shared.counters.stream_readers_lagging;
        Counters::add(counter, usize::from(frames.is_some()));
        Counters::sub(counter, usize::from(self.log_frames.is_some()));
        self.log_frames = frames;
    }
}

impl Drop for FrameStream {
    fn drop(&mut self) {
        self.set_log_frames(None);
        self.shared.leave();
    }
}
