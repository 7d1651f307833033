//! A datastream's observations, newest first.
//!
//! Rows stand in order of time, and what one of them means depends on those
//! before it. So a page is read as windows of time, the last one first, each of
//! them forward. A window is chosen to have about as many rows as are still
//! wanted; where it has many more after all, it is halved, so that a page reads
//! little more than it shows however the rows lie.

use domain::Timestamp;

use crate::observation::StoredObservation;
use crate::query::merge::estimate;
use crate::query::range::Reading;
use crate::query::spans::just_after;
use crate::query::{QueryError, RangePage};

/// What a window may have beside twice what is wanted.
const SLACK_ROWS: usize = 1_024;

/// The last observations of what `reading` asks for, from `from` to before `to`.
pub(crate) fn page(
    reading: &mut Reading<'_>,
    from: Timestamp,
    mut to: Timestamp,
) -> Result<RangePage, QueryError> {
    let limit = reading.query.limit;
    // One more tells whether there is another page.
    let mut wanted = limit.saturating_add(1);
    if !reading.query.sieve().passes_all() {
        wanted = wanted.max(SLACK_ROWS);
    }
    let mut observations: Vec<StoredObservation> = Vec::new();
    while from < to && observations.len() <= limit {
        let Some(last) = last(reading, from, to, wanted) else {
            break;
        };
        let (begin, window) = window(reading, last, wanted)?;
        observations.extend(window.into_iter().rev());
        to = begin;
        wanted = wanted.saturating_mul(2);
    }
    let more = observations.len() > limit;
    observations.truncate(limit);
    Ok(RangePage { observations, more })
}

/// The observations from `begin` on, or from later where those were too many,
/// to before `to`; and where they begin.
fn window(
    reading: &mut Reading<'_>,
    Window { mut begin, end }: Window,
    wanted: usize,
) -> Result<(Timestamp, Vec<StoredObservation>), QueryError> {
    let most = wanted.saturating_mul(2).saturating_add(SLACK_ROWS);
    loop {
        let page = reading.read(begin, end, most)?;
        if !page.more {
            return Ok((begin, page.observations));
        }
        // A microsecond has one observation: this ends.
        let half = begin.as_micros().abs_diff(end.as_micros()) / 2;
        begin = Timestamp::from_micros(begin.as_micros().saturating_add_unsigned(half));
        if let Some(last) = page.observations.last() {
            begin = begin.max(last.time);
        }
    }
}

/// A part of the time that is asked for.
struct Window {
    /// Inclusive.
    begin: Timestamp,
    /// Exclusive.
    end: Timestamp,
}

/// The last window from `from` to before `to` in which the datastream has about
/// `wanted` rows or fewer, as if those of each file were spread evenly; `None`
/// where it has no rows at all.
fn last(reading: &Reading<'_>, from: Timestamp, to: Timestamp, wanted: usize) -> Option<Window> {
    let (view, datastream) = (reading.view, reading.query.datastream);
    let in_heads = view
        .heads()
        .filter_map(|head| head.time_of_last(datastream, from, to, wanted));
    let mut begin = in_heads.max().unwrap_or(from);
    let newest_in_heads = view
        .heads()
        .filter_map(|head| Some(head.extent(datastream)?.max_time))
        .max();
    let mut entries: Vec<_> = view
        .files
        .iter()
        .filter(|file| {
            file.entry.min_time < to.as_micros() && file.entry.max_time >= begin.as_micros()
        })
        .filter_map(|file| file.index.get(datastream))
        .filter(|entry| entry.overlaps(begin, to))
        .collect();
    entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.max_time));
    let newest_in_files = entries.first().map(|entry| entry.max_time);
    let newest = newest_in_heads.max(newest_in_files)?;
    let end = to.min(just_after(newest));
    let mut wanted = wanted as u64;
    for entry in entries {
        let rows = estimate(entry, from, to).max(1);
        let (first, end) = (
            entry.min_time.max(from.as_micros()),
            (entry.max_time + 1).min(to.as_micros()),
        );
        if rows >= wanted {
            let part = end.abs_diff(first) as f64 * (wanted as f64 / rows as f64);
            let time = end.saturating_sub_unsigned(part as u64 + 1).max(first);
            begin = begin.max(Timestamp::from_micros(time));
            break;
        }
        wanted -= rows;
    }
    (begin < end).then_some(Window { begin, end })
}
