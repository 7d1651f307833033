//! What an aggregate reads: rows of files, cells of rollups, and what has to be
//! merged.

use domain::{DatastreamId, Quality, Timestamp, Value};

use crate::file::index::Entry;
use crate::file::rollup::Width;
use crate::query::gather::{Groups, Rated};
use crate::query::limit::TooMuch;
use crate::query::merge::estimate;
use crate::query::spans::{Span, SpanRows, Spans};
use crate::query::{AggregateFunction, AggregateQuery, QueryError};

/// Cells that cost what a row costs.
const CELLS_PER_ROW: i64 = 4;
/// Cells of one file and datastream that boundaries cut and rows replace; with
/// more of them, all rows are read.
const MAX_CUTS: usize = 2;

/// By file, and what several files and heads have together.
pub(crate) struct Plan {
    pub(crate) files: Vec<FileWork>,
    /// Datastreams and times.
    pub(crate) mixed: Vec<(DatastreamId, Timestamp, Timestamp)>,
    /// Rows that it costs, about.
    cost: u64,
}

/// What is read of one file, by datastream.
#[derive(Default)]
pub(crate) struct FileWork {
    pub(crate) rows: Vec<RowsPiece>,
    pub(crate) cells: Vec<CellsPiece>,
}

/// Rows of one datastream between two times.
#[derive(Clone)]
pub(crate) struct RowsPiece {
    pub(crate) entry: Entry,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Only those in these cells, where any is named.
    pub(crate) only: Vec<i64>,
    pub(crate) width: Width,
}

/// Cells of one datastream that lie between two times.
pub(crate) struct CellsPiece {
    pub(crate) entry: Entry,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) width: Width,
    /// Where those cells begin that a boundary cuts: rows are read for them.
    pub(crate) cut: Vec<i64>,
}

/// Which cells an answer may be made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Use {
    /// None: the functions need rows.
    Rows,
    /// Those of which least, greatest, sum and count are known.
    Cells,
    /// Hours with a sketch.
    Sketches,
}

impl Use {
    /// What gives exact answers. Cells are of good numbers, so that none helps
    /// where those do not count.
    pub(crate) fn exact(query: &AggregateQuery) -> Self {
        let is_in_cells = |function: &AggregateFunction| {
            use AggregateFunction::{Avg, Count, Max, Min, Sum};
            matches!(function, Avg | Min | Max | Sum | Count)
        };
        if query.qualities.contains(Quality::Good) && query.functions.iter().all(is_in_cells) {
            Self::Cells
        } else {
            Self::Rows
        }
    }

    /// What gives an answer with approximate percentiles, if anything does.
    pub(crate) fn approximate(query: &AggregateQuery) -> Option<Self> {
        let needs_order = |function: &AggregateFunction| {
            matches!(function, AggregateFunction::First | AggregateFunction::Last)
        };
        let asked =
            crate::query::gather::asks_percentile(query) && query.qualities.contains(Quality::Good);
        (asked && !query.functions.iter().any(needs_order)).then_some(Self::Sketches)
    }
}

impl Plan {
    /// Plans for `datastreams`; the rows that heads alone have are gathered at
    /// once, since they are in memory.
    pub(crate) fn new(
        query: &AggregateQuery,
        datastreams: &[DatastreamId],
        spans: &Spans<'_>,
        uses: Use,
        groups: &mut Groups<'_>,
    ) -> Result<Self, QueryError> {
        let cuts = Cuts::new(query);
        let mut plan = Self {
            files: (0..spans.files()).map(|_| FileWork::default()).collect(),
            mixed: Vec::new(),
            cost: 0,
        };
        for datastream in datastreams {
            for span in spans.of(*datastream) {
                let Span { from, to, rows } = span;
                match rows {
                    SpanRows::File(number, entry) => {
                        let has_rollup = spans.file(number).entry.rollup;
                        let cells = (has_rollup && uses != Use::Rows)
                            .then(|| cuts.cells(&entry, from, to, uses))
                            .flatten();
                        plan.of_file(number, entry, from, to, cells);
                    }
                    SpanRows::Head(rows) => {
                        plan.cost += rows.len() as u64;
                        let numbers = rows.iter().filter_map(|row| match row.value {
                            Some(Value::Number(number)) => Some((row.time, number, row.quality)),
                            _ => None,
                        });
                        groups.add_rows(datastream.get(), numbers)?;
                    }
                    SpanRows::Mixed => plan.mixed.push((*datastream, from, to)),
                }
            }
            TooMuch::check(plan.cost)?;
        }
        Ok(plan)
    }

