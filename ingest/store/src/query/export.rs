//! Reading many datastreams over a time at once, and telling later whether
//! the answer would still be the same.
//!
//! Constraints: one view to the end, and of its head only what had come when
//! the reading began, so that an answer is a state of the store and not a
//! mixture of two; bounded memory (a page of each file that overlaps the time,
//! and one datastream's rows of each head); no limit on rows, since no
//! request waits for it; a moment's lock of the head for each
//! datastream, so that ingest never waits.

use std::ops::ControlFlow;

use domain::{DatastreamId, Offset, Timestamp};
use rustc_hash::FxHashSet;

use crate::file::decode::Columns;
use crate::file::{DataFile, ReadError};
use crate::observation::StoredObservation;
use crate::query::QueryError;
use crate::query::merge::{Resolved, Scan, Wanted};
use crate::store::Store;
use crate::view::View;

/// Observations of some datastreams over a time, without a limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObservationsQuery {
    /// In any order.
    pub datastreams: Vec<DatastreamId>,
    /// Phenomenon time, inclusive.
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
}

/// What an answer was made from: enough to see that another one would differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Footprint {
    /// Everything up to it, and nothing later, is in the answer.
    pub up_to: Offset,
    /// CRC-32C of the datastreams and how many rows of them the files hold:
    /// tells what expired, what was set aside, and what was compacted.
    pub rows: u32,
}

/// The newest revisions by (datastream, phenomenon time). The first error is
/// the last item; a damaged file is set aside then, and asking again goes on
/// with the rest.
pub struct Observations {
    store: Store,
    rows: Resolved,
    footprint: Footprint,
    ended: bool,
}

impl Observations {
    pub fn footprint(&self) -> Footprint {
        self.footprint
    }
}

impl Iterator for Observations {
    type Item = Result<StoredObservation, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.rows.next();
        self.ended = !matches!(next, Ok(Some(_)));
        if let Err(QueryError::Read(ReadError::Damaged { path, number, what })) = &next {
            let damage = ReadError::Damaged {
                path: path.clone(),
                number: *number,
                what: what.clone(),
            };
            if let Err(error) = self.store.set_aside(*number, damage) {
                return Some(Err(error));
            }
        }
        next.transpose()
    }
}

impl Store {
    pub fn observations(&self, query: &ObservationsQuery) -> Result<Observations, QueryError> {
        let mut datastreams = query.datastreams.clone();
        datastreams.sort_unstable();
        datastreams.dedup();
        self.answer(|view| {
            let wanted = Wanted {
                datastreams: datastreams.clone(),
                from: query.from,
                to: query.to,
                columns: Columns::All,
            };
            let footprint = Footprint {
                up_to: view.head.last(),
                rows: rows_in_files(view, query),
            };
            let scan = Scan::unlimited(view, wanted, footprint.up_to)?;
            Ok(Observations {
                store: self.clone(),
                rows: Resolved::new(scan, None),
                footprint,
                ended: false,
            })
        })
    }

    /// Where `made_from` still tells the whole answer to `query`: the same,
    /// looked at up to now. `None` where the answer may differ.
    pub fn unchanged(&self, query: &ObservationsQuery, made_from: Footprint) -> Option<Footprint> {
        let view = self.shared.catalog.view();
        let up_to = view.head.last().max(made_from.up_to);
        let newer_file = overlapping(&view, query)
            .filter(|file| file.entry.last_offset > made_from.up_to.get())
            .any(|file| rows_in(file, query).next().is_some());
        if newer_file || rows_in_files(&view, query) != made_from.rows {
            return None;
        }
        let wanted: FxHashSet<DatastreamId> = query.datastreams.iter().copied().collect();
        for head in view.heads() {
            let found = head.visit_after(made_from.up_to, |datastream, time| {
                let hit = (query.from..query.to).contains(&time) && wanted.contains(&datastream);
                if hit {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            if found.is_break() {
                return None;
            }
        }
        Some(Footprint { up_to, ..made_from })
    }

    /// The datastreams that have, or by the files' indexes may have, an
    /// observation from `from` to before `to`.
    pub fn observed_between(&self, from: Timestamp, to: Timestamp) -> FxHashSet<DatastreamId> {
        let view = self.shared.catalog.view();
        let mut found: FxHashSet<DatastreamId> = view
            .files
            .iter()
            .filter(|file| overlaps(file, from, to))
            .flat_map(|file| file.index.entries())
            .filter(|entry| entry.overlaps(from, to))
            .map(|entry| DatastreamId::new(entry.series))
            .collect();
        for head in view.heads() {
            let _ = head.visit_after(Offset::ZERO, |datastream, time| {
                if (from..to).contains(&time) {
                    found.insert(datastream);
                }
                ControlFlow::Continue(())
            });
        }
        found
    }
}

/// Which datastreams have how many rows in the files that overlap.
fn rows_in_files(view: &View, query: &ObservationsQuery) -> u32 {
    let mut rows: Vec<(u32, u32)> = overlapping(view, query)
        .flat_map(|file| rows_in(file, query))
        .collect();
    rows.sort_unstable();
    let mut crc = 0;
    for of_series in rows.chunk_by(|one, other| one.0 == other.0) {
        let sum: u64 = of_series.iter().map(|(_, rows)| u64::from(*rows)).sum();
        crc = crc32c::crc32c_append(crc, &of_series[0].0.to_le_bytes());
        crc = crc32c::crc32c_append(crc, &sum.to_le_bytes());
    }
    crc
}

fn overlapping<'a>(
    view: &'a View,
    query: &'a ObservationsQuery,
) -> impl Iterator<Item = &'a DataFile> {
    view.files
        .iter()
        .map(AsRef::as_ref)
        .filter(|file| overlaps(file, query.from, query.to))
}

fn overlaps(file: &DataFile, from: Timestamp, to: Timestamp) -> bool {
    file.entry.min_time < to.as_micros() && file.entry.max_time >= from.as_micros()
}

/// Series and rows of what a file has of the question.
fn rows_in<'a>(
    file: &'a DataFile,
    query: &'a ObservationsQuery,
) -> impl Iterator<Item = (u32, u32)> + 'a {
    query
        .datastreams
        .iter()
        .filter_map(|datastream| file.index.get(*datastream))
        .filter(|entry| entry.overlaps(query.from, query.to))
        .map(|entry| (entry.series, entry.rows))
}
