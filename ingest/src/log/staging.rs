//! What was staged and not yet written: groups of frames, and the order of
//! the log. Everything here stands under one short mutex, so that the order of
//! offsets is the order of verdicts is the order of bytes.

use std::collections::VecDeque;

use domain::Offset;
use parking_lot::Mutex;

use super::encode::{FrameHead, FrameWriter};
use super::frame::MAX_FRAME_BYTES;
use crate::sequence::Sequencer;

/// The most bytes of one group, which is one write and one sync.
pub(crate) const GROUP_BYTES: usize = 1 << 20;
/// A group takes no more frames from here on: the longest still fits.
const GROUP_CLOSES_AT: usize = GROUP_BYTES - MAX_FRAME_BYTES;
/// Bytes that may wait for a leader. Past it, who stages leads.
pub(crate) const MAX_STAGED_BYTES: usize = 16 << 20;
/// Buffers that are kept for the next groups.
const POOLED_BUFFERS: usize = 32;

/// Frames that become durable by one sync.
pub(crate) struct Group {
    pub(crate) bytes: Vec<u8>,
    /// The first and last offsets.
    pub(crate) first: Offset,
    pub(crate) last: Offset,
}

/// The order of the log, and the frames that wait for a leader.
pub(crate) struct Staging {
    pub(crate) sequencer: Sequencer,
    pub(crate) groups: StagedGroups,
}

/// The frames that wait for a leader, in groups.
pub(crate) struct StagedGroups {
    next: Offset,
    /// Takes frames.
    open: Group,
    /// Took all they can, oldest first.
    closed: VecDeque<Group>,
    closed_bytes: usize,
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
            refuses: false,
        }
    }

    /// Takes no frame any more.
    pub(crate) fn close(&mut self) {
        self.refuses = true;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.refuses
    }

    /// The offset that the next frame will have.
    pub(crate) fn next(&self) -> Offset {
        self.next
    }

    pub(crate) fn staged_bytes(&self) -> usize {
        self.closed_bytes + self.open.bytes.len()
    }

    /// Begins the frame of offset [`Self::next`] in the open group.
    pub(crate) fn begin<'b, 'a>(&'b mut self, head: FrameHead<'a>) -> FrameWriter<'b, 'a> {
        debug_assert_eq!(head.offset, self.next);
        FrameWriter::begin(&mut self.open.bytes, head)
    }

    /// Counts the frame that was just finished.
    pub(crate) fn finished(&mut self, buffers: &Buffers) {
        self.open.last = self.next;
        self.next = self.next.next();
        if self.open.bytes.len() >= GROUP_CLOSES_AT {
            let next = Group::starting(self.next, buffers.take());
            let full = std::mem::replace(&mut self.open, next);
            self.closed_bytes += full.bytes.len();
            self.closed.push_back(full);
        }
    }

    /// Hands everything to a leader; `buffer` is for the next frames.
    pub(crate) fn take(&mut self, buffer: Vec<u8>) -> VecDeque<Group> {
        let mut groups = std::mem::take(&mut self.closed);
        self.closed_bytes = 0;
        if !self.open.bytes.is_empty() {
            let next = Group::starting(self.next, buffer);
            groups.push_back(std::mem::replace(&mut self.open, next));
        }
        groups
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
