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

use std::hint::black_box;
use std::sync::Arc;

use domain::{DatastreamId, DeviceId, Flags, Offset, Timestamp};
use frame_log::{TelemetryFrame, ValueRef, Verdict};
use rustc_hash::FxHashMap;

use crate::stats::Counters;
use payloads::Payloads;
use series::{Row, Series, ValueMark};

pub(crate) use stage::Replayed;

pub use replay::ReplayWindow;

/// Datastreams whose memory is allocated together.
const CHUNK: usize = 1024;
/// Rows that are put to their datastreams at once.
const FRESH: usize = 256;

/// What is remembered for verdicts.
#[derive(Default)]
pub(crate) struct Sequencer {
    /// By datastream; chunks, so that growth never copies much at once.
    series: Vec<Option<Box<[Series]>>>,
    /// Rows later than all others of their datastreams, which these do not have
    /// yet. Where one goes is mostly in no cache: they go there together, and
    /// wait for it at once.
    fresh: Vec<(DatastreamId, Row)>,
    windows: FxHashMap<DeviceId, ReplayWindow>,
    payloads: Payloads,
    /// The last times that were assigned although a series had a later one,
    /// because that one lies ahead of the clock by more than a time may.
    put_back: FxHashMap<DatastreamId, i64>,
    counters: Arc<Counters>,
}

impl Sequencer {
    pub(crate) fn counting(counters: Arc<Counters>) -> Self {
        Self {
            counters,
            ..Self::default()
        }
    }

    /// The time that the observation gets, and what it is. `value` is the
    /// value after validation; without a `time` it is assigned: the receipt's,
    /// strictly increasing per datastream, and never ahead of the clock by more
    /// than any time may be. Where the two cannot be had together, since the
    /// clock once was ahead, the order is that of the offsets alone.
    pub(crate) fn judge(
        &mut self,
        offset: Offset,
        datastream: DatastreamId,
        time: Option<Timestamp>,
        received: Timestamp,
        value: ValueRef<'_>,
    ) -> (Timestamp, Verdict) {
        let time = match time {
            Some(time) => time,
            None => match self.series(datastream).assign(received) {
                Some(time) => time,
                None => self.put_back(offset, datastream, received),
            },
        };
        let mark = ValueMark::of(value);
        if self.advance(offset, datastream, time, mark) {
            return (time, Verdict::First);
        }
        (time, self.settled(datastream).judge(offset, time, mark))
    }

    /// Remembers the row of a time that is later than all of its datastream, if
    /// it is.
    #[inline]
    fn advance(
        &mut self,
        offset: Offset,
        datastream: DatastreamId,
        time: Timestamp,
        mark: ValueMark,
    ) -> bool {
        let Some(row) = self.series(datastream).advance(offset, time, mark) else {
            return false;
        };
        self.fresh.push((datastream, row));
        if self.fresh.len() == FRESH {
            self.settle();
        }
        true
    }

    /// Puts the fresh rows to their datastreams.
    fn settle(&mut self) {
        let mut fresh = std::mem::take(&mut self.fresh);
        let ahead = fresh.iter().fold(0, |sum: i64, (datastream, _)| {
            sum.wrapping_add(self.series(*datastream).read_ahead())
        });
        black_box(ahead);
        for (datastream, row) in fresh.drain(..) {
            self.series(datastream).push(row);
        }
        self.fresh = fresh;
    }

    /// With all of its rows.
    fn settled(&mut self, datastream: DatastreamId) -> &mut Series {
        self.settle();
        self.series(datastream)
    }

    /// A time for where the series' greatest lies too far ahead: increasing
    /// among such times, and no other reading's.
    #[cold]
    fn put_back(
        &mut self,
        offset: Offset,
        datastream: DatastreamId,
        received: Timestamp,
    ) -> Timestamp {
        Counters::add(&self.counters.times_put_back, 1);
        if self.put_back.is_empty() {
            tracing::warn!(
                datastream = datastream.get(),
                "readings without a time of their own were once given times that lie ahead of the clock now: from here on they get the time of their receipt, in the order of their offsets"
            );
        }
        let latest = received.as_micros() + Timestamp::MAX_AHEAD_MICROS;
        let last = self.put_back.get(&datastream).copied();
        let after_last = last.filter(|last| *last < latest).map(|last| last + 1);
        // Usual times are whole milliseconds, so that none of the time before
        // the clock was set back is met, although it may be in the files.
        let fresh = received.as_micros() + 1 + (offset.get() % 999) as i64;
        let from = after_last.map_or(fresh, |after| after.max(fresh));
        let time = self.settled(datastream).free_from(from);
        self.put_back.insert(datastream, time);
        Timestamp::from_micros(time)
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
    pub(crate) fn recover(&mut self, frame: &TelemetryFrame, known: Offset) {
        for observation in &frame.observations {
            let (datastream, time) = (observation.datastream, observation.time);
            let mark = ValueMark::of_stored(observation.value.as_ref());
            if observation.verdict == Verdict::First
                && self.advance(frame.offset, datastream, time, mark)
            {
                continue;
            }
            let series = self.settled(datastream);
            let is_before_last = series.recover(frame.offset, time, mark, observation.verdict);
            if is_before_last && observation.flags.contains(Flags::TIME_ASSIGNED) {
                self.put_back.insert(datastream, time.as_micros());
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
    /// false after the last chunk. In chunks, so that the write path waits
    /// for none of it long.
    pub(crate) fn forget_flushed(&mut self, chunk: usize, up_to: Offset) -> bool {
        self.settle();
        let Some(slot) = self.series.get_mut(chunk) else {
            return false;
        };
        for series in slot.iter_mut().flatten() {
            series.forget(up_to);
        }
        true
    }

    /// It may lack fresh rows.
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

#[cfg(test)]
mod tests;
