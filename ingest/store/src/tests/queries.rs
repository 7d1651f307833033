//! What queries answer, and where they end.

use domain::{DatastreamId, Qualities, Quality, Timestamp, Value};
use frame_log::Verdict;

use super::{Opened, everything, frame, number, observation};
use crate::file::schema::PAGE_ROWS;
use crate::query::limit::MAX_AGGREGATE_VALUES;
use crate::query::range::Reading;
use crate::query::{
    AggregateFunction, AggregateQuery, Bucket, Grouping, Order, QueryError, backward,
};

fn at(time: i64) -> Timestamp {
    Timestamp::from_micros(time)
}

/// Three pages of one series between two others, in two files and the head.
fn long_series(folder: &std::path::Path) -> (Opened, Vec<f64>) {
    let mut opened = Opened::at(folder, 1_000_000);
    let rows = 3 * PAGE_ROWS;
    let value = |time: usize| ((time * 7919) % 1000) as f64 / 10.0;
    for time in 0..rows {
        let offset = time as u64 + 1;
        let observations = vec![
            number(1, time as i64, value(time)),
            number(2, time as i64 % 50 + 1_000_000 + time as i64, 1.0),
        ];
        opened.apply(&frame(offset, observations));
        if time == rows / 3 || time == rows - 100 {
            opened.store.flush().unwrap();
        }
    }
    let values = (0..rows).map(value).collect();
    (opened, values)
}

#[test]
fn pages_join_without_gap_or_double() {
    let folder = tempfile::tempdir().unwrap();
    let (opened, values) = long_series(folder.path());
    let mut query = everything(1);
    query.limit = 1_000;
    let mut read = Vec::new();
    loop {
        let page = opened.store.range(&query).unwrap();
        read.extend(
            page.observations
                .iter()
                .map(|row| row.value.clone().unwrap()),
        );
        query.after = page.observations.last().map(|row| row.time);
        if !page.more {
            break;
        }
        assert_eq!(page.observations.len(), query.limit);
    }
    let expected: Vec<_> = values.into_iter().map(Value::Number).collect();
    assert_eq!(read.len(), expected.len());
    assert_eq!(read, expected);
}

#[test]
fn pages_from_the_newest_join_too_and_read_little_more_than_they_show() {
    let folder = tempfile::tempdir().unwrap();
    let (opened, values) = long_series(folder.path());
    let mut query = everything(1);
    (query.limit, query.order) = (100, Order::Descending);
    let mut read = Vec::new();
    loop {
        let view = opened.store.shared.catalog.view();
        let mut reading = Reading::new(&view, &query);
        let to = query.after.unwrap_or(query.to);
        let page = backward::page(&mut reading, query.from, to).unwrap();
        assert_eq!(page, opened.store.range(&query).unwrap());
        assert!(reading.rows_read < 1_000, "{} rows", reading.rows_read);
        read.extend(page.observations.into_iter().filter_map(|row| row.value));
        query.after = Some(at(values.len() as i64 - read.len() as i64));
        if !page.more {
            break;
        }
    }
    let expected: Vec<_> = values.into_iter().rev().map(Value::Number).collect();
    assert_eq!(read.len(), expected.len());
    assert_eq!(read, expected);
}

/// One row long ago, and then very many within a second.
#[test]
fn rows_that_stand_close_together_are_not_all_read_for_the_last_ones() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Opened::at(folder.path(), 1_000_000);
    opened.apply(&frame(1, vec![number(1, -1_000_000_000_000, 0.0)]));
    for time in 0..30_000 {
        opened.apply(&frame(time as u64 + 2, vec![number(1, time, time as f64)]));
    }
    let mut query = everything(1);
    (query.limit, query.order) = (10, Order::Descending);
    let check = |opened: &Opened| {
        let view = opened.store.shared.catalog.view();
        let mut reading = Reading::new(&view, &query);
        let page = backward::page(&mut reading, query.from, query.to).unwrap();
        let times: Vec<_> = page.observations.iter().map(|row| row.time).collect();
        let expected: Vec<_> = (29_990..30_000).rev().map(at).collect();
        assert_eq!((times, page.more), (expected, true));
        reading.rows_read
    };
    assert!(check(&opened) < 100);
    opened.store.flush().unwrap();
    let read = check(&opened);
    assert!(read < 60_000, "{read} rows");
}

