//! Applying frames, in order of offset: the same for recovery and for live
//! traffic.
//!
//! What is applied is durable; what is durable is applied soon, by one thread
//! ([`thread`]), so that nothing here needs an order of its own.

mod batch;
mod progress;
mod read_side;
mod thread;

use std::sync::Arc;

use domain::Offset;
use frame_log::{Frame, FrameDevice, TelemetryFrame, Verdict};
use observation_store::{Latest, Quarantine, Store};

pub(crate) use batch::Batch;
pub(crate) use progress::{Progress, Steps};
pub(crate) use read_side::ReadSide;

use crate::live::Live;
use crate::stats::Counters;

/// Feeds frames to everything that is derived from the log.
pub(crate) struct Applier {
    store: Store,
    latest: Latest,
    live: Live,
    quarantine: Quarantine,
    counters: Arc<Counters>,
    progress: Progress,
    mode: Mode,
    /// The last frame that was applied.
    applied: Offset,
}

/// Recovery counts nothing and shows nothing to streams.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Recovery,
    Live,
}

impl Applier {
    /// Starts in recovery, after the last frame that the store's files hold.
    pub(crate) fn new(
        store: Store,
        latest: Latest,
        live: Live,
        quarantine: Quarantine,
        counters: Arc<Counters>,
        progress: Progress,
    ) -> Self {
        store.keep_quarantine(&quarantine);
        Self {
            applied: store.flushed_offset(),
            store,
            latest,
            live,
            quarantine,
            counters,
            progress,
            mode: Mode::Recovery,
        }
    }

    /// Takes frames in, in the order of their offsets: some at once, since most
    /// of what they change is in no cache, and is waited for together. They are
    /// shown by [`Self::publish`].
    pub(crate) fn apply<D: FrameDevice>(&mut self, frames: &[Frame<D>]) {
        let Some(last) = frames.last() else {
            return;
        };
        let telemetry = frames.iter().map(|Frame::Telemetry(frame)| frame);
        // The store comes last: when it flushes, the tables of latest values and
        // quarantine must include the frames already.
        self.latest.apply(telemetry.clone());
        for frame in telemetry.clone() {
            self.quarantine.apply(frame);
        }
        self.store.append(telemetry.clone());
        if self.mode == Mode::Live {
            self.count(telemetry.clone());
            for frame in telemetry {
                self.live.apply(frame);
            }
        }
        self.applied = last.offset();
    }

    /// Shows what was applied to queries that wait and to streams.
    pub(crate) fn publish(&self) {
        self.live.pass(self.applied);
        self.progress.set(self.applied);
    }

    /// Ends recovery: from now on frames are counted and shown.
    pub(crate) fn go_live(&mut self) {
        self.mode = Mode::Live;
        self.publish();
    }

    fn count<'f, D: 'f>(&self, frames: impl Iterator<Item = &'f TelemetryFrame<D>>) {
        let counters = &self.counters;
        let (mut messages, mut stored) = (0, 0);
        let mut counts = [0; 3];
        for frame in frames {
            messages += 1;
            for observation in &frame.observations {
                match observation.verdict {
                    Verdict::First => stored += 1,
                    Verdict::Duplicate => {
                        counts[0] += 1;
                        counters
                            .repeats
                            .note(observation.datastream, frame.received);
                    }
                    Verdict::Revision(_) => counts[1] += 1,
                    Verdict::Late => counts[2] += 1,
                }
            }
            for rejection in &frame.rejections {
                counters.reject(rejection.reason);
            }
            if let Some(error) = frame.unreadable {
                counters.unreadable(error);
            }
        }
        Counters::add(&counters.messages, messages);
        Counters::add(&counters.observations, stored + counts[1] + counts[2]);
        Counters::add(&counters.duplicates, counts[0]);
        Counters::add(&counters.revisions, counts[1]);
        Counters::add(&counters.late, counts[2]);
    }
}
