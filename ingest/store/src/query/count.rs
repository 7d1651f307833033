//! How many observations there are, without reading them where that can be
//! told from the indexes.
//!
//! Where one file alone has rows of the datastream in a span, its index tells
//! how many, or its times do where the span is cut.
//! Only the spans in which several overlap are read and merged.

use domain::{DatastreamId, Timestamp};

use crate::file::decode::Columns;
use crate::file::index::Entry;
use crate::file::{DataFile, ReadError};
use crate::query::QueryError;
use crate::query::forward::{Forward, More, Nothing};
use crate::query::limit::TooMuch;
use crate::query::merge::{Resolved, Scan, Wanted};
use crate::query::spans::{Span, SpanRows, Spans};
use crate::view::View;

/// Newest revisions of `datastream` from `from` to before `to`.
pub(crate) fn count(
    view: &View,
    datastream: DatastreamId,
    from: Timestamp,
    to: Timestamp,
) -> Result<u64, QueryError> {
    if from >= to {
        return Ok(0);
    }
    let spans = Spans::new(view, from, to);
    if let Some(in_heads) = spans.rows_of_heads_alone(datastream) {
        return Ok(in_heads + of(view, datastream, &spans, spans.in_files(datastream))?);
    }
    of(view, datastream, &spans, spans.of(datastream))
}

/// Of files alone: no head may have rows of the datastream among theirs.
pub(crate) fn count_in_files(
    view: &View,
    datastream: DatastreamId,
    from: Timestamp,
    to: Timestamp,
) -> Result<u64, QueryError> {
    let spans = Spans::new(view, from, to);
    of(view, datastream, &spans, spans.in_files(datastream))
}

fn of(
    view: &View,
    datastream: DatastreamId,
    spans: &Spans<'_>,
    some: Vec<Span>,
) -> Result<u64, QueryError> {
    let mut count = 0;
    for span in some {
        count += match &span.rows {
            SpanRows::File(file, entry) => of_file(spans.file(*file), entry, &span)?,
            SpanRows::Head(rows) => rows.len() as u64,
            SpanRows::Mixed => merged(view, datastream, &span)?,
        };
    }
    Ok(count)
}

fn of_file(file: &DataFile, entry: &Entry, span: &Span) -> Result<u64, ReadError> {
    let told = entry.observations(file.repeats());
    match told.filter(|_| entry.within(span.from, span.to)) {
        Some(told) => Ok(told),
        None => times(file, entry, span),
    }
}

/// How many times the rows of a file have.
fn times(file: &DataFile, entry: &Entry, span: &Span) -> Result<u64, ReadError> {
    let end = (entry.first_row + entry.rows) as usize;
    let mut rows = Forward::<Nothing>::open(file, end)?;
    let (mut found, mut last) = (0, None);
    rows.each(entry, span.from, span.to, usize::MAX, |rows| {
        for time in rows.times() {
            found += u64::from(last != Some(*time));
            last = Some(*time);
        }
        Ok::<_, ReadError>(More::Yes)
    })?;
    Ok(found)
}

fn merged(view: &View, datastream: DatastreamId, span: &Span) -> Result<u64, QueryError> {
    let wanted = Wanted {
        datastreams: vec![datastream],
        from: span.from,
        to: span.to,
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
