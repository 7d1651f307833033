//! Rows of files and heads in one order, and what they mean together.
//!
//! The rule that makes late rows sound: rows of one (datastream, time) are
//! taken in order of offset and index; one whose value equals the one kept
//! before it is a duplicate and is left out; the others are revisions 0, 1, 2
//! and so on; the newest holds. It runs over files and head alike, so nothing
//! is shown twice, whatever the verdict was on arrival.

use std::sync::Arc;

use domain::{DatastreamId, Offset, Timestamp};

use crate::file::cursor::FileRows;
use crate::file::decode::Columns;
use crate::file::index::Entry;
use crate::file::row::RowKey;
use crate::file::{DataFile, ReadError};
use crate::head::Head;
use crate::observation::StoredObservation;
use crate::query::QueryError;
use crate::query::limit::{MAX_ROWS_READ, TooMuch};
use crate::view::View;

/// What a query reads.
pub(crate) struct Wanted {
    /// Ascending, each once.
    pub(crate) datastreams: Vec<DatastreamId>,
    /// Inclusive.
    pub(crate) from: Timestamp,
    /// Exclusive.
    pub(crate) to: Timestamp,
    pub(crate) columns: Columns,
}

/// All rows that are wanted, by [`RowKey`]. A file is opened when its turn
/// comes: a page of a long range reads no more than it shows.
pub(crate) struct Scan {
    wanted: Arc<Wanted>,
    active: Vec<Active>,
    /// The one whose turn comes first stands last.
    pending: Vec<PendingFile>,
    rows_read: u64,
    /// The most rows that it reads.
    limit: u64,
}

struct Active {
    next: StoredObservation,
    key: RowKey,
    source: Source,
}

enum Source {
    File(Box<FileRows>),
    Head(HeadRows),
}

struct PendingFile {
    file: Arc<DataFile>,
    entries: Vec<Entry>,
    /// No row comes before it.
    first: (u32, i64),
}

impl Scan {
    pub(crate) fn new(view: &View, wanted: Wanted) -> Result<Self, ReadError> {
        Self::within(view, wanted, MAX_ROWS_READ, Offset::new(u64::MAX))
    }

    /// However many rows there are, and none of a later offset than `up_to`:
    /// for exports, which nobody waits for row by row.
    pub(crate) fn unlimited(view: &View, wanted: Wanted, up_to: Offset) -> Result<Self, ReadError> {
        Self::within(view, wanted, u64::MAX, up_to)
    }

    fn within(view: &View, wanted: Wanted, limit: u64, up_to: Offset) -> Result<Self, ReadError> {
        let wanted = Arc::new(wanted);
        let mut pending: Vec<_> = view
            .files
            .iter()
            .filter_map(|file| PendingFile::new(file, &wanted))
            .collect();
        pending.sort_by_key(|file| std::cmp::Reverse(file.first));
        let mut scan = Self {
            wanted: Arc::clone(&wanted),
            active: Vec::new(),
            pending,
            rows_read: 0,
            limit,
        };
        for head in view.heads() {
            let rows = HeadRows::new(Arc::clone(head), Arc::clone(&wanted), up_to);
            scan.activate(Source::Head(rows))?;
        }
        Ok(scan)
    }

    /// About how many rows it will read.
    pub(crate) fn estimate(&self) -> u64 {
        let heads: u64 = self
            .active
            .iter()
            .map(|active| match &active.source {
                Source::File(_) => 0,
                Source::Head(rows) => rows.estimate(),
            })
            .sum();
        let files = self.pending.iter().flat_map(|file| &file.entries);
        heads
            + files
                .map(|entry| estimate(entry, self.wanted.from, self.wanted.to))
                .sum::<u64>()
    }

    pub(crate) fn next(&mut self) -> Result<Option<StoredObservation>, QueryError> {
        self.open_files()?;
        let first = self
            .active
            .iter()
            .enumerate()
            .min_by_key(|(_, active)| active.key);
        let Some((at, _)) = first else {
            return Ok(None);
        };
        self.rows_read += 1;
        if self.rows_read > self.limit {
            return Err(TooMuch::rows(self.rows_read));
        }
        let active = &mut self.active[at];
        Ok(Some(match active.source.next(&self.wanted)? {
            Some(row) => {
                active.key = RowKey::of(&row);
                std::mem::replace(&mut active.next, row)
            }
            None => self.active.swap_remove(at).next,
        }))
    }

    /// Opens each file that may hold the next row.
    fn open_files(&mut self) -> Result<(), ReadError> {
        loop {
            let least = self
                .active
                .iter()
                .map(|active| (active.key.series, active.key.time))
                .min();
            let due = self
                .pending
                .pop_if(|file| least.is_none_or(|least| file.first <= least));
            let Some(due) = due else {
                return Ok(());
            };
            let Wanted {
                from, to, columns, ..
            } = *self.wanted;
            let rows = FileRows::open(&due.file, &due.entries, from, to, columns)?;
            self.activate(Source::File(Box::new(rows)))?;
        }
    }

