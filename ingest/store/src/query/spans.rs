//! Where the rows of a datastream stand, as spans of time that do not overlap.
//!
//! A span that one file or head alone has rows in can be read without a merge;
//! mostly all of them can, since a datastream's times ascend and compaction
//! joins what came late. Where several overlap, only the merge of `merge` knows
//! what holds.

use std::sync::Arc;

use domain::{DatastreamId, Timestamp};

use crate::file::DataFile;
use crate::file::index::Entry;
use crate::head::Head;
use crate::observation::StoredObservation;
use crate::view::View;

/// Who may have rows between two times.
pub(crate) struct Spans<'a> {
    files: Vec<&'a Arc<DataFile>>,
    heads: Vec<&'a Arc<Head>>,
    from: Timestamp,
    to: Timestamp,
}

/// A span in which a datastream has rows.
pub(crate) struct Span {
    /// Inclusive.
    pub(crate) from: Timestamp,
    /// Exclusive.
    pub(crate) to: Timestamp,
    pub(crate) rows: SpanRows,
}

/// Who has its rows.
pub(crate) enum SpanRows {
    /// One file, by its number among [`Spans::file`]: of rows of one time, the
    /// last holds, and those before it are its earlier revisions, in order.
    File(usize, Entry),
    /// One head: one row for each time.
    Head(Vec<StoredObservation>),
    /// Several, or one that may have repeats: a head or a flushed file with
    /// several rows of one time. Compaction has dropped those of day files.
    Mixed,
}

impl<'a> Spans<'a> {
    pub(crate) fn new(view: &'a View, from: Timestamp, to: Timestamp) -> Self {
        let overlaps = |file: &&Arc<DataFile>| {
            file.entry.min_time < to.as_micros() && file.entry.max_time >= from.as_micros()
        };
        Self {
            files: view.files.iter().filter(overlaps).collect(),
            heads: view.heads().collect(),
            from,
            to,
        }
    }

    pub(crate) fn file(&self, number: usize) -> &'a DataFile {
        self.files[number]
    }

    pub(crate) fn files(&self) -> usize {
        self.files.len()
    }

    /// The spans of a datastream, in order of time.
    pub(crate) fn of(&self, datastream: DatastreamId) -> Vec<Span> {
        let mut spans = self.of_files(datastream);
        for head in &self.heads {
            let extent = head.extent(datastream);
            if extent.is_some_and(|extent| extent.overlaps(self.from, self.to)) {
                let rows = head.collect(datastream, self.from, self.to);
                spans.extend(of_head(rows));
            }
        }
        spans.sort_by_key(|span| span.from);
        join(spans)
    }

    /// Those of files, as if there were no head.
    pub(crate) fn in_files(&self, datastream: DatastreamId) -> Vec<Span> {
        let mut spans = self.of_files(datastream);
        spans.sort_by_key(|span| span.from);
        join(spans)
    }

    /// How many rows of a datastream the heads have, where each of them is an
    /// observation between the two times, and is later than what is in files.
    pub(crate) fn rows_of_heads_alone(&self, datastream: DatastreamId) -> Option<u64> {
        let extents = self
            .heads
            .iter()
            .filter_map(|head| head.extent(datastream))
            .filter(|extent| extent.overlaps(self.from, self.to));
        let mut extents = extents.peekable();
        if extents.peek().is_none() {
            return Some(0);
        }
        let entries = self.files.iter();
        let entries = entries.filter_map(|file| file.index.get(datastream));
        let mut last = entries.map(|entry| entry.max_time).max();
        let mut rows = 0;
        for extent in extents {
            let follows = last.is_none_or(|last| extent.min_time > last);
            if !follows || !extent.unique_times || !extent.within(self.from, self.to) {
                return None;
            }
            last = Some(extent.max_time);
            rows += u64::from(extent.rows);
        }
        Some(rows)
    }

    fn of_files(&self, datastream: DatastreamId) -> Vec<Span> {
        let found = self.files.iter().enumerate().filter_map(|(number, file)| {
            let entry = file.index.get(datastream)?;
            entry.overlaps(self.from, self.to).then(|| Span {
                from: self.from.max(Timestamp::from_micros(entry.min_time)),
                to: self.to.min(just_after(entry.max_time)),
                rows: if entry.unique_times || file.entry.day.is_some() {
                    SpanRows::File(number, *entry)
                } else {
                    SpanRows::Mixed
                },
            })
        });
        found.collect()
    }
}

fn of_head(rows: Vec<StoredObservation>) -> Option<Span> {
    let (first, last) = (rows.first()?.time, rows.last()?.time);
    let unique = rows.is_sorted_by(|one, next| one.time < next.time);
    Some(Span {
        from: first,
        to: just_after(last.as_micros()),
        rows: if unique {
            SpanRows::Head(rows)
        } else {
            SpanRows::Mixed
        },
    })
}

/// Joins those that overlap.
fn join(spans: Vec<Span>) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.from < last.to => {
                last.to = last.to.max(span.to);
                last.rows = SpanRows::Mixed;
            }
            _ => joined.push(span),
        }
    }
    joined
}

pub(super) fn just_after(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros.saturating_add(1))
}