#[test]
fn aggregates_equal_a_plain_computation() {
    let folder = tempfile::tempdir().unwrap();
    let (opened, values) = long_series(folder.path());
    let (from, to, width) = (700, 20_000, 1_111);
    let mut boundaries: Vec<_> = (from..to)
        .step_by(width)
        .map(|time| at(time as i64))
        .collect();
    boundaries.push(at(to as i64));
    let query = AggregateQuery {
        datastreams: vec![DatastreamId::new(1)],
        boundaries,
        functions: vec![
            AggregateFunction::Avg,
            AggregateFunction::Min,
            AggregateFunction::Max,
            AggregateFunction::First,
            AggregateFunction::Last,
            AggregateFunction::Count,
            AggregateFunction::Percentile(50),
        ],
        per_datastream: Grouping::Each,
        qualities: Qualities::GOOD,
    };
    let buckets = opened.store.aggregate(&query).unwrap();
    let starts: Vec<_> = (from..to).step_by(width).collect();
    assert_eq!(buckets.len(), starts.len());
    for (bucket, start) in buckets.iter().zip(starts) {
        let part = &values[start..(start + width).min(to)];
        let mut sorted = part.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (half, odd) = (sorted.len() / 2, sorted.len() % 2 == 1);
        let median = if odd {
            sorted[half]
        } else {
            (sorted[half - 1] + sorted[half]) / 2.0
        };
        let expected = [
            part.iter().sum::<f64>() / part.len() as f64,
            sorted[0],
            sorted[sorted.len() - 1],
            part[0],
            part[part.len() - 1],
            part.len() as f64,
            median,
        ];
        for (value, expected) in bucket.values.iter().zip(expected) {
            assert!(
                (value.unwrap() - expected).abs() < 1e-9,
                "{bucket:?} {expected}"
            );
        }
    }
}

#[test]
fn a_count_is_right_from_indexes_and_from_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (opened, values) = long_series(folder.path());
    let series = DatastreamId::new(1);
    let count = |from, to| opened.store.count(series, from, to).unwrap();
    assert_eq!(count(Timestamp::MIN, Timestamp::MAX), values.len() as u64);
    assert_eq!(count(at(10), at(10)), 0);
    assert_eq!(count(at(10), at(12)), 2);
    assert_eq!(count(at(9_000), at(24_500)), 15_500);
}

#[test]
fn datastreams_are_taken_together_or_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Opened::at(folder.path(), 100);
    let mut bad = number(2, 30, 1_000.0);
    bad.quality = Quality::Bad;
    opened.apply(&frame(1, vec![number(1, 10, 1.0), number(2, 11, 5.0), bad]));
    opened.store.flush().unwrap();
    let missing = observation(1, 40, None, Verdict::First);
    opened.apply(&frame(2, vec![number(1, 12, 3.0), missing]));
    let mut query = AggregateQuery {
        datastreams: vec![
            DatastreamId::new(2),
            DatastreamId::new(1),
            DatastreamId::new(2),
        ],
        boundaries: vec![at(0), at(100)],
        functions: vec![
            AggregateFunction::Sum,
            AggregateFunction::First,
            AggregateFunction::Last,
        ],
        per_datastream: Grouping::Together,
        qualities: Qualities::GOOD,
    };
    let bucket = |datastream: Option<u32>, values: [f64; 3], left_out| Bucket {
        datastream: datastream.map(DatastreamId::new),
        start: at(0),
        end: at(100),
        values: values.map(Some).to_vec(),
        left_out,
        approximate: false,
    };
    let answer = opened.store.aggregate(&query).unwrap();
    assert_eq!(answer, [bucket(None, [9.0, 1.0, 3.0], 1)]);
    query.per_datastream = Grouping::Each;
    let answer = opened.store.aggregate(&query).unwrap();
    assert_eq!(
        answer,
        [
            bucket(Some(1), [4.0, 1.0, 3.0], 0),
            bucket(Some(2), [5.0, 5.0, 5.0], 1)
        ]
    );
}

