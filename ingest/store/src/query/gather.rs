//! The numbers of buckets on their way.

use domain::{DatastreamId, Quality, Timestamp};
use rustc_hash::FxHashMap;

use crate::file::rollup::Sketch;
use crate::file::rollup::sum::ExactSum;
use crate::query::limit::MAX_AGGREGATE_VALUES;
use crate::query::{AggregateFunction, AggregateQuery, Bucket, Grouping, QueryError};

/// All buckets of a query that have a number, of all groups.
pub(crate) struct Groups<'a> {
    query: &'a AggregateQuery,
    keeps_values: bool,
    /// By group and bucket: its place.
    places: FxHashMap<Key, usize>,
    found: Vec<(Key, Gathered)>,
    last: Option<(Key, usize)>,
}

/// Group (a datastream's number, or 0) and bucket.
type Key = (u32, u32);

/// A time, its number, and how far that can be trusted.
pub(crate) type Rated = (Timestamp, f64, Quality);

/// Numbers of one datastream at a time, or of a cell.
#[derive(Default)]
pub(crate) struct Gathered {
    count: u64,
    sum: ExactSum,
    min: f64,
    max: f64,
    /// By time, then datastream.
    first: Option<(Timestamp, u32, f64)>,
    last: Option<(Timestamp, u32, f64)>,
    /// Only where a percentile is asked for.
    values: Vec<f64>,
    sketch: Option<Box<Sketch>>,
    /// Numbers that do not count.
    left_out: u64,
}

/// What a rollup tells of a bucket's part.
pub(crate) struct FromCell<'a> {
    pub(crate) count: u32,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) sum: ExactSum,
    pub(crate) sketch: Option<&'a Sketch>,
    pub(crate) left_out: u64,
}

impl<'a> Groups<'a> {
    pub(crate) fn new(query: &'a AggregateQuery) -> Self {
        Self {
            query,
            keeps_values: asks_percentile(query),
            places: FxHashMap::default(),
            found: Vec::new(),
            last: None,
        }
    }

    /// The bucket of a datastream's numbers.
    pub(crate) fn at(&mut self, series: u32, bucket: usize) -> Result<&mut Gathered, QueryError> {
        let group = match self.query.per_datastream {
            Grouping::Each => series,
            Grouping::Together => 0,
        };
        // Boundaries are far fewer than 2^32: each takes 8 bytes of memory.
        let key = (group, bucket as u32);
        let place = match self.last {
            Some((last, place)) if last == key => place,
            _ => self.place(key)?,
        };
        self.last = Some((key, place));
        Ok(&mut self.found[place].1)
    }

    fn place(&mut self, key: Key) -> Result<usize, QueryError> {
        if let Some(place) = self.places.get(&key) {
            return Ok(*place);
        }
        let place = self.found.len();
        let values = (place + 1) * self.query.functions.len();
        if values > MAX_AGGREGATE_VALUES {
            return Err(QueryError::TooManyValues {
                values,
                limit: MAX_AGGREGATE_VALUES,
            });
        }
        self.places.insert(key, place);
        self.found.push((key, Gathered::default()));
        Ok(place)
    }

    /// Adds numbers in order of time, each of one datastream.
    pub(crate) fn add_rows(
        &mut self,
        series: u32,
        rows: impl Iterator<Item = Rated>,
    ) -> Result<(), QueryError> {
        let (query, keeps_values) = (self.query, self.keeps_values);
        let mut bucket = 0;
        let mut rows = rows.peekable();
        while let Some((time, ..)) = rows.peek() {
            bucket = find_bucket(&query.boundaries, bucket, *time);
            let end = query.boundaries[bucket + 1];
            let gathered = self.at(series, bucket)?;
            while let Some((time, number, quality)) = rows.next_if(|(time, ..)| *time < end) {
                if !query.qualities.contains(quality) {
                    gathered.left_out += 1;
                    continue;
                }
                gathered.add(series, time, number);
                if keeps_values {
                    gathered.values.push(number);
                }
            }
        }
        Ok(())
    }

    /// By datastream, then by time.
    pub(crate) fn finish(mut self) -> Vec<Bucket> {
        if !self.found.is_sorted_by_key(|(key, _)| *key) {
            self.found.sort_unstable_by_key(|(key, _)| *key);
        }
        let query = self.query;
        self.found
            .into_iter()
            .map(|(key, gathered)| gathered.bucket(key, query))
            .collect()
    }
}

pub(crate) fn asks_percentile(query: &AggregateQuery) -> bool {
    let mut functions = query.functions.iter();
    functions.any(|function| matches!(function, AggregateFunction::Percentile(_)))
}

/// The bucket of `time`, which lies within the boundaries; mostly `last` or the
/// one after it.
pub(crate) fn find_bucket(boundaries: &[Timestamp], last: usize, time: Timestamp) -> usize {
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

impl Gathered {
    fn add(&mut self, series: u32, time: Timestamp, number: f64) {
        self.take(1, number, number);
        self.sum.add(number);
        if self
            .first
            .is_none_or(|(at, by, _)| (time, series) < (at, by))
        {
            self.first = Some((time, series, number));
        }
        if self
            .last
            .is_none_or(|(at, by, _)| (time, series) >= (at, by))
        {
            self.last = Some((time, series, number));
        }
    }

    pub(crate) fn add_cell(&mut self, cell: &FromCell<'_>) {
        self.left_out += cell.left_out;
        if cell.count == 0 {
            return;
        }
        self.take(u64::from(cell.count), cell.min, cell.max);
        self.sum.merge(&cell.sum);
        if let Some(sketch) = cell.sketch {
            self.sketch.get_or_insert_default().merge(sketch);
        }
    }

    fn take(&mut self, count: u64, min: f64, max: f64) {
        if self.count == 0 {
            (self.min, self.max) = (min, max);
        }
        self.count += count;
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    fn bucket(mut self, (group, bucket): Key, query: &AggregateQuery) -> Bucket {
        let values = std::mem::take(&mut self.values);
        if let Some(sketch) = &mut self.sketch {
            values.into_iter().for_each(|value| sketch.add(value));
        } else {
            self.values = values;
            self.values.sort_unstable_by(f64::total_cmp);
        }
        Bucket {
            datastream: match query.per_datastream {
                Grouping::Each => Some(DatastreamId::new(group)),
                Grouping::Together => None,
            },
            start: query.boundaries[bucket as usize],
            end: query.boundaries[bucket as usize + 1],
            values: query
                .functions
                .iter()
                .map(|function| self.value(*function))
                .collect(),
            left_out: self.left_out,
            approximate: self.sketch.is_some(),
        }
    }

    fn value(&self, function: AggregateFunction) -> Option<f64> {
        if self.count == 0 {
            return (function == AggregateFunction::Count).then_some(0.0);
        }
        match function {
            AggregateFunction::Avg => Some(self.sum.value() / self.count as f64),
            AggregateFunction::Min => Some(self.min),
            AggregateFunction::Max => Some(self.max),
            AggregateFunction::Sum => Some(self.sum.value()),
            AggregateFunction::Count => Some(self.count as f64),
            AggregateFunction::First => self.first.map(|(_, _, number)| number),
            AggregateFunction::Last => self.last.map(|(_, _, number)| number),
            AggregateFunction::Percentile(percent) => match &self.sketch {
                Some(sketch) => sketch.percentile(percent),
                None => percentile(&self.values, percent),
            },
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
