//! The head: rows that are applied and not yet in a file.
//!
//! Constraints: one array of fixed-size rows in order of arrival, of which the
//! memory is reserved at once and touched as it fills, so that an append never
//! copies old rows and a head has a known size (56 bytes a row, and 24 a
//! datastream); the rows of a datastream are linked newest first; texts are
//! kept once each. One writer; a reader holds the lock for at most
//! [`ROWS_PER_LOCK`] rows, which it may, since rows never change.

use std::hint::black_box;
use std::mem::size_of;
use std::ops::{ControlFlow, Range};

use domain::{DatastreamId, Flags, Offset, Quality, Timestamp, Value};
use frame_log::{FrameObservation, TelemetryFrame, Verdict};
use parking_lot::{RwLock, RwLockReadGuard};
use rustc_hash::FxHashMap;

use crate::file::row::{FileRow, FileValue, RowKey};
use crate::file::times::Unit;
use crate::observation::{MaybeLocation, StoredObservation};

/// Rows a reader looks at under one lock: well under a millisecond.
const ROWS_PER_LOCK: usize = 16_384;
/// Rows that a flush copies at once: they fit a core's own cache.
const ROWS_GATHERED: usize = 1_024;
/// Room for the rows of the frame that fills the head.
const FRAME_ROWS: usize = domain::payload::MAX_OBSERVATIONS;
/// Bytes of texts after which a head is full, whatever its rows.
const MAX_TEXT_BYTES: usize = 64 << 20;
/// Frames after which a head is full, whatever its rows: recovery has to read
/// them all again.
const MAX_FRAMES: u64 = 2_000_000;
/// Stands for "none" in a link.
const NONE: u32 = u32::MAX;

/// The revision of a row that is older than what the sequencer remembered.
pub(crate) const UNRESOLVED: u16 = u16::MAX;

/// One head, filling or being flushed.
pub(crate) struct Head {
    rows: RwLock<Rows>,
}

/// What a head holds, under its lock.
pub(crate) struct Rows {
    rows: Vec<Row>,
    limit: usize,
    series: Vec<Tail>,
    texts: Vec<Box<str>>,
    text_numbers: FxHashMap<Box<str>, u32>,
    text_bytes: usize,
    /// The first and the last frame that it took in, with rows or without.
    first: Offset,
    last: Offset,
}

#[derive(Clone, Copy)]
struct Row {
    time: i64,
    received: i64,
    offset: u64,
    /// A double's bits, a boolean, or a text's number.
    bits: u64,
    series: u32,
    /// The row before it of the same series.
    previous: u32,
    location: MaybeLocation,
    index: u16,
    revision: u16,
    kind: Kind,
    quality: Quality,
    flags: u8,
}

const _: () = assert!(size_of::<Row>() == 56);

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Missing,
    Number,
    Boolean,
    Text,
}

/// The newest row of a series.
#[derive(Clone, Copy)]
struct Tail {
    row: u32,
    rows: u32,
    max_time: i64,
    /// Whether rows came in order of time: then a reader may stop early.
    sorted: bool,
}

const EMPTY: Tail = Tail {
    row: NONE,
    rows: 0,
    max_time: i64::MIN,
    sorted: true,
};

impl Head {
    /// `limit`: rows after which it is full.
    pub(crate) fn new(limit: usize, next: Offset) -> Self {
        Self {
            rows: RwLock::new(Rows {
                rows: Vec::with_capacity(limit + FRAME_ROWS),
                limit,
                series: Vec::new(),
                texts: Vec::new(),
                text_numbers: FxHashMap::default(),
                text_bytes: 0,
                first: next,
                last: Offset::new(next.get() - 1),
            }),
        }
    }

