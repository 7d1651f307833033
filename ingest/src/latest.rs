//! The latest observation of every datastream, by phenomenon time: a dense
//! table, so that an answer costs the same however long the series is.
//!
//! Constraints: about 72 bytes an entry; one writer (the applier's thread). A
//! newer revision of the same time replaces, an older time never does, and
//! whatever is applied twice changes nothing: a table that is ahead of the
//! offset from which recovery replays is as good as one that is not.

use std::sync::Arc;

use domain::{DatastreamId, Flags, Location, Offset, Quality, Timestamp, Value};
use parking_lot::RwLock;

use crate::log::{Frame, FrameObservation, Verdict};
use crate::query::StoredObservation;
use crate::store::same_value;

/// Entries copied under one lock when the whole table is read.
const COPY_ENTRIES: usize = 4096;

/// Shared between the applier, queries and flushes.
#[derive(Clone, Default)]
pub(crate) struct Latest {
    table: Arc<RwLock<Vec<Option<Entry>>>>,
}

#[derive(Clone)]
struct Entry {
    time: Timestamp,
    received: Timestamp,
    value: Option<Value>,
    offset: Offset,
    location: Option<Location>,
    revision: u16,
    index: u16,
    quality: Quality,
    flags: Flags,
}

impl Latest {
    pub(crate) fn get(&self, datastream: DatastreamId) -> Option<StoredObservation> {
        let table = self.table.read();
        let entry = table.get(datastream.get() as usize)?.as_ref()?;
        Some(entry.stored(datastream))
    }

    /// Takes the observations of one frame in.
    pub(crate) fn apply(&self, frame: &Frame) {
        if frame.observations.is_empty() {
            return;
        }
        let mut table = self.table.write();
        for observation in &frame.observations {
            if observation.verdict != Verdict::Duplicate {
                let at = slot(&mut table, observation.datastream);
                offer(&mut table[at], observation, frame.received, frame.offset);
            }
        }
    }

    /// Takes one row in that a file or a snapshot holds.
    pub(crate) fn restore(&self, row: &StoredObservation) {
        let mut table = self.table.write();
        let at = slot(&mut table, row.datastream);
        let newer = table[at].as_ref().is_none_or(|known| {
            (known.time, known.offset, known.index) < (row.time, row.offset, row.index)
        });
        if newer {
            table[at] = Some(Entry::of(row));
        }
    }

    /// Calls `visit` with every entry, in order of datastream, without holding
    /// up the writer for long.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(StoredObservation)) {
        let mut first = 0;
        loop {
            let copied: Vec<_> = {
                let table = self.table.read();
                let end = table.len().min(first + COPY_ENTRIES);
                if first >= end {
                    return;
                }
                table[first..end].to_vec()
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

fn slot(table: &mut Vec<Option<Entry>>, datastream: DatastreamId) -> usize {
    let at = datastream.get() as usize;
    if at >= table.len() {
        table.resize(at + 1, None);
    }
    at
}

/// Puts `observation` in where it is the newest.
fn offer(
    slot: &mut Option<Entry>,
    observation: &FrameObservation,
    received: Timestamp,
    offset: Offset,
) {
    let revision = match (observation.verdict, slot.as_ref()) {
        (_, Some(known)) if known.time > observation.time => return,
        (verdict, Some(known)) if known.time == observation.time => {
            let seen = (known.offset, known.index) >= (offset, observation.index);
            if seen || same_value(known.value.as_ref(), observation.value.as_ref()) {
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
        location: observation.location,
        revision,
        index: observation.index,
        quality: observation.quality,
        flags: observation.flags,
    });
}

impl Entry {
    fn of(row: &StoredObservation) -> Self {
        Self {
            time: row.time,
            received: row.received,
            value: row.value.clone(),
            offset: row.offset,
            location: row.location,
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
            location: self.location,
        }
    }
}
