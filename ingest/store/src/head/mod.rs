//! The head: rows that are applied and not yet in a file.
//!
//! Constraints: one array of fixed-size rows in order of arrival, of which the
//! memory is reserved at once and touched as it fills, so that an append never
//! copies old rows and a head has a known size (56 bytes a row, and 32 a
//! datastream); the rows of a datastream are linked newest first; rows share
//! their texts. One writer; a reader holds the lock for at most
//! [`ROWS_PER_LOCK`] rows at a time; it may let go in between, since rows never
//! change.

mod row;
mod rows;
mod sorted;
mod texts;

use std::ops::ControlFlow;

use domain::{DatastreamId, Offset, Timestamp};
use frame_log::TelemetryFrame;
use parking_lot::{RwLock, RwLockReadGuard};

use crate::file::row::RowKey;
use crate::observation::StoredObservation;
use row::NONE;

pub(crate) use rows::Rows;
pub(crate) use sorted::SortedRows;

/// Rows a reader looks at under one lock: well under a millisecond.
const ROWS_PER_LOCK: usize = 16_384;

/// One head, filling or being flushed.
pub(crate) struct Head {
    rows: RwLock<Rows>,
}

/// What a head has of one datastream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Extent {
    pub(crate) rows: u32,
    pub(crate) min_time: i64,
    pub(crate) max_time: i64,
    /// Each row is of a later time than those before it.
    pub(crate) unique_times: bool,
}

impl Extent {
    /// Whether any of its rows may lie from `from` to before `to`.
    pub(crate) fn overlaps(&self, from: Timestamp, to: Timestamp) -> bool {
        self.min_time < to.as_micros() && self.max_time >= from.as_micros()
    }

    /// Whether all of its rows lie from `from` to before `to`.
    pub(crate) fn within(&self, from: Timestamp, to: Timestamp) -> bool {
        self.min_time >= from.as_micros() && self.max_time < to.as_micros()
    }

    /// Rows from `from` to before `to`, as if they were spread evenly.
    fn estimate(&self, from: Timestamp, to: Timestamp) -> u64 {
        if !self.overlaps(from, to) {
            return 0;
        }
        let (from, to) = (from.as_micros(), to.as_micros());
        let span = self.max_time.abs_diff(self.min_time).max(1);
        let part = self.max_time.min(to).abs_diff(self.min_time.max(from)) as f64 / span as f64;
        ((f64::from(self.rows) * part.min(1.0)) as u64).max(1)
    }
}

/// Whether a head takes more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fill {
    Room,
    Full,
}

impl Head {
    /// `limit`: rows after which it is full.
    pub(crate) fn new(limit: usize, next: Offset) -> Self {
        Self {
            rows: RwLock::new(Rows::new(limit, next)),
        }
    }

