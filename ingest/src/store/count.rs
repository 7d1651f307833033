//! How many observations there are, without reading them where that can be
//! told from the indexes.

use std::ops::RangeInclusive;

use domain::{DatastreamId, Timestamp};

use super::TooMuch;
use super::cursor::Columns;
use super::merge::{Resolved, Scan, Wanted};
use super::view::View;
use crate::query::QueryError;

/// Newest revisions of `datastream` from `from` to before `to`.
pub(super) fn count(
    view: &View,
    datastream: DatastreamId,
    from: Timestamp,
    to: Timestamp,
) -> Result<u64, QueryError> {
    if from >= to {
        return Ok(0);
    }
    if let Some(count) = from_indexes(view, datastream, from, to) {
        return Ok(count);
    }
    let wanted = Wanted {
        datastreams: vec![datastream],
        from,
        to,
        columns: Columns::All,
    };
    let scan = Scan::new(view, wanted)?;
    TooMuch::check(scan.estimate())?;
    let mut observations = Resolved::new(scan, None);
    let mut count = 0;
    while observations.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Where all files lie wholly within the times, none has two rows of a time,
/// and neither they nor the head overlap: then a row is an observation.
fn from_indexes(
    view: &View,
    datastream: DatastreamId,
    from: Timestamp,
    to: Timestamp,
) -> Option<u64> {
    let mut count = 0;
    let mut spans: Vec<RangeInclusive<i64>> = Vec::new();
    for file in view.files.iter() {
        let Some(entry) = file.index.get(datastream) else {
            continue;
        };
        if !entry.overlaps(from, to) {
            continue;
        }
        if !entry.unique_times || !entry.within(from, to) {
            return None;
        }
        spans.push(entry.min_time..=entry.max_time);
        count += u64::from(entry.rows);
    }
    for head in view.heads() {
        let rows = head.collect(datastream, from, to);
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            continue;
        };
        if rows.windows(2).any(|pair| pair[0].time == pair[1].time) {
            return None;
        }
        spans.push(first.time.as_micros()..=last.time.as_micros());
        count += rows.len() as u64;
    }
    spans.sort_by_key(|span| *span.start());
    let apart = spans.windows(2).all(|pair| pair[0].end() < pair[1].start());
    apart.then_some(count)
}
