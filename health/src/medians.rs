//! Medians of the window, each worked out once.

use domain::{DatastreamId, Qualities};
use ingest::{AggregateFunction, AggregateQuery, Bucket, Grouping, QueryError};
use rustc_hash::FxHashMap;

use crate::facts::Why;
use crate::gather::Observer;

/// Rows that one question reads for medians: tens of milliseconds.
const MOST_ROWS: u64 = 200_000;

/// Those that are known, and how much may still be read for others.
pub(crate) struct Medians {
    known: FxHashMap<DatastreamId, Option<f64>>,
    rows_left: u64,
}

impl Default for Medians {
    fn default() -> Self {
        Self {
            known: FxHashMap::default(),
            rows_left: MOST_ROWS,
        }
    }
}

impl Medians {
    /// Another question may read as much again.
    pub(crate) fn next_question(&mut self) {
        self.rows_left = MOST_ROWS;
    }

    /// The median of `own`, and those of `around` that have one.
    pub(crate) fn of(
        &mut self,
        observer: &Observer<'_>,
        own: DatastreamId,
        around: &[DatastreamId],
    ) -> Result<Result<(f64, Vec<f64>), Why>, QueryError> {
        if around.is_empty() {
            return Ok(Err(Why::NoNeighbours));
        }
        let all = || around.iter().copied().chain([own]);
        let unknown: Vec<_> = all().filter(|id| !self.known.contains_key(id)).collect();
        if !unknown.is_empty() && !self.read(observer, unknown)? {
            return Ok(Err(Why::TooMuch));
        }
        let median = |id| self.known.get(&id).copied().flatten();
        let others = around.iter().copied().filter_map(median).collect();
        Ok(median(own).map(|own| (own, others)).ok_or(Why::NoReadings))
    }

    /// Whether it is within what may be read.
    fn read(
        &mut self,
        observer: &Observer<'_>,
        datastreams: Vec<DatastreamId>,
    ) -> Result<bool, QueryError> {
        let mut rows = 0;
        for id in &datastreams {
            rows += observer.plane.count(*id, observer.from(), observer.to())?;
        }
        let Some(left) = self.rows_left.checked_sub(rows) else {
            return Ok(false);
        };
        self.rows_left = left;
        let buckets = observer.plane.aggregate(&AggregateQuery {
            datastreams: datastreams.clone(),
            boundaries: vec![observer.from(), observer.to()],
            functions: vec![AggregateFunction::Percentile(50)],
            per_datastream: Grouping::Each,
            qualities: Qualities::GOOD,
        })?;
        self.known
            .extend(datastreams.into_iter().map(|id| (id, None)));
        let median = |bucket: Bucket| Some((bucket.datastream?, bucket.values.first().copied()?));
        self.known.extend(buckets.into_iter().filter_map(median));
        Ok(true)
    }
}
