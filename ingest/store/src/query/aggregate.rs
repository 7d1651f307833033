//! Statistics over buckets of time.
//!
//! Numbers of the qualities that are asked for count, in their newest revision.
//! Sums are exact and rounded once (`sum`), so they depend neither on how rows
//! are spread over files nor on whether rollups were read. Percentiles are
//! exact, with linear interpolation between neighbours, as pandas and DuckDB's
//! `quantile_cont` do by default; where a request would read more rows than it
//! may, those of hours that have a sketch are told from it, and the bucket says
//! so.

use domain::{DatastreamId, Quality, Timestamp, Value};
use rustc_hash::FxHashMap;

use crate::file::DataFile;
use crate::file::decode::Columns;
use crate::file::rollup::{Cells, Reader, Rollups, SKETCH_NUMBERS};
use crate::query::forward::{Forward, More, Numbers};
use crate::query::gather::{FromCell, Groups, find_bucket};
use crate::query::limit::TooMuch;
use crate::query::merge::{Resolved, Scan, Wanted};
use crate::query::plan::{CellsPiece, FileWork, Plan, RowsPiece, Use};
use crate::query::spans::Spans;
use crate::query::{AggregateFunction, AggregateQuery, Bucket, QueryError};
use crate::view::View;

/// Answers `query` from `view`: by datastream, then by time.
pub(crate) fn aggregate(view: &View, query: &AggregateQuery) -> Result<Vec<Bucket>, QueryError> {
    check(query)?;
    let exact = answer(view, query, Use::exact(query));
    match (exact, Use::approximate(query)) {
        (Err(error @ QueryError::TooMuch { .. }), Some(approximate)) => {
            match answer(view, query, approximate) {
                // What the exact answer costs is what the caller should know.
                Err(QueryError::TooMuch { .. }) => Err(error),
                answer => answer,
            }
        }
        (exact, _) => exact,
    }
}

pub(crate) fn answer(
    view: &View,
    query: &AggregateQuery,
    uses: Use,
) -> Result<Vec<Bucket>, QueryError> {
    let mut datastreams = query.datastreams.clone();
    datastreams.sort_unstable();
    datastreams.dedup();
    let (from, to) = (
        query.boundaries[0],
        query.boundaries[query.boundaries.len() - 1],
    );
    let spans = Spans::new(view, from, to);
    let mut groups = Groups::new(query);
    let plan = Plan::new(query, &datastreams, &spans, uses, &mut groups)?;
    let mut gathering = Gathering {
        query,
        uses,
        needs_sums: query
            .functions
            .iter()
            .any(|function| matches!(function, AggregateFunction::Avg | AggregateFunction::Sum)),
        groups,
        rows_read: 0,
    };
    for (number, work) in plan.files.into_iter().enumerate() {
        gathering.add_file(spans.file(number), work)?;
    }
    gathering.add_mixed(view, plan.mixed)?;
    Ok(gathering.groups.finish())
}

fn check(query: &AggregateQuery) -> Result<(), QueryError> {
    if query.boundaries.len() < 2 || !query.boundaries.is_sorted_by(|one, next| one < next) {
        return Err(QueryError::Boundaries);
    }
    for function in &query.functions {
        if let AggregateFunction::Percentile(percent) = function
            && *percent > 100
        {
            return Err(QueryError::Percentile(*percent));
        }
    }
    Ok(())
}

/// One plan on its way.
struct Gathering<'a> {
    query: &'a AggregateQuery,
    uses: Use,
    needs_sums: bool,
    groups: Groups<'a>,
    rows_read: u64,
}

