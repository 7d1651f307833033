//! What a head holds, under its lock.

use std::hint::black_box;

use domain::{DatastreamId, Offset};
use frame_log::{FrameObservation, TelemetryFrame, Verdict};

use super::row::{NONE, Row};
use super::texts::Texts;
use super::{Extent, Fill};

/// Room for the rows of the frame that fills the head.
const FRAME_ROWS: usize = domain::payload::MAX_OBSERVATIONS;
/// Bytes of texts after which a head is full, whatever its rows.
const MAX_TEXT_BYTES: usize = 64 << 20;
/// Frames after which a head is full, whatever its rows: recovery has to read
/// them all again.
const MAX_FRAMES: u64 = 2_000_000;

pub(crate) struct Rows {
    pub(super) rows: Vec<Row>,
    limit: usize,
    /// By the number of the datastream.
    pub(super) series: Vec<Tail>,
    pub(super) texts: Texts,
    /// The first and the last frame that it took in, with rows or without.
    pub(super) first: Offset,
    pub(super) last: Offset,
}

/// The newest row of a series.
#[derive(Clone, Copy)]
pub(super) struct Tail {
    pub(super) row: u32,
    pub(super) rows: u32,
    pub(super) min_time: i64,
    pub(super) max_time: i64,
    /// Whether rows came in order of time: then a reader may stop early.
    pub(super) sorted: bool,
    /// Whether each row has a later time than those before it.
    pub(super) unique_times: bool,
}

const EMPTY: Tail = Tail {
    row: NONE,
    rows: 0,
    min_time: i64::MAX,
    max_time: i64::MIN,
    sorted: true,
    unique_times: true,
};

impl Rows {
    pub(super) fn new(limit: usize, next: Offset) -> Self {
        Self {
            rows: Vec::with_capacity(limit + FRAME_ROWS),
            limit,
            series: Vec::new(),
            texts: Texts::default(),
            first: next,
            last: Offset::new(next.get() - 1),
        }
    }

    pub(super) fn append<'f, D: 'f>(
        &mut self,
        frames: &mut (impl Iterator<Item = &'f TelemetryFrame<D>> + Clone),
    ) -> Fill {
        self.fetch(frames.clone());
        for frame in frames {
            for observation in &frame.observations {
                if observation.verdict != Verdict::Duplicate {
                    self.push(frame, observation);
                }
            }
            self.last = frame.offset;
            if self.is_full() {
                return Fill::Full;
            }
        }
        Fill::Room
    }

    fn is_full(&self) -> bool {
        let frames = self.last.get() + 1 - self.first.get();
        self.rows.len() >= self.limit
            || self.texts.bytes() >= MAX_TEXT_BYTES
            || frames >= MAX_FRAMES
    }

    /// Reads what the rows of `frames` will change. It is mostly in no cache,
    /// and a loop that does nothing else waits for much of it at once.
    fn fetch<'f, D: 'f>(&self, frames: impl Iterator<Item = &'f TelemetryFrame<D>>) {
        let rows = frames
            .flat_map(|frame| &frame.observations)
            .filter_map(|observation| self.series.get(observation.datastream.get() as usize))
            .map(|tail| tail.row);
        black_box(rows.fold(0, u32::wrapping_add));
    }

    fn push<D>(&mut self, frame: &TelemetryFrame<D>, observation: &FrameObservation) {
        let series = observation.datastream.get() as usize;
        if series >= self.series.len() {
            self.series.resize(series + 1, EMPTY);
        }
        let tail = &mut self.series[series];
        let row = Row::of(frame, observation, tail.row, &mut self.texts);
        tail.sorted &= row.time >= tail.max_time;
        tail.unique_times &= tail.rows == 0 || row.time > tail.max_time;
        tail.min_time = tail.min_time.min(row.time);
        tail.max_time = tail.max_time.max(row.time);
        tail.row = self.rows.len() as u32;
        tail.rows += 1;
        self.rows.push(row);
    }

    pub(super) fn tail(&self, datastream: DatastreamId) -> Option<Tail> {
        self.series.get(datastream.get() as usize).copied()
    }

    pub(super) fn extent(&self, datastream: DatastreamId) -> Option<Extent> {
        let tail = self.tail(datastream).filter(|tail| tail.rows > 0)?;
        Some(Extent {
            rows: tail.rows,
            min_time: tail.min_time,
            max_time: tail.max_time,
            unique_times: tail.unique_times,
        })
    }

    /// The first and the last frame.
    pub(crate) fn offsets(&self) -> (Offset, Offset) {
        (self.first, self.last)
    }
}