    /// Takes frames in until there is none or it is full, but at least one;
    /// whether it is full then.
    pub(crate) fn append<'f, D: 'f>(
        &self,
        frames: &mut (impl Iterator<Item = &'f TelemetryFrame<D>> + Clone),
    ) -> Fill {
        self.rows.write().append(frames)
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows.read().rows.len()
    }

    /// The first frame that it takes in.
    pub(crate) fn first(&self) -> Offset {
        self.rows.read().first
    }

    /// The last frame that it took in.
    pub(crate) fn last(&self) -> Offset {
        self.rows.read().last
    }

    /// No frame came in yet.
    pub(crate) fn is_untouched(&self) -> bool {
        let rows = self.rows.read();
        rows.last < rows.first
    }

    /// Rows of a datastream, whatever their times.
    pub(crate) fn rows_of(&self, datastream: DatastreamId) -> u64 {
        let extent = self.extent(datastream);
        extent.map_or(0, |extent| u64::from(extent.rows))
    }

    /// `None` where it has no row of the datastream.
    pub(crate) fn extent(&self, datastream: DatastreamId) -> Option<Extent> {
        self.rows.read().extent(datastream)
    }

    /// The rows of a datastream from `from` to before `to`, by (time, offset,
    /// index).
    pub(crate) fn collect(
        &self,
        datastream: DatastreamId,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<StoredObservation> {
        let (from, to) = (from.as_micros(), to.as_micros());
        let mut found = Vec::new();
        let mut rows = self.rows.read();
        let Some(tail) = rows.tail(datastream) else {
            return found;
        };
        let (mut at, mut looked) = (tail.row, 0);
        while at != NONE {
            let row = rows.rows[at as usize];
            if row.time < from && tail.sorted {
                break;
            }
            if (from..to).contains(&row.time) {
                found.push(row.stored(&rows.texts));
            }
            at = row.previous;
            looked += 1;
            if looked % ROWS_PER_LOCK == 0 {
                RwLockReadGuard::bump(&mut rows);
            }
        }
        drop(rows);
        found.reverse();
        if !found.is_sorted_by_key(RowKey::of) {
            found.sort_by_key(RowKey::of);
        }
        found
    }

    /// Shows what it has of some of `datastreams`, with their places there.
    pub(crate) fn extents(
        &self,
        datastreams: &[DatastreamId],
        mut show: impl FnMut(usize, Extent),
    ) {
        let rows = self.rows.read();
        for (at, datastream) in datastreams.iter().enumerate() {
            if let Some(extent) = rows.extent(*datastream) {
                show(at, extent);
            }
        }
    }

    /// About how many rows of `datastreams` lie from `from` to before `to`.
    pub(crate) fn estimate(
        &self,
        datastreams: &[DatastreamId],
        from: Timestamp,
        to: Timestamp,
    ) -> u64 {
        let mut rows = self.rows.read();
        let mut sum = 0;
        for some in datastreams.chunks(ROWS_PER_LOCK) {
            let extents = some.iter().filter_map(|id| rows.extent(*id));
            sum += extents.map(|extent| extent.estimate(from, to)).sum::<u64>();
            RwLockReadGuard::bump(&mut rows);
        }
        sum
    }

    /// When the `number`-th row before `to` was observed, counted from the newest;
    /// `None` where there are fewer from `from` on.
    pub(crate) fn time_of_last(
        &self,
        datastream: DatastreamId,
        from: Timestamp,
        to: Timestamp,
        number: usize,
    ) -> Option<Timestamp> {
        let (from, to) = (from.as_micros(), to.as_micros());
        let mut rows = self.rows.read();
        let tail = rows.tail(datastream)?;
        if (tail.rows as usize) < number {
            return None;
        }
        let (mut at, mut looked) = (tail.row, 0);
        let mut times = Vec::new();
        while at != NONE {
            let row = rows.rows[at as usize];
            let is_over = row.time < from || times.len() == number;
            if tail.sorted && is_over {
                break;
            }
            if (from..to).contains(&row.time) {
                times.push(row.time);
            }
            at = row.previous;
            looked += 1;
            if looked % ROWS_PER_LOCK == 0 {
                RwLockReadGuard::bump(&mut rows);
            }
        }
        drop(rows);
        if !tail.sorted {
            times.sort_unstable_by(|one, other| other.cmp(one));
        }
        let time = times.get(number.checked_sub(1)?)?;
        Some(Timestamp::from_micros(*time))
    }

    /// What the observation at a place of a message is about.
    pub(crate) fn find(&self, offset: Offset, index: u16) -> Option<(DatastreamId, Timestamp)> {
        let rows = self.rows.read();
        let first = rows.rows.partition_point(|row| row.offset < offset.get());
        let row = rows.rows[first..]
            .iter()
            .take_while(|row| row.offset == offset.get())
            .find(|row| row.index == index)?;
        let (datastream, time) = (DatastreamId::new(row.series), row.time);
        Some((datastream, Timestamp::from_micros(time)))
    }

    /// Shows the rows after offset `after`, in order of arrival, until `visit`
    /// breaks off.
    pub(crate) fn visit_after(
        &self,
        after: Offset,
        mut visit: impl FnMut(DatastreamId, Timestamp) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut rows = self.rows.read();
        let mut at = rows.rows.partition_point(|row| row.offset <= after.get());
        while at < rows.rows.len() {
            let end = rows.rows.len().min(at + ROWS_PER_LOCK);
            for row in &rows.rows[at..end] {
                visit(
                    DatastreamId::new(row.series),
                    Timestamp::from_micros(row.time),
                )?;
            }
            at = end;
            RwLockReadGuard::bump(&mut rows);
        }
        ControlFlow::Continue(())
    }

    /// For a flush: nobody appends any more.
    pub(crate) fn frozen(&self) -> RwLockReadGuard<'_, Rows> {
        self.rows.read()
    }
}
