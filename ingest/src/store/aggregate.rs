//! Statistics over buckets of time.
//!
//! Numbers whose quality is good or uncertain count, in their newest revision.
//! Sums are compensated (Neumaier), so that they do not depend on how rows are
//! spread over files; percentiles are exact, with linear interpolation between
//! neighbours, as pandas and DuckDB's `quantile_cont` do by default.

use std::collections::BTreeMap;

use domain::{DatastreamId, Timestamp, Value};

use super::cursor::Columns;
use super::merge::{Resolved, Scan, Wanted};
use super::view::View;
use super::{TooMuch, usable};
use crate::query::{
    AggregateFunction, AggregateQuery, Bucket, Grouping, MAX_AGGREGATE_VALUES, QueryError,
    StoredObservation,
};

/// Answers `query` from `view`: by datastream, then by time.
pub(super) fn aggregate(view: &View, query: &AggregateQuery) -> Result<Vec<Bucket>, QueryError> {
    check(query)?;
    let mut datastreams = query.datastreams.clone();
    datastreams.sort_unstable();
    datastreams.dedup();
    let wanted = Wanted {
        datastreams,
        from: query.boundaries[0],
        to: query.boundaries[query.boundaries.len() - 1],
        columns: Columns::Numbers,
    };
    let scan = Scan::new(view, wanted)?;
    TooMuch::check(scan.estimate())?;
    let keeps_values = query
        .functions
        .iter()
        .any(|function| matches!(function, AggregateFunction::Percentile(_)));
    let mut gathered: BTreeMap<(Option<DatastreamId>, usize), Gathered> = BTreeMap::new();
    let mut observations = Resolved::new(scan, None);
    let mut bucket = 0;
    while let Some(observation) = observations.next()? {
        let (Some(Value::Number(number)), true) = (&observation.value, usable(observation.quality))
        else {
            continue;
        };
        bucket = find_bucket(&query.boundaries, bucket, observation.time);
        let group = match query.per_datastream {
            Grouping::Each => Some(observation.datastream),
            Grouping::Together => None,
        };
        let values = (gathered.len() + 1) * query.functions.len();
        let place = gathered.entry((group, bucket)).or_default();
        if place.count == 0 && values > MAX_AGGREGATE_VALUES {
            return Err(QueryError::TooManyValues {
                values,
                limit: MAX_AGGREGATE_VALUES,
            });
        }
        place.add(*number, &observation, keeps_values);
    }
    let buckets = gathered.into_iter();
    Ok(buckets
        .map(|(place, gathered)| gathered.bucket(place, query))
        .collect())
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

/// The bucket of `time`, which lies within the boundaries; mostly `last` or the
/// one behind it.
fn find_bucket(boundaries: &[Timestamp], last: usize, time: Timestamp) -> usize {
    let holds = |bucket: usize| {
        bucket + 1 < boundaries.len() && boundaries[bucket] <= time && time < boundaries[bucket + 1]
    };
    if holds(last) {
        last
    } else if holds(last + 1) {
        last + 1
    } else {
        boundaries.partition_point(|boundary| *boundary <= time) - 1
    }
}

/// The numbers of one bucket.
#[derive(Default)]
struct Gathered {
    count: u64,
    sum: f64,
    /// What rounding has taken from `sum`.
    lost: f64,
    min: f64,
    max: f64,
    first: Option<(Timestamp, f64)>,
    last: Option<(Timestamp, f64)>,
    /// Only where a percentile is asked for.
    values: Vec<f64>,
}

impl Gathered {
    fn add(&mut self, number: f64, observation: &StoredObservation, keeps_values: bool) {
        let time = observation.time;
        if self.count == 0 {
            (self.min, self.max) = (number, number);
        }
        self.count += 1;
        self.min = self.min.min(number);
        self.max = self.max.max(number);
        let sum = self.sum + number;
        self.lost += if self.sum.abs() >= number.abs() {
            (self.sum - sum) + number
        } else {
            (number - sum) + self.sum
        };
        self.sum = sum;
        if self.first.is_none_or(|(first, _)| time < first) {
            self.first = Some((time, number));
        }
        if self.last.is_none_or(|(last, _)| time >= last) {
            self.last = Some((time, number));
        }
        if keeps_values {
            self.values.push(number);
        }
    }

    fn bucket(
        mut self,
        (datastream, bucket): (Option<DatastreamId>, usize),
        query: &AggregateQuery,
    ) -> Bucket {
        self.values.sort_unstable_by(f64::total_cmp);
        Bucket {
            datastream,
            start: query.boundaries[bucket],
            end: query.boundaries[bucket + 1],
            values: query
                .functions
                .iter()
                .map(|function| self.value(*function))
                .collect(),
        }
    }

    fn value(&self, function: AggregateFunction) -> Option<f64> {
        let sum = self.sum + self.lost;
        match function {
            AggregateFunction::Avg => Some(sum / self.count as f64),
            AggregateFunction::Min => Some(self.min),
            AggregateFunction::Max => Some(self.max),
            AggregateFunction::Sum => Some(sum),
            AggregateFunction::Count => Some(self.count as f64),
            AggregateFunction::First => self.first.map(|(_, number)| number),
            AggregateFunction::Last => self.last.map(|(_, number)| number),
            AggregateFunction::Percentile(percent) => percentile(&self.values, percent),
        }
    }
}

fn percentile(sorted: &[f64], percent: u8) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = last as f64 * f64::from(percent) / 100.0;
    let (below, part) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_lies_between_its_neighbours() {
        let values = [1.0, 2.0, 3.0, 10.0];
        assert_eq!(percentile(&values, 0), Some(1.0));
        assert_eq!(percentile(&values, 50), Some(2.5));
        assert_eq!(percentile(&values, 100), Some(10.0));
        assert_eq!(percentile(&[7.0], 95), Some(7.0));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_time_finds_its_bucket_from_anywhere() {
        let edges: Vec<_> = [0, 10, 20, 50]
            .into_iter()
            .map(Timestamp::from_micros)
            .collect();
        for (time, bucket) in [(0, 0), (9, 0), (10, 1), (20, 2), (49, 2)] {
            for last in 0..4 {
                assert_eq!(
                    find_bucket(&edges, last, Timestamp::from_micros(time)),
                    bucket
                );
            }
        }
    }
}