impl Gathering<'_> {
    fn add_file(&mut self, file: &DataFile, work: FileWork) -> Result<(), QueryError> {
        let mut rows = work.rows;
        if !work.cells.is_empty() {
            let mut reader = file.rollups.get().and_then(Rollups::reader);
            let mut cells = Vec::new();
            for piece in work.cells {
                let found = match &mut reader {
                    Some(reader) => self.find_cells(reader, &piece, &mut cells).is_some(),
                    None => false,
                };
                if let (true, Some(reader)) = (found, &mut reader) {
                    self.add_cells(reader, &piece, &cells)?;
                } else {
                    // All of its rows instead, also those of cells that are cut.
                    rows.retain(|rows| rows.entry.series != piece.entry.series);
                    rows.push(RowsPiece::whole(piece.entry, piece.from, piece.to));
                }
            }
        }
        self.add_rows(file, rows)
    }

    /// The cells that are wanted, with their places in the block; `None` where
    /// rows have to be read.
    fn find_cells(
        &self,
        reader: &mut Reader<'_>,
        piece: &CellsPiece,
        found: &mut Vec<(usize, Timestamp)>,
    ) -> Option<()> {
        found.clear();
        let series = piece.entry.series;
        let cells = reader.cells(series, piece.width)?;
        for cell in cells.of(series)? {
            let start = i64::from(cells.bucket[cell]) * piece.width.micros();
            let (count, Some(time)) = (cells.count[cell], piece.time_in(start)) else {
                continue;
            };
            let left_out = self.left_out(cells, cell)?;
            if count == 0 && left_out == 0 {
                continue;
            }
            let has_sum = !self.needs_sums || cells.sum(cell).is_some();
            let has_sketch = self.uses != Use::Sketches || count == 0 || count >= SKETCH_NUMBERS;
            if !has_sum || !has_sketch {
                return None;
            }
            found.push((cell, time));
        }
        if self.uses == Use::Sketches {
            for (cell, _) in found.iter() {
                if reader.cells(series, piece.width)?.count[*cell] > 0 {
                    reader.sketch(*cell)?;
                }
            }
        }
        Some(())
    }

    /// Numbers of a cell that do not count; `None` where the cell lacks some
    /// that do: its statistics are of good ones.
    fn left_out(&self, cells: &Cells, cell: usize) -> Option<u64> {
        let wanted = self.query.qualities;
        let (uncertain, bad) = (cells.uncertain[cell], cells.bad[cell]);
        let lacks = (!wanted.contains(Quality::Good) && cells.count[cell] > 0)
            || (wanted.contains(Quality::Uncertain) && uncertain > 0)
            || (wanted.contains(Quality::Bad) && bad > 0);
        (!lacks).then(|| u64::from(uncertain) + u64::from(bad))
    }

    fn add_cells(
        &mut self,
        reader: &mut Reader<'_>,
        piece: &CellsPiece,
        found: &[(usize, Timestamp)],
    ) -> Result<(), QueryError> {
        let series = piece.entry.series;
        let mut bucket = 0;
        for (cell, time) in found {
            let Some(cells) = reader.cells(series, piece.width) else {
                continue;
            };
            let mut told = FromCell {
                count: cells.count[*cell],
                min: cells.min[*cell],
                max: cells.max[*cell],
                sum: cells.sum(*cell).unwrap_or_default(),
                sketch: None,
                left_out: self.left_out(cells, *cell).unwrap_or_default(),
            };
            if self.uses == Use::Sketches && told.count > 0 {
                told.sketch = reader.sketch(*cell);
            }
            bucket = find_bucket(&self.query.boundaries, bucket, *time);
            self.groups.at(series, bucket)?.add_cell(&told);
        }
        Ok(())
    }

    fn add_rows(&mut self, file: &DataFile, mut pieces: Vec<RowsPiece>) -> Result<(), QueryError> {
        pieces.retain(|piece| piece.from < piece.to);
        pieces.sort_unstable_by_key(|piece| piece.entry.first_row);
        let Some(last) = pieces.last() else {
            return Ok(());
        };
        let end = (last.entry.first_row + last.entry.rows) as usize;
        let mut forward = Forward::<Numbers>::open(file, end)?;
        for piece in &pieces {
            let series = piece.entry.series;
            // The last row of a time holds: it may come with the next ones.
            let mut last = None;
            forward.each(&piece.entry, piece.from, piece.to, usize::MAX, |rows| {
                let times = rows.times();
                self.rows_read += times.len() as u64;
                let before = last.filter(|(time, _)| times.first() != Some(time));
                let newest = (0..times.len() - 1)
                    .filter(|at| times[*at] != times[*at + 1])
                    .map(|at| (times[at], rows.columns.number(at)));
                let numbers = before
                    .into_iter()
                    .chain(newest)
                    .filter_map(|row| piece.number(row));
                TooMuch::check(self.rows_read)?;
                self.groups.add_rows(series, numbers)?;
                let at = times.len() - 1;
                last = Some((times[at], rows.columns.number(at)));
                Ok::<_, QueryError>(More::Yes)
            })?;
            let last = last.and_then(|row| piece.number(row));
            self.groups.add_rows(series, last.into_iter())?;
        }
        Ok(())
    }

    /// Merges what several have rows of, in as few scans as their times allow.
    fn add_mixed(
        &mut self,
        view: &View,
        mut mixed: Vec<(DatastreamId, Timestamp, Timestamp)>,
    ) -> Result<(), QueryError> {
        mixed.sort_unstable_by_key(|(_, from, _)| *from);
        let mut rest = &mixed[..];
        while let Some((_, from, to)) = rest.first() {
            let mut to = *to;
            let mut together = 1;
            while let Some((_, _, end)) = rest.get(together).filter(|(_, from, _)| *from < to) {
                to = to.max(*end);
                together += 1;
            }
            self.merge(view, &rest[..together], *from, to)?;
            rest = &rest[together..];
        }
        Ok(())
    }

    /// Adds the numbers of `mixed`, whose times lie from `from` to before `to`.
    fn merge(
        &mut self,
        view: &View,
        mixed: &[(DatastreamId, Timestamp, Timestamp)],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), QueryError> {
        let mut times: FxHashMap<DatastreamId, Vec<(Timestamp, Timestamp)>> = FxHashMap::default();
        for (datastream, from, to) in mixed {
            times.entry(*datastream).or_default().push((*from, *to));
        }
        let mut datastreams: Vec<_> = times.keys().copied().collect();
        datastreams.sort_unstable();
        let wanted = Wanted {
            datastreams,
            from,
            to,
            columns: Columns::Numbers,
        };
        let scan = Scan::new(view, wanted)?;
        TooMuch::check(self.rows_read + scan.estimate())?;
        let mut observations = Resolved::new(scan, None);
        while let Some(row) = observations.next()? {
            self.rows_read += 1;
            let Some(Value::Number(number)) = row.value else {
                continue;
            };
            let time = row.time;
            let own = times.get(&row.datastream);
            let is_own = |(from, to): &(Timestamp, Timestamp)| (*from..*to).contains(&time);
            if own.is_some_and(|own| own.iter().any(is_own)) {
                let number = std::iter::once((time, number, row.quality));
                self.groups.add_rows(row.datastream.get(), number)?;
            }
        }
        Ok(())
    }
}
