//! The observations of one datastream between two times.

use domain::Timestamp;

use crate::file::decode::Columns;
use crate::file::index::Entry;
use crate::file::{DataFile, ReadError};
use crate::observation::StoredObservation;
use crate::query::forward::{Forward, More, Whole};
use crate::query::limit::{MAX_ROWS_READ, TooMuch};
use crate::query::merge::{Resolved, Scan, Wanted};
use crate::query::spans::{Span, SpanRows, Spans};
use crate::query::{Order, QueryError, RangePage, RangeQuery, backward};
use crate::view::View;

/// Answers `query` from `view`. Reads only as far as the page goes.
pub(crate) fn range(view: &View, query: &RangeQuery) -> Result<RangePage, QueryError> {
    let (mut from, mut to) = (query.from, query.to);
    if let Some(after) = query.after {
        match query.order {
            Order::Ascending => from = from.max(just_after(after)),
            Order::Descending => to = to.min(after),
        }
    }
    if from >= to || query.limit == 0 {
        return Ok(RangePage::default());
    }
    let mut reading = Reading::new(view, query);
    match query.order {
        Order::Ascending => reading.read(from, to, query.limit),
        Order::Descending => backward::page(&mut reading, from, to),
    }
}

/// A query that is being answered, and what that has cost.
pub(crate) struct Reading<'a> {
    pub(crate) view: &'a View,
    pub(crate) query: &'a RangeQuery,
    pub(crate) rows_read: u64,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(view: &'a View, query: &'a RangeQuery) -> Self {
        Self {
            view,
            query,
            rows_read: 0,
        }
    }

    /// The first `most` observations from `from` to before `to`, oldest first.
    pub(crate) fn read(
        &mut self,
        from: Timestamp,
        to: Timestamp,
        most: usize,
    ) -> Result<RangePage, QueryError> {
        let spans = Spans::new(self.view, from, to);
        let mut filling = Filling {
            page: RangePage::default(),
            most,
            query: self.query,
            rows_read: self.rows_read,
        };
        for span in spans.of(self.query.datastream) {
            match span.rows {
                SpanRows::File(file, entry) => {
                    filling.take_file(spans.file(file), &entry, span.from, span.to)?;
                }
                SpanRows::Head(rows) => {
                    for row in rows {
                        filling.take(StoredObservation { revision: 0, ..row });
                    }
                }
                SpanRows::Mixed => filling.take_merged(self.view, &span)?,
            }
            TooMuch::check(filling.rows_read)?;
            if filling.page.more {
                break;
            }
        }
        self.rows_read = filling.rows_read;
        Ok(filling.page)
    }
}

/// A page on its way.
struct Filling<'a> {
    page: RangePage,
    /// Observations of a full page.
    most: usize,
    query: &'a RangeQuery,
    rows_read: u64,
}

impl Filling<'_> {
    /// Takes the next observation, if it was known then; whether there is room
    /// for more.
    fn take(&mut self, observation: StoredObservation) -> More {
        self.rows_read += 1;
        let known = self.is_known(&observation);
        if known && self.page.observations.len() == self.most {
            self.page.more = true;
        } else if known {
            self.page.observations.push(observation);
        }
        if self.page.more || self.rows_read > MAX_ROWS_READ {
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
        let room = self.most - self.page.observations.len();
        let mut newest = Newest::default();
        let mut broken = None;
        rows.each(entry, from, to, room.saturating_add(1), |rows| {
            let room = self.most - self.page.observations.len();
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
