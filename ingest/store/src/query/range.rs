//! The observations of one datastream between two times.

use domain::Timestamp;

use crate::file::DataFile;
use crate::file::decode::Columns;
use crate::file::index::Entry;
use crate::observation::StoredObservation;
use crate::query::forward::{Early, Forward, More, Whole};
use crate::query::limit::TooMuch;
use crate::query::merge::{Resolved, Scan, Wanted};
use crate::query::spans::{Span, SpanRows, Spans};
use crate::query::values::ValueFilter;
use crate::query::{Order, QueryError, RangePage, RangeQuery, backward, cost};
use crate::view::View;

/// Rows that are looked through at once for some that pass: of those among which
/// one does, all is read.
const ROWS_SIFTED: usize = 512;

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
    let page = match query.order {
        Order::Ascending => reading.read(from, to, query.limit),
        Order::Descending => backward::page(&mut reading, from, to),
    };
    page.map_err(|error| match error {
        // Who has to ask for less should know of all of it.
        QueryError::TooMuch { rows, .. } => {
            TooMuch::rows(rows.max(cost::rows(view, &[query.datastream], from, to)))
        }
        error => error,
    })
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
            judged: Vec::new(),
        };
        for span in spans.of(self.query.datastream) {
            match span.rows {
                SpanRows::File(file, entry) => {
                    filling.take_file(spans.file(file), &entry, span.from, span.to)?;
                }
                SpanRows::Head(rows) => {
                    for row in rows {
                        let row = StoredObservation { revision: 0, ..row };
                        if filling.take_if_passed(row)? == More::Enough {
                            break;
                        }
                    }
                }
                SpanRows::Mixed => filling.take_merged(self.view, &span)?,
            }
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
    /// Of the rows that are shown.
    judged: Vec<Judged>,
}

impl Filling<'_> {
    /// Takes the next observation that passes; whether there is room for more.
    fn take(&mut self, observation: StoredObservation) -> More {
        if self.page.observations.len() == self.most {
            self.page.more = true;
            return More::Enough;
        }
        self.page.observations.push(observation);
        More::Yes
    }

    /// Takes a row that is the newest of its time, if it passes.
    fn take_if_passed(&mut self, row: StoredObservation) -> Result<More, QueryError> {
        self.rows_read += 1;
        TooMuch::check(self.rows_read)?;
        let was_known = self.query.as_of.is_none_or(|as_of| row.received <= as_of);
        if was_known && self.query.sieve().passes(&row) {
            return Ok(self.take(row));
        }
        Ok(More::Yes)
    }

    fn take_file(
        &mut self,
        file: &DataFile,
        entry: &Entry,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), QueryError> {
        let sieve = self.query.sieve();
        if !sieve.may_pass(entry) {
            return Ok(());
        }
        let end = (entry.first_row + entry.rows) as usize;
        let mut rows = Forward::<Whole>::open(file, end)?;
        rows.columns.early = Early {
            texts: matches!(sieve.values, ValueFilter::Boolean(_) | ValueFilter::Text(_)),
            receipts: self.query.as_of.is_some(),
        };
        let at_once = if sieve.passes_all() {
            // One more tells whether there is another page.
            let room = self.most - self.page.observations.len();
            room.saturating_add(1)
        } else {
            ROWS_SIFTED
        };
        let mut newest = Newest::default();
        rows.each(entry, from, to, at_once, |rows| {
            self.take_rows(rows, entry.series, &mut newest)
        })?;
        if let (Some(observation), false) = (newest.kept, self.page.more) {
            self.take(observation);
        }
        Ok(())
    }

    /// Takes those of the rows that are shown that pass and are the newest of
    /// their time.
    fn take_rows(
        &mut self,
        rows: &mut Forward<'_, Whole>,
        series: u32,
        newest: &mut Newest,
    ) -> Result<More, QueryError> {
        let count = rows.times().len();
        self.rows_read += count as u64;
        TooMuch::check(self.rows_read)?;
        self.judged.clear();
        if self.query.as_of.is_none() && self.query.sieve().passes_all() {
            self.judged.resize(count, Judged::Passes);
        }
        for at in self.judged.len()..count {
            let judged = self.judge(rows, at).ok_or_else(|| rows.unknown_code())?;
            self.judged.push(judged);
        }
        if self.judged.contains(&Judged::Passes) {
            rows.read_rest()?;
        }
        for at in 0..count {
            let row = match self.judged[at] {
                Judged::Unknown => NewestRow::Unknown,
                Judged::Fails => NewestRow::Fails,
                Judged::Passes => {
                    let row = rows.observation(series, at);
                    NewestRow::Passes(row.ok_or_else(|| rows.unknown_code())?)
                }
            };
            if let Some(observation) = newest.next(rows.times()[at], row)
                && self.take(observation) == More::Enough
            {
                return Ok(More::Enough);
            }
        }
        Ok(More::Yes)
    }

    /// `None` where a code is unknown.
    fn judge(&self, rows: &Forward<'_, Whole>, at: usize) -> Option<Judged> {
        if let Some(as_of) = self.query.as_of
            && rows.received(at)? > as_of
        {
            return Some(Judged::Unknown);
        }
        let passes = rows.columns.passes(at, self.query.sieve())?;
        Some(if passes {
            Judged::Passes
        } else {
            Judged::Fails
        })
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
            if self.take_if_passed(observation)? == More::Enough {
                break;
            }
        }
        Ok(())
    }
}

/// A row of a file, before it is read as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Judged {
    /// It was not known at the time that is asked for.
    Unknown,
    Fails,
    Passes,
}

/// The newest revision that was known, of rows of which none repeats another:
/// kept where it passes.
#[derive(Default)]
struct Newest {
    time: Option<i64>,
    revision: u16,
    kept: Option<StoredObservation>,
}

/// What a row does to the one before it of the same time.
enum NewestRow {
    Unknown,
    Fails,
    Passes(StoredObservation),
}

impl Newest {
    /// Takes the next row; the observation of the time before, where the row is
    /// of another.
    fn next(&mut self, time: i64, row: NewestRow) -> Option<StoredObservation> {
        let mut done = None;
        if self.time == Some(time) {
            self.revision = self.revision.saturating_add(1);
        } else {
            (self.time, self.revision) = (Some(time), 0);
            done = self.kept.take();
        }
        match row {
            NewestRow::Unknown => {}
            NewestRow::Fails => self.kept = None,
            NewestRow::Passes(row) => {
                let revision = self.revision;
                self.kept = Some(StoredObservation { revision, ..row });
            }
        }
        done
    }
}

fn just_after(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.as_micros().saturating_add(1))
}