/// From the head, from rows, and from cells of a rollup.
#[test]
fn an_uncertain_number_counts_only_where_it_is_asked_for() {
    const SECOND: i64 = 1_000_000;
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Opened::at(folder.path(), 10_000);
    // A speed that no car has, and an hour that has nothing else.
    let rows = (0..60).map(|at| {
        let mut row = number(1, at * 60 * SECOND, if at == 7 { 1_388.0 } else { 40.0 });
        row.quality = [Quality::Good, Quality::Uncertain][usize::from(at == 7)];
        row
    });
    let alone = (60..90).map(|at| {
        let mut row = number(1, at * 60 * SECOND, 1.0);
        row.quality = Quality::Bad;
        row
    });
    opened.apply(&frame(1, rows.chain(alone).collect()));
    let functions = [
        AggregateFunction::Count,
        AggregateFunction::Avg,
        AggregateFunction::Max,
    ];
    let mut query = AggregateQuery {
        datastreams: vec![DatastreamId::new(1)],
        boundaries: [0, 3_600, 7_200].map(|edge| at(edge * SECOND)).to_vec(),
        functions: functions.to_vec(),
        per_datastream: Grouping::Each,
        qualities: Qualities::GOOD,
    };
    for place in ["head", "file", "rollup"] {
        match place {
            "file" => opened.store.flush().unwrap(),
            "rollup" => opened.store.compact().unwrap(),
            _ => {}
        }
        let mut ask = |qualities| {
            query.qualities = qualities;
            let buckets = opened.store.aggregate(&query).unwrap();
            let told = buckets
                .into_iter()
                .map(|bucket| (bucket.values, bucket.left_out));
            told.collect::<Vec<_>>()
        };
        let none = vec![Some(0.0), None, None];
        assert_eq!(
            ask(Qualities::GOOD),
            [
                (vec![Some(59.0), Some(40.0), Some(40.0)], 1),
                (none.clone(), 30)
            ],
            "{place}"
        );
        let mean = (59.0 * 40.0 + 1_388.0) / 60.0;
        assert_eq!(
            ask(Qualities::GOOD.with(Quality::Uncertain)),
            [(vec![Some(60.0), Some(mean), Some(1_388.0)], 0), (none, 30)],
            "{place}"
        );
        assert_eq!(
            ask(Qualities::NONE.with(Quality::Bad)),
            [
                (vec![Some(0.0), None, None], 60),
                (vec![Some(30.0), Some(1.0), Some(1.0)], 0)
            ],
            "{place}"
        );
    }
}

#[test]
fn what_cannot_be_asked_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Opened::at(folder.path(), 100);
    opened.apply(&frame(1, (0..2).map(|time| number(1, time, 1.0)).collect()));
    let ask = |boundaries: Vec<Timestamp>, functions: Vec<AggregateFunction>| {
        opened.store.aggregate(&AggregateQuery {
            datastreams: vec![DatastreamId::new(1)],
            boundaries,
            functions,
            per_datastream: Grouping::Each,
            qualities: Qualities::GOOD,
        })
    };
    let refused = ask(vec![at(1)], vec![]);
    assert!(
        matches!(refused, Err(QueryError::Boundaries)),
        "{refused:?}"
    );
    let refused = ask(vec![at(1), at(1)], vec![]);
    assert!(
        matches!(refused, Err(QueryError::Boundaries)),
        "{refused:?}"
    );
    let refused = ask(vec![at(0), at(1)], vec![AggregateFunction::Percentile(101)]);
    assert!(
        matches!(refused, Err(QueryError::Percentile(101))),
        "{refused:?}"
    );
    let functions = vec![AggregateFunction::Sum; MAX_AGGREGATE_VALUES / 2 + 1];
    let refused = ask(vec![at(0), at(1), at(2)], functions);
    assert!(matches!(refused, Err(QueryError::TooManyValues { .. })));
}

/// A head that is full in the middle of them is put aside, and the next takes
/// the rest.
#[test]
fn frames_that_come_together_are_stored_once_across_full_heads() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Opened::at(folder.path(), 3);
    let frame = |offset: u64| frame(offset, vec![number(1, offset as i64, 1.0)]);
    let frames: Vec<_> = (1..=10).map(frame).collect();
    opened.latest.apply(frames.iter());
    opened.store.append(frames.iter());
    let found = opened.all(1);
    let times: Vec<_> = found.iter().map(|row| row.time.as_micros()).collect();
    assert_eq!(times, (1..=10).collect::<Vec<_>>());
    let stats = opened.stats();
    assert_eq!(stats.head_rows + stats.file_rows, 10);
    assert!(stats.files >= 2, "{stats:?}");
}