    fn activate(&mut self, mut source: Source) -> Result<(), ReadError> {
        if let Some(next) = source.next(&self.wanted)? {
            let key = RowKey::of(&next);
            self.active.push(Active { next, key, source });
        }
        Ok(())
    }
}

impl PendingFile {
    fn new(file: &Arc<DataFile>, wanted: &Wanted) -> Option<Self> {
        let entry = &file.entry;
        if entry.min_time >= wanted.to.as_micros() || entry.max_time < wanted.from.as_micros() {
            return None;
        }
        let entries: Vec<Entry> = file
            .index
            .some(&wanted.datastreams)
            .filter(|entry| entry.overlaps(wanted.from, wanted.to))
            .copied()
            .collect();
        let first = entries.first()?;
        Some(Self {
            first: (first.series, first.min_time.max(wanted.from.as_micros())),
            file: Arc::clone(file),
            entries,
        })
    }
}

/// Rows of an entry from `from` to before `to`, as if they were spread evenly.
pub(crate) fn estimate(entry: &Entry, from: Timestamp, to: Timestamp) -> u64 {
    let from = entry.min_time.max(from.as_micros());
    let to = entry.max_time.min(to.as_micros());
    let span = entry.max_time.abs_diff(entry.min_time).max(1);
    let part = to.abs_diff(from) as f64 / span as f64;
    (f64::from(entry.rows) * part.min(1.0)) as u64
}

impl Source {
    /// The next row that lies within the wanted times.
    fn next(&mut self, wanted: &Wanted) -> Result<Option<StoredObservation>, ReadError> {
        match self {
            Self::Head(rows) => Ok(rows.next()),
            Self::File(rows) => {
                while let Some(row) = rows.next()? {
                    if (wanted.from..wanted.to).contains(&row.time) {
                        return Ok(Some(row));
                    }
                }
                Ok(None)
            }
        }
    }
}

/// The wanted rows of a head, a datastream at a time.
struct HeadRows {
    head: Arc<Head>,
    wanted: Arc<Wanted>,
    /// What came later is left out.
    up_to: Offset,
    next_datastream: usize,
    ready: std::vec::IntoIter<StoredObservation>,
}

impl HeadRows {
    fn new(head: Arc<Head>, wanted: Arc<Wanted>, up_to: Offset) -> Self {
        Self {
            head,
            wanted,
            up_to,
            next_datastream: 0,
            ready: Vec::new().into_iter(),
        }
    }

    fn estimate(&self) -> u64 {
        let datastreams = self.wanted.datastreams.iter();
        datastreams
            .map(|datastream| self.head.rows_of(*datastream))
            .sum()
    }

    fn next(&mut self) -> Option<StoredObservation> {
        loop {
            if let Some(row) = self.ready.next() {
                return Some(row);
            }
            let datastream = *self.wanted.datastreams.get(self.next_datastream)?;
            self.next_datastream += 1;
            let mut rows = self
                .head
                .collect(datastream, self.wanted.from, self.wanted.to);
            rows.retain(|row| row.offset <= self.up_to);
            self.ready = rows.into_iter();
        }
    }
}

/// Observations: one for each (datastream, time), in its newest revision.
pub(crate) struct Resolved {
    scan: Scan,
    as_of: Option<Timestamp>,
    /// The first row of the next time.
    ahead: Option<StoredObservation>,
}

impl Resolved {
    pub(crate) fn new(scan: Scan, as_of: Option<Timestamp>) -> Self {
        Self {
            scan,
            as_of,
            ahead: None,
        }
    }

    pub(crate) fn next(&mut self) -> Result<Option<StoredObservation>, QueryError> {
        loop {
            let first = match self.ahead.take() {
                Some(row) => row,
                None => match self.scan.next()? {
                    Some(row) => row,
                    None => return Ok(None),
                },
            };
            if let Some(newest) = self.newest_of(first)? {
                return Ok(Some(newest));
            }
        }
    }

    /// The newest revision of the time that `first` begins; `None` where none
    /// was known as of the time that was asked for.
    fn newest_of(
        &mut self,
        first: StoredObservation,
    ) -> Result<Option<StoredObservation>, QueryError> {
        let known = |row: &StoredObservation| self.as_of.is_none_or(|at| row.received <= at);
        let mut kept = StoredObservation {
            revision: 0,
            ..first
        };
        let mut newest = known(&kept).then(|| kept.clone());
        while let Some(mut row) = self.scan.next()? {
            if (row.datastream, row.time) != (kept.datastream, kept.time) {
                self.ahead = Some(row);
                break;
            }
            // The value is the kept one again: it says nothing new.
            if row.value == kept.value {
                continue;
            }
            row.revision = kept.revision.saturating_add(1);
            if known(&row) {
                newest = Some(row.clone());
            }
            kept = row;
        }
        Ok(newest)
    }
}
