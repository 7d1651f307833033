//! The newest applied frames, in order of offset.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::Offset;
use frame_log::{FrameDevice, TelemetryFrame};
use parking_lot::Mutex;

use super::AppliedFrame;
use crate::apply::{Progress, Steps};
use crate::stats::Counters;

/// The most frames of the ring; few in tests, so that streams lag and read
/// the log.
pub(super) const RING_FRAMES: usize = if cfg!(test) { 32 } else { 8_192 };
/// The most bytes of the ring; a frame of 1,000 observations takes 100 KB.
const RING_BYTES: usize = 16 << 20;

/// Shared between the applier and the streams.
#[derive(Clone)]
pub(crate) struct Live {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    ring: Mutex<Ring>,
    /// Frames later than it are not shown, durable or not.
    progress: Progress,
    followers: AtomicUsize,
    pub(super) counters: Arc<Counters>,
}

struct Ring {
    frames: VecDeque<(Arc<AppliedFrame>, usize)>,
    bytes: usize,
    /// Offset of the first frame in the ring; where it is empty, of the next.
    first: Offset,
}

/// What the ring has for a stream, by the stream's position.
pub(super) enum Found {
    /// The frames after it, oldest first; never empty.
    Frames(Vec<Arc<AppliedFrame>>),
    /// Nothing is applied after it.
    Nothing,
    /// It is older than the ring: the log has the frames up to this one,
    /// inclusive.
    InLog { up_to: Offset },
}

impl Live {
    pub(crate) fn new(progress: Progress, counters: Arc<Counters>) -> Self {
        Self {
            shared: Arc::new(Shared {
                ring: Mutex::new(Ring::starting(progress.applied().next())),
                progress,
                followers: AtomicUsize::new(0),
                counters,
            }),
        }
    }

    /// Takes an applied frame in; streams see it once the progress is set, after
    /// [`Self::pass`]. Frames come in order, without a hole.
    pub(crate) fn apply(&self, frame: &TelemetryFrame<impl FrameDevice>) {
        if self.shared.followers.load(Ordering::Acquire) == 0 {
            return;
        }
        let applied = Arc::new(AppliedFrame::of(frame));
        self.shared.ring.lock().push(applied);
    }

    /// Everything up to `applied` is applied, whether it is in the ring or not.
    pub(crate) fn pass(&self, applied: Offset) {
        self.shared.ring.lock().pass(applied);
    }

    pub(super) fn follow(&self) -> Arc<Shared> {
        self.shared.followers.fetch_add(1, Ordering::AcqRel);
        Counters::add(&self.shared.counters.stream_readers, 1);
        Arc::clone(&self.shared)
    }
}

impl Shared {
    pub(super) fn leave(&self) {
        self.followers.fetch_sub(1, Ordering::AcqRel);
        Counters::sub(&self.counters.stream_readers, 1);
    }

    pub(super) fn steps(&self) -> Steps {
        self.progress.steps()
    }

    pub(super) fn published(&self) -> Offset {
        self.progress.applied()
    }

    /// Whether only the log has the frame after `position`.
    pub(super) fn is_before_ring(&self, position: Offset) -> bool {
        position < self.published() && position.next() < self.ring.lock().first
    }

    /// What there is after `position`, at most `limit` frames.
    pub(super) fn find(&self, position: Offset, limit: usize) -> Found {
        // Read before the ring: a frame is in the ring before it is published.
        let published = self.published();
        if position >= published {
            return Found::Nothing;
        }
        let ring = self.ring.lock();
        let wanted = position.next();
        if wanted < ring.first {
            let before = Offset::new(ring.first.get() - 1);
            return Found::InLog {
                up_to: before.min(published),
            };
        }
        let skip = (wanted.get() - ring.first.get()) as usize;
        let count = (published.get() - position.get()) as usize;
        let frames: Vec<_> = ring
            .frames
            .iter()
            .skip(skip)
            .take(count.min(limit))
            .map(|(frame, _)| Arc::clone(frame))
            .collect();
        if frames.is_empty() {
            Found::Nothing
        } else {
            Found::Frames(frames)
        }
    }
}

impl Ring {
    fn starting(first: Offset) -> Self {
        Self {
            frames: VecDeque::new(),
            bytes: 0,
            first,
        }
    }

    fn push(&mut self, frame: Arc<AppliedFrame>) {
        let next = self.first.get() + self.frames.len() as u64;
        if frame.offset.get() != next {
            // Nobody followed for a while: the ring starts anew.
            *self = Self::starting(frame.offset);
        }
        let weight = frame.weight();
        self.bytes += weight;
        self.frames.push_back((frame, weight));
        while self.frames.len() > RING_FRAMES || self.bytes > RING_BYTES && self.frames.len() > 1 {
            if let Some((_, weight)) = self.frames.pop_front() {
                self.bytes -= weight;
                self.first = self.first.next();
            }
        }
    }

    /// Everything up to `applied` has passed, in the ring or not.
    fn pass(&mut self, applied: Offset) {
        if self.first.get() + self.frames.len() as u64 <= applied.get() {
            *self = Self::starting(applied.next());
        }
    }
}
