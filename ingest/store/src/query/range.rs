//! The observations of one datastream between two times.

use domain::Timestamp;

use crate::file::decode::Columns;
use crate::file::index::Entry;
use crate::file::{DataFile, ReadError};
use crate::observation::StoredObservation;
use crate::query::forward::{Forward, More, Whole};
use crate::query::limit::TooMuch;
use crate::query::merge::{Resolved, Scan, Wanted};
use crate::query::spans::{Span, SpanRows, Spans};
use crate::query::{QueryError, RangePage, RangeQuery};
use crate::view::View;

/// Answers `query` from `view`. Reads only as far as the page goes.
pub(crate) fn range(view: &View, query: &RangeQuery) -> Result<RangePage, QueryError> {
    let from = match query.after {
        Some(after) => query.from.max(just_after(after)),
        None => query.from,
    };
    let mut page = Filling {
        page: RangePage::default(),
        query,
        rows_read: 0,
    };
    if from >= query.to || query.limit == 0 {
        return Ok(page.page);
    }
    let spans = Spans::new(view, from, query.to);
    for span in spans.of(query.datastream) {
        match span.rows {
            SpanRows::File(file, entry) => {
                page.take_file(spans.file(file), &entry, span.from, span.to)?;
            }
            SpanRows::Head(rows) => {
                for row in rows {
                    page.take(StoredObservation { revision: 0, ..row });
                }
            }
            SpanRows::Mixed => page.take_merged(view, &span)?,
        }
        TooMuch::check(page.rows_read)?;
        if page.page.more {
            break;
        }
    }
    Ok(page.page)
}

/// A page on its way.
struct Filling<'a> {
    page: RangePage,
    query: &'a RangeQuery,
    rows_read: u64,
}

impl Filling<'_> {
    /// Takes the next observation, if it was known then; whether there is room
    /// for more.
    fn take(&mut self, observation: StoredObservation) -> More {
        self.rows_read += 1;
        let known = self.is_known(&observation);
        if known && self.page.observations.len() == self.query.limit {
            self.page.more = true;
        } else if known {
            self.page.observations.push(observation);
        }
        if self.page.more || self.rows_read > crate::query::limit::MAX_ROWS_READ {
            More::Enough
        } else {
            More::Yes
        }
    }

    fn is_known(&self, observation: &StoredObservation) -> bool {
        let as_of = self.query.as_of;
        as_of.is_none_or(|as_of| observation.received <= as_of)
    }

    fn take_file(
        &mut self,
        file: &DataFile,
        entry: &Entry,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), ReadError> {
        let end = (entry.first_row + entry.rows) as usize;
        let mut rows = Forward::<Whole>::open(file, end)?;
        // One more tells whether there is another page.
        let room = self.query.limit - self.page.observations.len();
        let mut newest = Newest::default();
        let mut broken = None;
        rows.each(entry, from, to, room.saturating_add(1), |rows| {
            let room = self.query.limit - self.page.observations.len();
            let more = rows.times().len().min(room);
            self.page.observations.reserve(more);
            for at in 0..rows.times().len() {
                let Some(row) = rows.observation(entry.series, at) else {
                    broken = Some(rows.unknown_code());
                    return More::Enough;
                };
                let is_known = self.is_known(&row);
                if let Some(observation) = newest.next(row, is_known)
                    && self.take(observation) == More::Enough
                {
                    return More::Enough;
                }
            }
            More::Yes
        })?;
        if let (Some(observation), false) = (newest.kept, self.page.more) {
            self.take(observation);
        }
        broken.map_or(Ok(()), Err)
    }

    fn take_merged(&mut self, view: &View, span: &Span) -> Result<(), QueryError> {
        let wanted = Wanted {
            datastreams: vec![self.query.datastream],
            from: span.from,
            to: span.to,
            columns: Columns::All,
        };
        let mut observations = Resolved::new(Scan::new(view, wanted)?, self.query.as_of);
        while let Some(observation) = observations.next()? {
            if self.take(observation) == More::Enough {
                break;
            }
        }
        Ok(())
    }
}

/// The newest revision that was known, of rows of which none repeats another.
#[derive(Default)]
struct Newest {
    time: Option<Timestamp>,
    revision: u16,
    kept: Option<StoredObservation>,
}

impl Newest {
    /// Takes the next row; the observation of the time before, where `row` is of
    /// another.
    fn next(&mut self, mut row: StoredObservation, is_known: bool) -> Option<StoredObservation> {
        let mut done = None;
        if self.time == Some(row.time) {
            self.revision = self.revision.saturating_add(1);
        } else {
            (self.time, self.revision) = (Some(row.time), 0);
            done = self.kept.take();
        }
        if is_known {
            row.revision = self.revision;
            self.kept = Some(row);
        }
        done
    }
}

fn just_after(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.as_micros().saturating_add(1))
}
