//! The verdicts: first, revision, duplicate or late; made in one place, in
//! the order of offsets, under the lock that gives the offsets.
//!
//! Identity is (datastream, phenomenon time). Remembered is what the store has
//! not flushed yet, so the memory is bounded by the head's rows; what is older
//! is judged `Late`, and queries resolve it. A message without a time of its
//! own is known again by its payload's hash (`payloads`), a signed one by its
//! boot epoch and sequence (`replay`); both outlive a restart (`memory_file`).

pub(crate) mod memory_file;
mod payloads;
mod replay;
mod series;
mod stage;

use domain::{DatastreamId, DeviceId, Offset, Timestamp};
use rustc_hash::FxHashMap;

use crate::log::{Frame, ValueRef, Verdict};
use payloads::Payloads;
use series::{Series, ValueMark};

pub(crate) use stage::Replayed;

pub use replay::ReplayWindow;

/// Datastreams whose memory is allocated together.
const CHUNK: usize = 1024;

/// What is remembered for verdicts.
#[derive(Default)]
pub(crate) struct Sequencer {
    /// By datastream; chunks, so that growth never copies much at once.
    series: Vec<Option<Box<[Series]>>>,
    windows: FxHashMap<DeviceId, ReplayWindow>,
    payloads: Payloads,
}

impl Sequencer {
    /// The time that the observation gets, and what it is. `value` is the
    /// value after validation; without a `time` it is assigned: the receipt's,
    /// strictly increasing per datastream.
    pub(crate) fn judge(
        &mut self,
        offset: Offset,
        datastream: DatastreamId,
        time: Option<Timestamp>,
        received: Timestamp,
        value: ValueRef<'_>,
    ) -> (Timestamp, Verdict) {
        let series = self.series(datastream);
        let time = time.unwrap_or_else(|| series.assign(received));
        (time, series.judge(offset, time, ValueMark::of(value)))
    }

    /// Whether a device's signed number has been used.
    pub(crate) fn replayed(&self, device: &DeviceId, epoch: u64, sequence: u64) -> bool {
        self.windows
            .get(device)
            .is_some_and(|window| window.refuses(epoch, sequence))
    }

    /// The number is used from now on.
    pub(crate) fn mark_used(&mut self, device: &DeviceId, epoch: u64, sequence: u64) {
        match self.windows.get_mut(device) {
            Some(window) => window.mark(epoch, sequence),
            None => {
                let window = ReplayWindow::starting(epoch, sequence);
                self.windows.insert(device.clone(), window);
            }
        }
    }

    pub(crate) fn window(&self, device: &DeviceId) -> Option<ReplayWindow> {
        self.windows.get(device).cloned()
    }

    /// Whether the payload is one of the device's last ones.
    pub(crate) fn has_payload(&mut self, device: &DeviceId, hash: u64) -> bool {
        self.payloads.contains(device, hash)
    }

    pub(crate) fn remember_payload(&mut self, device: &DeviceId, hash: u64) {
        self.payloads.insert(device, hash);
    }

    /// The store's files hold rows of `datastream` up to `time`.
    pub(crate) fn set_horizon(&mut self, datastream: DatastreamId, time: Timestamp) {
        self.series(datastream).set_horizon(time);
    }

    /// Learns a frame that was judged before the restart. `known` is the last
    /// offset whose windows and payloads the memory file has brought.
    pub(crate) fn recover(&mut self, frame: &Frame, known: Offset) {
        for observation in &frame.observations {
            if observation.verdict != Verdict::Duplicate {
                let mark = ValueMark::of_stored(observation.value.as_ref());
                let series = self.series(observation.datastream);
                series.recover(frame.offset, observation.time, mark, observation.verdict);
            }
        }
        if frame.offset <= known {
            return;
        }
        if let (Some(epoch), Some(sequence)) = (frame.boot_epoch, frame.boot_sequence) {
            self.mark_used(&frame.device, epoch, sequence);
        }
        if let Some(hash) = frame.payload_hash {
            self.remember_payload(&frame.device, hash);
        }
    }

    /// Forgets rows that the store's files hold, of one chunk of datastreams;
    /// false behind the last chunk. In chunks, so that the write path waits
    /// for none of it long.
    pub(crate) fn forget_flushed(&mut self, chunk: usize, up_to: Offset) -> bool {
        let Some(slot) = self.series.get_mut(chunk) else {
            return false;
        };
        for series in slot.iter_mut().flatten() {
            series.forget(up_to);
        }
        true
    }

    fn series(&mut self, datastream: DatastreamId) -> &mut Series {
        let number = datastream.get() as usize;
        let chunk = number / CHUNK;
        if chunk >= self.series.len() {
            self.series.resize_with(chunk + 1, || None);
        }
        let slot = self.series[chunk]
            .get_or_insert_with(|| (0..CHUNK).map(|_| Series::default()).collect());
        &mut slot[number % CHUNK]
    }
}
