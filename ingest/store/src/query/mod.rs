//! What can be asked of the store, and what it answers.
//!
//! Times are phenomenon times unless a name says otherwise; `from` is
//! inclusive, `to` exclusive. Answers show each (datastream, time) once, in its
//! newest revision.
//!
//! In reading order: `merge` (the rule), `spans`, `range` with `forward`,
//! `backward` and `values`, `by_place`, `aggregate` with `plan` and `gather`,
//! `count` and `counts`, `export`; `cost` and `limit` bound them.

pub(crate) mod aggregate;
pub(crate) mod backward;
pub(crate) mod by_place;
pub(crate) mod cost;
pub(crate) mod count;
pub(crate) mod counts;
pub(crate) mod export;
pub(crate) mod forward;
mod gather;
pub(crate) mod limit;
pub(crate) mod merge;
pub(crate) mod plan;
pub(crate) mod range;
mod spans;
pub(crate) mod values;

use domain::{DatastreamId, Qualities, Timestamp};

use crate::file::ReadError;
use crate::observation::StoredObservation;
use crate::query::values::{Sieve, ValueFilter};

/// The observations of one datastream between two times.
#[derive(Clone, PartialEq, Debug)]
pub struct RangeQuery {
    pub datastream: DatastreamId,
    /// Inclusive.
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    /// What was known then: only what was received at or before it counts.
    pub as_of: Option<Timestamp>,
    /// The most observations of one page.
    pub limit: usize,
    pub order: Order,
    /// The next page: only what is strictly later, or strictly earlier in
    /// descending order.
    pub after: Option<Timestamp>,
    /// Of each time, the newest revision has to pass: one before it that would
    /// pass does not stand in for it.
    pub values: ValueFilter,
    pub qualities: Qualities,
}

impl RangeQuery {
    /// All that there is between two times, oldest first.
    pub fn new(datastream: DatastreamId, from: Timestamp, to: Timestamp) -> Self {
        Self {
            datastream,
            from,
            to,
            as_of: None,
            limit: usize::MAX,
            order: Order::Ascending,
            after: None,
            values: ValueFilter::All,
            qualities: Qualities::ALL,
        }
    }

    pub(crate) fn sieve(&self) -> Sieve<'_> {
        Sieve {
            values: &self.values,
            qualities: self.qualities,
        }
    }
}

/// By phenomenon time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// Oldest first.
    #[default]
    Ascending,
    /// Newest first.
    Descending,
}

/// One page of a range, in the order that was asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RangePage {
    pub observations: Vec<StoredObservation>,
    /// Whether something lies after the last one.
    pub more: bool,
}

/// Statistics over buckets of time. Numbers of the qualities that are asked for
/// count; a bucket tells how many others it leaves out. What is no number is
/// not looked at.
#[derive(Clone, PartialEq, Debug)]
pub struct AggregateQuery {
    pub datastreams: Vec<DatastreamId>,
    /// n + 1 ascending edges of n buckets.
    pub boundaries: Vec<Timestamp>,
    pub functions: Vec<AggregateFunction>,
    pub per_datastream: Grouping,
    pub qualities: Qualities,
}

/// Whether datastreams are answered one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grouping {
    Each,
    Together,
}

/// One statistic of a bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AggregateFunction {
    Avg,
    Min,
    Max,
    Sum,
    Count,
    /// By phenomenon time.
    First,
    /// By phenomenon time.
    Last,
    /// 0 to 100, with linear interpolation between neighbours; exact unless the
    /// bucket says that it is approximate.
    Percentile(u8),
}

/// A bucket that holds at least one number, of whatever quality; empty ones are
/// left out.
#[derive(Clone, PartialEq, Debug)]
pub struct Bucket {
    /// `None` where datastreams are taken together.
    pub datastream: Option<DatastreamId>,
    /// Inclusive.
    pub start: Timestamp,
    /// Exclusive.
    pub end: Timestamp,
    /// In the order of the query's functions; of no number, only the count is
    /// known.
    pub values: Vec<Option<f64>>,
    /// Numbers that do not count, for their quality.
    pub left_out: u64,
    /// Its percentiles come from sketches, since the request would have read
    /// too many rows: each of the two neighbours that one lies between is off by
    /// at most 1 percent of itself. Everything else is exact all the same.
    pub approximate: bool,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error(
        "the request would read {rows} rows, and {limit} is the most: \
         ask for a shorter time range or fewer datastreams"
    )]
    TooMuch { rows: u64, limit: u64 },
    #[error(
        "the answer would have {values} values, and {limit} is the most: \
         ask for larger buckets, a shorter time range or fewer datastreams"
    )]
    TooManyValues { values: usize, limit: usize },
    #[error("bucket boundaries must ascend, and there must be at least two")]
    Boundaries,
    #[error("a percentile is 0 to 100, not {0}")]
    Percentile(u8),
    #[error("the store cannot be read")]
    Read(#[source] ReadError),
}

impl From<ReadError> for QueryError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}
