//! The fast ways to an answer against the one that merges everything: whatever
//! was late, corrected, missing or no number, and however rows are spread over
//! heads, flushed files and runs of day files, they agree to the last bit.

mod fed;
mod plain;
pub(super) mod questions;

use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{DatastreamId, Qualities, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::file::rollup::RELATIVE_ERROR;
use crate::query::plan::Use;
use crate::query::{AggregateFunction, AggregateQuery, Grouping, QueryError, aggregate};
use fed::{Fed, Step, step};
use questions::{aggregate_query, range_query};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// Two hours before a midnight.
const BEGIN: i64 = 20_000 * 24 * HOUR - 2 * HOUR;
/// The last rows lie two hours after the midnight.
const SPAN: i64 = 4 * HOUR;

/// By datastream: between two rows. Enough for sketches and 5 minutes, for
/// hours only, for nothing.
const STEPS: [i64; 4] = [9 * SECOND, 61 * SECOND, 61 * SECOND, 900 * SECOND];

/// Answers from rollups that the cases of the test below gave.
static FROM_SKETCHES: AtomicUsize = AtomicUsize::new(0);

fn check_sketches(fed: &Fed, query: &AggregateQuery) {
    let query = AggregateQuery {
        functions: vec![
            AggregateFunction::Percentile(50),
            AggregateFunction::Count,
            AggregateFunction::Percentile(97),
            AggregateFunction::Sum,
        ],
        ..query.clone()
    };
    let view = fed.opened.as_ref().unwrap().store.shared.catalog.view();
    let told = aggregate::answer(&view, &query, Use::Sketches).unwrap();
    let exact = fed.expected(&query);
    assert_eq!(told.len(), exact.len());
    // A percentile's neighbours are told with an error of their own size: those
    // of the greatest number bound it where the sizes of two differ much.
    let neighbours = AggregateQuery {
        functions: vec![AggregateFunction::Min, AggregateFunction::Max],
        ..query
    };
    let ends = fed.expected(&neighbours);
    for ((told, exact), ends) in told.iter().zip(&exact).zip(&ends) {
        assert_eq!(
            (told.start, told.datastream),
            (exact.start, exact.datastream)
        );
        assert_eq!(told.left_out, exact.left_out);
        assert_eq!(told.values[1], exact.values[1]);
        assert_eq!(told.values[3], exact.values[3]);
        for at in [0, 2] {
            let (Some(told_value), Some(exact)) = (told.values[at], exact.values[at]) else {
                assert_eq!(told.values[at], exact.values[at]);
                continue;
            };
            let greatest = ends
                .values
                .iter()
                .flatten()
                .fold(0.0, |max: f64, end| max.max(end.abs()));
            let usual = exact.abs().max(40.0);
            let bound =
                if greatest <= 40.0 { usual } else { greatest } * RELATIVE_ERROR * 1.000_001;
            assert!((told_value - exact).abs() <= bound, "{told_value} {exact}");
            if !told.approximate {
                assert_eq!(told_value, exact);
            }
        }
        FROM_SKETCHES.fetch_add(usize::from(told.approximate), Ordering::Relaxed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn every_way_gives_the_same_answer(
        steps in vec(step(), 4..16),
        ranges in vec(range_query(), 12),
        aggregates in vec(aggregate_query(), 16),
    ) {
        let mut fed = Fed::new();
        for step in &steps {
            fed.run(step);
            fed.check_counts_and_extents();
        }
        for last in [None, Some(Step::Flush), Some(Step::Compact)] {
            last.iter().for_each(|step| fed.run(step));
            fed.check_counts_and_extents();
            for query in &ranges {
                fed.check_range(query);
            }
            for query in &aggregates {
                let told = fed.opened().store.aggregate(query).unwrap();
                let expected = fed.expected(query);
                prop_assert_eq!(told, expected, "{:?}", query);
                check_sketches(&fed, query);
            }
        }
    }
}

/// All of it as day files of one run each.
fn compacted() -> Fed {
    let mut fed = Fed::new();
    fed.run(&Step::Live(SPAN / SECOND));
    fed.run(&Step::Flush);
    fed.run(&Step::Compact);
    fed
}

fn hours(series: u32, functions: Vec<AggregateFunction>) -> AggregateQuery {
    AggregateQuery {
        datastreams: vec![DatastreamId::new(series)],
        boundaries: (0..=4)
            .map(|hour| Timestamp::from_micros(BEGIN + hour * HOUR))
            .collect(),
        functions,
        per_datastream: Grouping::Each,
        qualities: Qualities::GOOD,
    }
}

#[test]
fn sketches_are_used_where_rows_would_be_too_many_and_say_so() {
    let fed = compacted();
    let query = hours(0, vec![AggregateFunction::Percentile(50)]);
    check_sketches(&fed, &query);
    let view = fed.opened.as_ref().unwrap().store.shared.catalog.view();
    let told = aggregate::answer(&view, &query, Use::Sketches).unwrap();
    assert!(told.iter().all(|bucket| bucket.approximate), "{told:?}");
    // The one that has too few numbers for sketches.
    let query = hours(1, vec![AggregateFunction::Percentile(50)]);
    let told = aggregate::answer(&view, &query, Use::Sketches).unwrap();
    assert!(told.iter().all(|bucket| !bucket.approximate), "{told:?}");
    assert_eq!(told, fed.expected(&query));
}

#[test]
fn cells_answer_without_a_row() {
    let mut fed = compacted();
    let query = hours(0, vec![AggregateFunction::Avg, AggregateFunction::Count]);
    let five = AggregateQuery {
        boundaries: (0..=48)
            .map(|step| Timestamp::from_micros(BEGIN + step * 300 * SECOND))
            .collect(),
        ..query.clone()
    };
    let expected = [&query, &five].map(|query| fed.expected(query));
    let ranges = fed.opened().all(0).len();
    assert!(ranges > 1_000);
    // The rows are gone: whoever asks for them finds the file damaged.
    for path in super::files(fed.folder.path(), ".parquet") {
        let bytes = std::fs::metadata(&path).unwrap().len();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_len(0).unwrap();
        file.set_len(bytes).unwrap();
    }
    let told = [&query, &five].map(|query| fed.opened().store.aggregate(query).unwrap());
    assert_eq!(told, expected);
}

#[test]
fn a_request_for_too_many_values_is_refused_with_rollups_too() {
    let mut fed = compacted();
    let functions = vec![AggregateFunction::Avg; crate::query::limit::MAX_AGGREGATE_VALUES];
    let refused = fed.opened().store.aggregate(&hours(0, functions));
    assert!(matches!(refused, Err(QueryError::TooManyValues { .. })));
}
