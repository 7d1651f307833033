//! The latest observation of every datastream, by phenomenon time: a dense
//! table, so that an answer costs the same however long the series is.
//!
//! Constraints: 64 bytes an entry; one writer (the applier's thread). A
//! newer revision of the same time replaces, an older time never does, and
//! whatever is applied twice changes nothing: a table that is ahead of the
//! offset from which recovery replays is as good as one that is not.
//!
//! One bit for each entry tells whether there is one, so that a look for those
//! that have a value passes 64 that have none in a step. Those whose observation
//! says where it was made are found by place too: a device that moves costs a
//! step of a tree where it comes into another cell, any other device nothing.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;

use domain::{Cell, Cells, DatastreamId, Flags, Offset, Quality, Timestamp, Value};
use frame_log::{FrameObservation, TelemetryFrame, Verdict};
use parking_lot::RwLock;

use crate::observation::{MaybeLocation, StoredObservation};

/// Entries copied under one lock when the whole table is read.
const COPY_ENTRIES: usize = 4096;

/// Shared between the applier, queries and flushes.
#[derive(Clone, Default)]
pub struct Latest {
    table: Arc<RwLock<Table>>,
}

#[derive(Default)]
struct Table {
    entries: Vec<Option<Entry>>,
    /// A bit for each entry that holds a value; entries never become empty.
    known: Vec<u64>,
    count: usize,
    /// By the place that the observation itself says.
    located: BTreeSet<(Cell, DatastreamId)>,
}

/// Datastreams that have a value, as far as a look came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KnownDatastreams {
    /// In order of number.
    pub found: Vec<DatastreamId>,
    /// Where to look on; `None` at the end.
    pub next: Option<DatastreamId>,
    /// What the look has cost: a word of 64 numbers or a number that was found.
    pub steps: usize,
}

/// A cache line, which each observation waits for.
#[derive(Clone)]
#[repr(align(64))]
struct Entry {
    time: Timestamp,
    received: Timestamp,
    value: Option<Value>,
    offset: Offset,
    location: MaybeLocation,
    revision: u16,
    index: u16,
    quality: Quality,
    flags: Flags,
}

const _: () = assert!(size_of::<Option<Entry>>() == 64);

impl Latest {
    pub fn get(&self, datastream: DatastreamId) -> Option<StoredObservation> {
        let table = self.table.read();
        let entry = table.entries.get(datastream.get() as usize)?.as_ref()?;
        Some(entry.stored(datastream))
    }

    /// Appends the entries of those of `datastreams` that have one, in their
    /// order. They are of one moment, so ask for few enough at once: the writer
    /// waits.
    pub fn get_each(
        &self,
        datastreams: impl Iterator<Item = DatastreamId>,
        found: &mut Vec<StoredObservation>,
    ) {
        let table = self.table.read();
        found.extend(datastreams.filter_map(|datastream| {
            let entry = table.entries.get(datastream.get() as usize)?.as_ref()?;
            Some(entry.stored(datastream))
        }));
    }

    /// Appends those whose observation itself says that it was made in one of
    /// `cells`, until `found` has more than `most`. In no order.
    pub fn located_in(&self, cells: &Cells, most: usize, found: &mut Vec<DatastreamId>) {
        let table = self.table.read();
        let mut from = cells.next_from(Cell::FIRST);
        while let Some(first) = from.take() {
            for (cell, datastream) in table.located.range((first, DatastreamId::new(0))..) {
                let next = cells.next_from(*cell);
                if next != Some(*cell) {
                    from = next;
                    break;
                }
                found.push(*datastream);
                if found.len() > most {
                    return;
                }
            }
        }
    }

    /// How many datastreams have a value.
    pub fn count(&self) -> usize {
        self.table.read().count
    }

    /// Those from `first` on that have a value, in at most `steps` steps.
    pub fn known(&self, first: DatastreamId, steps: usize) -> KnownDatastreams {
        let table = self.table.read();
        let mut look = KnownDatastreams::default();
        let first = first.get() as usize;
        let (mut word, mut mask) = (first / 64, u64::MAX << (first % 64));
        while look.steps < steps {
            let Some(bits) = table.known.get(word) else {
                return look;
            };
            let bits = bits & mask;
            if bits == 0 {
                (word, mask) = (word + 1, u64::MAX);
            } else {
                let bit = bits.trailing_zeros();
                look.found.push(DatastreamId::new((word * 64) as u32 + bit));
                // Two shifts, since one by 64 is none.
                mask = (u64::MAX << bit) << 1;
            }
            look.steps += 1;
        }
        let passed = mask.trailing_zeros() as usize;
        look.next = Some(DatastreamId::new((word * 64 + passed) as u32));
        look
    }

    /// Takes the observations of some frames in, in their order.
    pub fn apply<'f, D: 'f>(&self, frames: impl Iterator<Item = &'f TelemetryFrame<D>> + Clone) {
        let mut table = self.table.write();
        table.fetch(frames.clone());
        for frame in frames {
            for observation in &frame.observations {
                if observation.verdict != Verdict::Duplicate {
                    table.update(observation.datastream, |entry| {
                        offer(entry, observation, frame.received, frame.offset);
                    });
                }
            }
        }
    }

