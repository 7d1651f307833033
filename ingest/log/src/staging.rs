//! What was staged and not yet written: groups of frames, and the order that
//! their writer keeps. Everything here stands under one short mutex, so that
//! the order of offsets is the order of verdicts is the order of bytes.

use std::collections::VecDeque;

use domain::Offset;
use parking_lot::Mutex;

use super::fault::Fault;
use super::frame::MAX_FRAME_BYTES;

/// The most bytes of one group, which is one write and one sync.
pub(crate) const GROUP_BYTES: usize = 1 << 20;
/// A group takes no more frames from here on: the longest still fits.
const GROUP_CLOSES_AT: usize = GROUP_BYTES - MAX_FRAME_BYTES;
/// Bytes that wait for a leader: from here on the log's own thread leads, though
/// nobody waits for it.
const URGENT_BYTES: usize = 4 << 20;
/// From here on who can hold messages back does ([`super::Log::is_full`]).
const FULL_BYTES: usize = 16 << 20;
/// From here on messages are refused. Whoever asks first never gets here, as a
/// connection of MQTT or a request over HTTP: the rest is for who cannot hold a
/// message back, as a will, and for what workers stage at once.
pub(crate) const MAX_STAGED_BYTES: usize = 64 << 20;
/// Buffers that are kept for the next groups.
const POOLED_BUFFERS: usize = 32;

/// Frames that become durable by one sync.
pub struct Group {
    pub(crate) bytes: Vec<u8>,
    /// The first and last offsets.
    pub(crate) first: Offset,
    pub(crate) last: Offset,
}

/// Why no message gets an offset.
#[derive(Debug)]
pub enum StagingError {
    Poisoned(Fault),
    /// The platform is stopping.
    Closed,
    /// The disk is slower than the messages, and nobody held them back.
    Full,
}

/// What is decided under the log's lock. What `order` is, the log does not know:
/// it gives it to whoever fills a frame, so that frames are judged in the order
/// of their offsets.
pub(super) struct Staging<O> {
    pub(super) order: O,
    pub(super) groups: StagedGroups,
}

/// The frames that wait for a leader, in groups.
pub(crate) struct StagedGroups {
    next: Offset,
    /// Takes frames.
    open: Group,
    /// Took all they can, oldest first.
    closed: VecDeque<Group>,
    closed_bytes: usize,
    /// More has come than anybody led, since it was last asked.
    urgent: bool,
    /// The platform is stopping.
    refuses: bool,
}

impl StagedGroups {
    /// `next` is the offset of the first frame.
    pub(crate) fn new(next: Offset) -> Self {
        Self {
            next,
            open: Group::starting(next, Vec::new()),
            closed: VecDeque::new(),
            closed_bytes: 0,
            urgent: false,
            refuses: false,
        }
    }

    /// Takes no frame any more.
    pub(crate) fn close(&mut self) {
        self.refuses = true;
    }

    /// Whether another frame may come.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), StagingError> {
        if self.refuses {
            return Err(StagingError::Closed);
        }
        if self.closed_bytes >= MAX_STAGED_BYTES {
            return Err(StagingError::Full);
        }
        Ok(())
    }

    /// The offset that the next frame will have.
    #[inline]
    pub(crate) fn next(&self) -> Offset {
        self.next
    }

    /// The last offset that was given.
    #[inline]
    pub(crate) fn last(&self) -> Offset {
        Offset::new(self.next.get() - 1)
    }

    /// In whole groups; the open one is at most one more.
    pub(crate) fn is_full(&self) -> bool {
        self.closed_bytes >= FULL_BYTES
    }

    /// Whether more has come than anybody led, since the last call.
    #[inline]
    pub(crate) fn take_urgent(&mut self) -> bool {
        std::mem::take(&mut self.urgent)
    }

    /// Of the group that [`Self::take`] gives next.
    pub(crate) fn next_bytes(&self) -> usize {
        self.closed.front().unwrap_or(&self.open).bytes.len()
    }

    /// Where the frame of offset [`Self::next`] is written to.
    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.open.bytes
    }

    /// The frame of offset [`Self::next`] is whole.
    #[inline]
    pub(crate) fn finished(&mut self, buffers: &Buffers) {
        self.open.last = self.next;
        self.next = self.next.next();
        if self.open.bytes.len() >= GROUP_CLOSES_AT {
            let full = self.close_open(buffers);
            self.closed_bytes += full.bytes.len();
            self.closed.push_back(full);
            self.urgent |= self.closed_bytes >= URGENT_BYTES;
        }
    }

    /// Hands the oldest group to a leader; `None` where nothing is staged.
    pub(crate) fn take(&mut self, buffers: &Buffers) -> Option<Group> {
        if let Some(group) = self.closed.pop_front() {
            self.closed_bytes -= group.bytes.len();
            return Some(group);
        }
        (!self.open.bytes.is_empty()).then(|| self.close_open(buffers))
    }

    fn close_open(&mut self, buffers: &Buffers) -> Group {
        let next = Group::starting(self.next, buffers.take());
        std::mem::replace(&mut self.open, next)
    }
}

impl Group {
    fn starting(first: Offset, bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            first,
            last: first,
        }
    }
}

/// Buffers of groups that were applied, for the next ones.
#[derive(Default)]
pub(crate) struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.lock().pop().unwrap_or_default()
    }

    pub(crate) fn give_back(&self, mut buffer: Vec<u8>) {
        let mut kept = self.0.lock();
        if kept.len() < POOLED_BUFFERS && buffer.capacity() > 0 {
            buffer.clear();
            kept.push(buffer);
        }
    }
}
