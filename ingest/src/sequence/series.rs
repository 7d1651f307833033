//! What is remembered of one datastream.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::{Offset, Timestamp, Value};

use frame_log::{ValueRef, Verdict};

/// The highest number that a correction gets; further ones are `Late`, and the store
/// numbers them.
const MAX_REVISION: u16 = u16::MAX - 1;
/// The row's number is not known: an older row may lie in the files.
const UNNUMBERED: u16 = u16::MAX;

/// What two values are compared by: numbers and booleans by themselves, texts
/// by a 64-bit hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ValueMark {
    kind: u8,
    bits: u64,
}

impl ValueMark {
    pub(super) fn of(value: ValueRef<'_>) -> Self {
        let (kind, bits) = match value {
            ValueRef::Missing => (0, 0),
            // Adding zero turns -0 into 0: the two are equal.
            ValueRef::Number(number) => (1, (number + 0.0).to_bits()),
            ValueRef::Boolean(is) => (2, u64::from(is)),
            ValueRef::Text(text) => {
                let mut hasher = DefaultHasher::new();
                text.hash(&mut hasher);
                (3, hasher.finish())
            }
        };
        Self { kind, bits }
    }

    pub(super) fn of_stored(value: Option<&Value>) -> Self {
        Self::of(match value {
            None => ValueRef::Missing,
            Some(Value::Number(number)) => ValueRef::Number(*number),
            Some(Value::Boolean(is)) => ValueRef::Boolean(*is),
            Some(Value::Text(text)) => ValueRef::Text(text),
        })
    }
}

/// The newest value of one time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    time: i64,
    bits: u64,
    /// The low half of the offset: rows are remembered over far fewer frames.
    offset: u32,
    revision: u16,
    kind: u8,
}

impl Row {
    fn new(offset: Offset, time: i64, mark: ValueMark, revision: u16) -> Self {
        Self {
            time,
            bits: mark.bits,
            offset: offset.get() as u32,
            revision,
            kind: mark.kind,
        }
    }

    fn holds(&self, mark: ValueMark) -> bool {
        (self.kind, self.bits) == (mark.kind, mark.bits)
    }

    fn is_flushed(&self, up_to: Offset) -> bool {
        // Wrapping: right as long as the two are less than 2^31 frames apart.
        (self.offset.wrapping_sub(up_to.get() as u32) as i32) <= 0
    }
}

/// The rows of a datastream that the store has not flushed. A cache line, which
/// each observation waits for.
#[repr(align(64))]
pub(super) struct Series {
    /// The greatest time there has been.
    last: i64,
    /// Rows at or before it may lie in the files.
    horizon: i64,
    /// Rows that came in order of time: the usual case is a push.
    rows: Vec<Row>,
    /// Rows that came after one of a later time.
    out_of_order: BTreeMap<i64, Row>,
}

const _: () = assert!(size_of::<Series>() == 64);

impl Default for Series {
    fn default() -> Self {
        Self {
            last: i64::MIN,
            horizon: i64::MIN,
            rows: Vec::new(),
            out_of_order: BTreeMap::new(),
        }
    }
}

impl Series {
    /// The receipt's time, or just after the last one; `None` if that would be
    /// ahead of the clock by more than a time may.
    pub(super) fn assign(&self, received: Timestamp) -> Option<Timestamp> {
        let received = received.as_micros();
        let time = received.max(self.last.saturating_add(1));
        (time - received <= Timestamp::MAX_AHEAD_MICROS).then_some(Timestamp::from_micros(time))
    }

    /// The first time from `from` on that no remembered row has.
    pub(super) fn free_from(&mut self, from: i64) -> i64 {
        let mut time = from;
        while self.row(time).is_some() {
            time += 1;
        }
        time
    }

    /// The row of a time that is later than all, if it is; the caller gives it
    /// to [`Self::push`] before it asks for anything else but this.
    #[inline]
    pub(super) fn advance(
        &mut self,
        offset: Offset,
        time: Timestamp,
        mark: ValueMark,
    ) -> Option<Row> {
        let time = time.as_micros();
        if time <= self.last {
            return None;
        }
        self.last = time;
        Some(Row::new(offset, time, mark, 0))
    }

    /// Takes a row of [`Self::advance`], in their order.
    pub(super) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Reads something of where the next row will lie.
    pub(super) fn read_ahead(&self) -> i64 {
        self.rows.last().map_or(0, |row| row.time)
    }

    /// Of a time that is not later than all.
    pub(super) fn judge(&mut self, offset: Offset, time: Timestamp, mark: ValueMark) -> Verdict {
        let time = time.as_micros();
        let horizon = self.horizon;
        match self.row(time) {
            Some(row) if row.holds(mark) => Verdict::Duplicate,
            Some(row) => {
                let revision = match row.revision {
                    UNNUMBERED | MAX_REVISION => UNNUMBERED,
                    number => number + 1,
                };
                *row = Row::new(offset, time, mark, revision);
                numbered(revision)
            }
            None => {
                let revision = if time <= horizon { UNNUMBERED } else { 0 };
                self.out_of_order
                    .insert(time, Row::new(offset, time, mark, revision));
                numbered(revision)
            }
        }
    }

    /// Takes over what was judged before; whether its time is before the
    /// greatest.
    pub(super) fn recover(
        &mut self,
        offset: Offset,
        time: Timestamp,
        mark: ValueMark,
        verdict: Verdict,
    ) -> bool {
        let revision = match verdict {
            Verdict::First => 0,
            Verdict::Revision(number) => number,
            Verdict::Late => UNNUMBERED,
            Verdict::Duplicate => return false,
        };
        let row = Row::new(offset, time.as_micros(), mark, revision);
        if row.time > self.last {
            self.last = row.time;
            self.rows.push(row);
            return false;
        }
        let is_before_last = row.time < self.last;
        if let Some(known) = self.row(row.time) {
            *known = row;
        } else {
            self.out_of_order.insert(row.time, row);
        }
        is_before_last
    }

    pub(super) fn set_horizon(&mut self, time: Timestamp) {
        self.horizon = self.horizon.max(time.as_micros());
        self.last = self.last.max(self.horizon);
    }

    /// Rows up to an offset lie in the files now.
    pub(super) fn forget(&mut self, up_to: Offset) {
        let mut horizon = self.horizon;
        let mut keeps = |row: &Row| {
            let flushed = row.is_flushed(up_to);
            if flushed {
                horizon = horizon.max(row.time);
            }
            !flushed
        };
        self.rows.retain(&mut keeps);
        self.out_of_order.retain(|_, row| keeps(row));
        self.horizon = horizon;
        if self.rows.is_empty() {
            self.rows = Vec::new();
        }
    }

    fn row(&mut self, time: i64) -> Option<&mut Row> {
        match self.rows.binary_search_by_key(&time, |row| row.time) {
            Ok(at) => Some(&mut self.rows[at]),
            Err(_) => self.out_of_order.get_mut(&time),
        }
    }
}

fn numbered(revision: u16) -> Verdict {
    match revision {
        0 => Verdict::First,
        UNNUMBERED => Verdict::Late,
        number => Verdict::Revision(number),
    }
}

#[cfg(test)]
mod tests;