    /// Takes one row in that a file or a snapshot holds.
    pub(crate) fn restore(&self, row: &StoredObservation) {
        let mut table = self.table.write();
        table.update(row.datastream, |slot| {
            let entry = Entry::of(row);
            let newer = slot.as_ref().is_none_or(|known| {
                let later =
                    (known.time, known.offset, known.index) < (row.time, row.offset, row.index);
                if later {
                    !entry.yields_to(known.received, known.offset)
                } else {
                    known.yields_to(row.received, row.offset)
                }
            });
            if newer {
                *slot = Some(entry);
            }
        });
    }

    /// Calls `visit` with every entry, in order of datastream, without holding
    /// up the writer for long.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(StoredObservation)) {
        let mut first = 0;
        loop {
            let copied: Vec<_> = {
                let table = self.table.read();
                let end = table.entries.len().min(first + COPY_ENTRIES);
                if first >= end {
                    return;
                }
                table.entries[first..end].to_vec()
            };
            for (at, entry) in copied.iter().enumerate() {
                if let Some(entry) = entry {
                    visit(entry.stored(DatastreamId::new((first + at) as u32)));
                }
            }
            first += copied.len();
        }
    }
}

impl Table {
    /// Reads the entries that `frames` may change. They are mostly in no cache,
    /// and a loop that does nothing else waits for many of them at once.
    fn fetch<'f, D: 'f>(&self, frames: impl Iterator<Item = &'f TelemetryFrame<D>>) {
        let times = frames
            .flat_map(|frame| &frame.observations)
            .filter_map(|observation| self.entries.get(observation.datastream.get() as usize))
            .filter_map(|entry| entry.as_ref().map(|entry| entry.time.as_micros()));
        black_box(times.fold(0, i64::wrapping_add));
    }

    /// Changes the entry of a datastream that has a value now.
    #[inline]
    fn update(&mut self, datastream: DatastreamId, change: impl FnOnce(&mut Option<Entry>)) {
        let slot = self.slot(datastream);
        let before = slot.as_ref().and_then(Entry::cell);
        change(slot);
        let after = slot.as_ref().and_then(Entry::cell);
        if before != after {
            self.move_to(datastream, before, after);
        }
    }

    /// Few devices move, and seldom from one cell to another.
    #[cold]
    fn move_to(&mut self, datastream: DatastreamId, before: Option<Cell>, after: Option<Cell>) {
        if let Some(before) = before {
            self.located.remove(&(before, datastream));
        }
        if let Some(after) = after {
            self.located.insert((after, datastream));
        }
    }

    /// The entry of a datastream that has a value now.
    fn slot(&mut self, datastream: DatastreamId) -> &mut Option<Entry> {
        let at = datastream.get() as usize;
        if at >= self.entries.len() {
            self.entries.resize(at + 1, None);
            self.known.resize(at / 64 + 1, 0);
        }
        let entry = &mut self.entries[at];
        if entry.is_none() {
            self.known[at / 64] |= 1 << (at % 64);
            self.count += 1;
        }
        entry
    }
}

/// Puts `observation` in where it is the newest.
fn offer(
    slot: &mut Option<Entry>,
    observation: &FrameObservation,
    received: Timestamp,
    offset: Offset,
) {
    let superseded = slot
        .as_ref()
        .is_some_and(|known| known.time > observation.time && known.yields_to(received, offset));
    let known = slot.as_ref().filter(|_| !superseded);
    let revision = match (observation.verdict, known) {
        (_, Some(known)) if known.time > observation.time => return,
        (verdict, Some(known)) if known.time == observation.time => {
            let seen = (known.offset, known.index) >= (offset, observation.index);
            if seen || known.value == observation.value {
                return;
            }
            match verdict {
                Verdict::Revision(number) => number,
                _ => known.revision.saturating_add(1),
            }
        }
        (Verdict::Revision(number), _) => number,
        _ => 0,
    };
    *slot = Some(Entry {
        time: observation.time,
        received,
        value: observation.value.clone(),
        offset,
        location: observation.location.into(),
        revision,
        index: observation.index,
        quality: observation.quality,
        flags: observation.flags,
    });
}

impl Entry {
    /// Its time was assigned by a clock that was ahead, as a later receipt
    /// shows: it is not the latest any more.
    fn yields_to(&self, received: Timestamp, offset: Offset) -> bool {
        self.flags.contains(Flags::TIME_ASSIGNED)
            && self.offset < offset
            && self.time.as_micros() - received.as_micros() > Timestamp::MAX_AHEAD_MICROS
    }

    #[inline]
    fn cell(&self) -> Option<Cell> {
        self.location.get().map(Cell::of)
    }

    fn of(row: &StoredObservation) -> Self {
        Self {
            time: row.time,
            received: row.received,
            value: row.value.clone(),
            offset: row.offset,
            location: row.location.into(),
            revision: row.revision,
            index: row.index,
            quality: row.quality,
            flags: row.flags,
        }
    }

    fn stored(&self, datastream: DatastreamId) -> StoredObservation {
        StoredObservation {
            datastream,
            time: self.time,
            received: self.received,
            value: self.value.clone(),
            quality: self.quality,
            flags: self.flags,
            revision: self.revision,
            offset: self.offset,
            index: self.index,
            location: self.location.get(),
        }
    }
}

#[cfg(test)]
mod tests;