    /// Takes frames in until there is none or it is full, but at least one;
    /// whether it is full then.
    pub(crate) fn append<'f, D: 'f>(
        &self,
        frames: &mut (impl Iterator<Item = &'f TelemetryFrame<D>> + Clone),
    ) -> Fill {
        let mut rows = self.rows.write();
        rows.fetch(frames.clone());
        for frame in frames {
            for observation in &frame.observations {
                if observation.verdict != Verdict::Duplicate {
                    rows.push(frame, observation);
                }
            }
            rows.last = frame.offset;
            if rows.is_full() {
                return Fill::Full;
            }
        }
        Fill::Room
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
        let rows = self.rows.read();
        rows.series
            .get(datastream.get() as usize)
            .map_or(0, |tail| u64::from(tail.rows))
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
        let Some(tail) = rows.series.get(datastream.get() as usize).copied() else {
            return found;
        };
        let (mut at, mut looked) = (tail.row, 0);
        while at != NONE {
            let row = rows.rows[at as usize];
            if row.time < from && tail.sorted {
                break;
            }
            if (from..to).contains(&row.time) {
                found.push(rows.stored(&row));
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

/// Whether a head takes more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fill {
    Room,
    Full,
}

impl Rows {
    fn is_full(&self) -> bool {
        let frames = self.last.get() + 1 - self.first.get();
        self.rows.len() >= self.limit || self.text_bytes >= MAX_TEXT_BYTES || frames >= MAX_FRAMES
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
        let (kind, bits) = self.value_bits(observation.value.as_ref());
        let series = observation.datastream.get();
        if series as usize >= self.series.len() {
            self.series.resize(series as usize + 1, EMPTY);
        }
        let time = observation.time.as_micros();
        let number = self.rows.len() as u32;
        let tail = &mut self.series[series as usize];
        let row = Row {
            time,
            // A log may have frames of versions that did not round.
            received: frame.received.ceil_to_millis().as_micros(),
            offset: frame.offset.get(),
            bits,
            series,
            previous: tail.row,
            location: observation.location.into(),
            index: observation.index,
            revision: match observation.verdict {
                Verdict::Revision(number) => number,
                Verdict::Late => UNRESOLVED,
                Verdict::First | Verdict::Duplicate => 0,
            },
            kind,
            quality: observation.quality,
            flags: observation.flags.bits(),
        };
        tail.sorted &= time >= tail.max_time;
        tail.max_time = tail.max_time.max(time);
        tail.row = number;
        tail.rows += 1;
        self.rows.push(row);
    }

    fn value_bits(&mut self, value: Option<&Value>) -> (Kind, u64) {
        match value {
            None => (Kind::Missing, 0),
            Some(Value::Number(number)) => (Kind::Number, number.to_bits()),
            Some(Value::Boolean(is)) => (Kind::Boolean, u64::from(*is)),
            Some(Value::Text(text)) => (Kind::Text, u64::from(self.text_number(text))),
        }
    }

    fn text_number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.text_numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.into());
        self.text_numbers.insert(text.into(), number);
        self.text_bytes += 2 * (text.len() + size_of::<Box<str>>());
        number
    }

    fn value(&self, row: &Row) -> Option<Value> {
        match row.kind {
            Kind::Missing => None,
            Kind::Number => Some(Value::Number(f64::from_bits(row.bits))),
            Kind::Boolean => Some(Value::Boolean(row.bits != 0)),
            Kind::Text => Some(Value::Text(self.texts[row.bits as usize].clone())),
        }
    }

    fn stored(&self, row: &Row) -> StoredObservation {
        StoredObservation {
            datastream: DatastreamId::new(row.series),
            time: Timestamp::from_micros(row.time),
            received: Timestamp::from_micros(row.received),
            value: self.value(row),
            quality: row.quality,
            flags: Flags::from_bits(row.flags),
            revision: row.revision,
            offset: Offset::new(row.offset),
            index: row.index,
            location: row.location.get(),
        }
    }

    fn for_file(&self, row: &Row) -> FileRow<'_> {
        FileRow {
            series: row.series,
            time: row.time,
            received: row.received,
            offset: row.offset,
            value: match row.kind {
                Kind::Missing => FileValue::Missing,
                Kind::Number => FileValue::Number(f64::from_bits(row.bits)),
                Kind::Boolean => FileValue::Boolean(row.bits != 0),
                Kind::Text => FileValue::Text(&self.texts[row.bits as usize]),
            },
            quality: row.quality,
            flags: row.flags,
            revision: row.revision,
            index: row.index,
            location: row
                .location
                .get()
                .map(|location| (location.lat_e7(), location.lon_e7())),
        }
    }

    /// All rows by (series, time, offset, index).
    ///
    /// A counting sort by series keeps the order of arrival, which is that of
    /// offset; only series whose times came out of order are sorted again.
    pub(crate) fn sorted(&self) -> SortedRows<'_> {
        let mut next: Vec<u32> = Vec::with_capacity(self.series.len());
        let mut total = 0;
        for tail in &self.series {
            next.push(total);
            total += tail.rows;
        }
        let mut order = vec![0u32; self.rows.len()];
        for (number, row) in self.rows.iter().enumerate() {
            let place = &mut next[row.series as usize];
            order[*place as usize] = number as u32;
            *place += 1;
        }
        let mut first = 0;
        for tail in &self.series {
            let end = first + tail.rows as usize;
            if !tail.sorted {
                // Stable: rows of one time stay in order of arrival.
                order[first..end].sort_by_key(|number| self.rows[*number as usize].time);
            }
            first = end;
        }
        SortedRows {
            rows: self,
            order,
            unit: Unit::of_all(self.rows.iter().map(|row| row.time)),
        }
    }

    pub(crate) fn offsets(&self) -> (Offset, Offset) {
        (self.first, self.last)
    }
}

/// The rows of a frozen head in the order of a file.
pub(crate) struct SortedRows<'a> {
    rows: &'a Rows,
    order: Vec<u32>,
    /// That fits all times.
    pub(crate) unit: Unit,
}

impl SortedRows<'_> {
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Shows the rows at `places`, in their order.
    ///
    /// They lie anywhere in memory, so they are first copied some at once: a loop
    /// that does nothing else waits for many of them together, and takes a fifth
    /// of the time.
    pub(crate) fn show(&self, places: Range<usize>, mut take: impl FnMut(&FileRow<'_>)) {
        let mut gathered = Vec::with_capacity(ROWS_GATHERED);
        for numbers in self.order[places].chunks(ROWS_GATHERED) {
            let rows = numbers
                .iter()
                .map(|number| self.rows.rows[*number as usize]);
            gathered.clear();
            gathered.extend(rows);
            for row in &gathered {
                take(&self.rows.for_file(row));
            }
        }
    }
}
