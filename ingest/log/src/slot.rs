//! The place of one frame, under the log's lock.

use domain::Offset;

use super::frame::encode::{
    ObservationRef, TelemetryHead, begin_telemetry, end_telemetry, put_observation,
};
use super::receipt::{LogInstance, Outcome, Staged};
use super::staging::{Buffers, StagedGroups};

/// The next offset, and the room in the group's buffer for its frame. Dropped
/// before the frame was finished, it takes back what was written, and the
/// offset goes to the next frame.
pub struct FrameSlot<'a> {
    groups: &'a mut StagedGroups,
    buffers: &'a Buffers,
    instance: LogInstance,
    /// Where the frame begins in the buffer, as long as it is not whole.
    unfinished: Option<usize>,
}

impl<'a> FrameSlot<'a> {
    #[inline]
    pub(super) fn new(
        groups: &'a mut StagedGroups,
        buffers: &'a Buffers,
        instance: LogInstance,
    ) -> Self {
        Self {
            groups,
            buffers,
            instance,
            unfinished: None,
        }
    }

    /// The offset that the frame will have.
    #[inline]
    pub fn offset(&self) -> Offset {
        self.groups.next()
    }

    /// Begins a frame of telemetry.
    #[inline]
    pub fn telemetry<'h>(mut self, head: TelemetryHead<'h>) -> TelemetrySlot<'a, 'h> {
        let offset = self.offset();
        let buffer = self.groups.buffer();
        let start = buffer.len();
        self.unfinished = Some(start);
        begin_telemetry(buffer, offset, &head);
        TelemetrySlot {
            slot: self,
            start,
            head,
        }
    }

    #[inline]
    fn finish(mut self, outcome: Outcome) -> Staged {
        self.unfinished = None;
        let staged = Staged::new(self.offset(), outcome, self.instance);
        self.groups.finished(self.buffers);
        staged
    }
}

impl Drop for FrameSlot<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(start) = self.unfinished {
            self.groups.buffer().truncate(start);
        }
    }
}

/// A telemetry frame that has its head and takes observations.
pub struct TelemetrySlot<'a, 'h> {
    slot: FrameSlot<'a>,
    start: usize,
    head: TelemetryHead<'h>,
}

impl TelemetrySlot<'_, '_> {
    /// As often as the head says.
    #[inline]
    pub fn observation(&mut self, observation: &ObservationRef<'_>) {
        put_observation(self.slot.groups.buffer(), observation);
    }

    /// The frame is whole: it has its offset.
    #[inline]
    pub fn finish(self, outcome: Outcome) -> Staged {
        let Self { slot, start, head } = self;
        end_telemetry(slot.groups.buffer(), start, &head);
        slot.finish(outcome)
    }
}
