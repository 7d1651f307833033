//! Frames that are applied at once.

use domain::DeviceId;
use frame_log::Frame;

/// Observations of a batch, or a few more: their frames fit a core's own cache.
const OBSERVATIONS: usize = 128;

/// Frames in the order of their offsets.
pub(crate) struct Batch<D = DeviceId> {
    frames: Vec<Frame<D>>,
    observations: usize,
}

impl<D> Batch<D> {
    pub(crate) fn new() -> Self {
        Self {
            frames: Vec::with_capacity(OBSERVATIONS),
            observations: 0,
        }
    }

    pub(crate) fn frames(&self) -> &[Frame<D>] {
        &self.frames
    }

    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        self.observations = 0;
    }

    pub(crate) fn push(&mut self, frame: Frame<D>) {
        let Frame::Telemetry(telemetry) = &frame;
        self.observations += telemetry.observations.len().max(1);
        self.frames.push(frame);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.observations >= OBSERVATIONS
    }

    /// Puts the next frames in the place of those before; false where there is none.
    pub(crate) fn refill(&mut self, frames: &mut impl Iterator<Item = Frame<D>>) -> bool {
        self.clear();
        while !self.is_full()
            && let Some(frame) = frames.next()
        {
            self.push(frame);
        }
        !self.frames.is_empty()
    }
}