    fn of_file(
        &mut self,
        number: usize,
        entry: Entry,
        from: Timestamp,
        to: Timestamp,
        cells: Option<CellsPiece>,
    ) {
        let work = &mut self.files[number];
        if let Some(piece) = cells {
            let spanned = to.as_micros() - from.as_micros();
            self.cost += (spanned / piece.width.micros() / CELLS_PER_ROW) as u64 + 1;
            if let Some(rows) = piece.cut_rows() {
                self.cost += estimate(&entry, rows.from, rows.to);
                work.rows.push(rows);
            }
            work.cells.push(piece);
        } else {
            self.cost += estimate(&entry, from, to);
            work.rows.push(RowsPiece::whole(entry, from, to));
        }
    }
}

impl RowsPiece {
    pub(crate) fn whole(entry: Entry, from: Timestamp, to: Timestamp) -> Self {
        Self {
            entry,
            from,
            to,
            only: Vec::new(),
            width: Width::Hour,
        }
    }

    /// Time and number of a row, where it has one and is wanted.
    pub(crate) fn number(&self, (time, number): (i64, Option<(f64, Quality)>)) -> Option<Rated> {
        let wanted = self.only.is_empty() || self.only.contains(&start(time, self.width));
        let (number, quality) = number.filter(|_| wanted)?;
        Some((Timestamp::from_micros(time), number, quality))
    }
}

impl CellsPiece {
    /// The rows of the cells that are cut.
    fn cut_rows(&self) -> Option<RowsPiece> {
        let (first, last) = (*self.cut.first()?, *self.cut.last()?);
        Some(RowsPiece {
            entry: self.entry,
            from: self.from.max(Timestamp::from_micros(first)),
            to: self
                .to
                .min(Timestamp::from_micros(last + self.width.micros())),
            only: self.cut.clone(),
            width: self.width,
        })
    }

    /// A time of the numbers of a cell that begins at `start`, if it is wanted.
    pub(crate) fn time_in(&self, start: i64) -> Option<Timestamp> {
        let end = start + self.width.micros();
        let wanted = end > self.from.as_micros() && start < self.to.as_micros();
        (wanted && !self.cut.contains(&start))
            .then(|| Timestamp::from_micros(start.max(self.entry.min_time)))
    }
}

/// The boundaries that are not between two cells.
struct Cuts {
    hours: Vec<i64>,
    fives: Vec<i64>,
}

impl Cuts {
    fn new(query: &AggregateQuery) -> Self {
        let cutting = |width: Width| {
            let times = query.boundaries.iter().map(|boundary| boundary.as_micros());
            times.filter(|time| start(*time, width) != *time).collect()
        };
        Self {
            hours: cutting(Width::Hour),
            fives: cutting(Width::FiveMinutes),
        }
    }

    /// The cells of a file's series, of the greatest width that hardly any
    /// boundary cuts.
    fn cells(
        &self,
        entry: &Entry,
        from: Timestamp,
        to: Timestamp,
        uses: Use,
    ) -> Option<CellsPiece> {
        let widths = match uses {
            Use::Rows => return None,
            Use::Sketches => &[(&self.hours, Width::Hour)][..],
            Use::Cells => &[
                (&self.hours, Width::Hour),
                (&self.fives, Width::FiveMinutes),
            ],
        };
        let (cut, width) = widths.iter().find_map(|(cuts, width)| {
            // Between two rows of the series: other cells are whole.
            let first = cuts.partition_point(|cut| *cut <= entry.min_time);
            let end = cuts.partition_point(|cut| *cut <= entry.max_time);
            let mut cut: Vec<i64> = cuts[first..end.min(first + 2 * MAX_CUTS + 1)]
                .iter()
                .map(|time| start(*time, *width))
                .collect();
            cut.dedup();
            let few = end - first <= 2 * MAX_CUTS && cut.len() <= MAX_CUTS;
            few.then_some((cut, *width))
        })?;
        Some(CellsPiece {
            entry: *entry,
            from,
            to,
            width,
            cut,
        })
    }
}

/// Where the cell of a time begins.
fn start(time: i64, width: Width) -> i64 {
    time - time.rem_euclid(width.micros())
}
