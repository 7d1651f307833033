//! The fast ways to an answer against the one that merges everything: whatever
//! was late, corrected, missing or no number, and however rows are spread over
//! heads, flushed files and runs of day files, they agree to the last bit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{DatastreamId, Qualities, Quality, Timestamp, Value};
use frame_log::{TelemetryFrame, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Opened, frame, observation, received};
use crate::file::cursor::Columns;
use crate::file::rollup::RELATIVE_ERROR;
use crate::file::sum::ExactSum;
use crate::observation::StoredObservation;
use crate::query::merge::{Resolved, Scan, Wanted};
use crate::query::plan::Use;
use crate::query::{
    AggregateFunction, AggregateQuery, Bucket, Grouping, QueryError, RangeQuery, aggregate,
};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// Two hours before a midnight.
const BEGIN: i64 = 20_000 * 24 * HOUR - 2 * HOUR;
/// The last rows lie two hours behind the midnight.
const SPAN: i64 = 4 * HOUR;
/// By datastream: between two rows. Enough for sketches and 5 minutes, for
/// hours only, for nothing.
const STEPS: [i64; 4] = [9 * SECOND, 61 * SECOND, 61 * SECOND, 900 * SECOND];

#[derive(Clone, Debug)]
enum Step {
    /// This many seconds of all datastreams.
    Live(i64),
    /// Rows of one datastream at random times, new ones or corrections.
    Late {
        series: u32,
        seed: u64,
        rows: u64,
    },
    Flush,
    Compact,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let late = (0..STEPS.len() as u32, any::<u64>(), 1..20u64);
    prop_oneof![
        6 => (600..4_000i64).prop_map(Step::Live),
        2 => late.prop_map(|(series, seed, rows)| Step::Late { series, seed, rows }),
        2 => Just(Step::Flush),
        2 => Just(Step::Compact),
        1 => Just(Step::Reopen),
    ]
}

fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 8
}

/// Mostly tenths; sometimes what has other places, or is no number.
fn value(series: u32, bits: u64) -> Option<Value> {
    match (bits >> 20) % 64 {
        0 => None,
        1 => Some(Value::Boolean(bits.is_multiple_of(2))),
        2 => Some(Value::Text(
            if bits.is_multiple_of(2) {
                "맑음"
            } else {
                "비"
            }
            .into(),
        )),
        3 => Some(Value::Number(1e9 / (bits % 1000 + 1) as f64)),
        // One that no two doubles can add up with the others.
        4 if series == 2 => Some(Value::Number(1e200)),
        _ => Some(Value::Number((bits % 400) as f64 / 10.0 - 5.0)),
    }
}

/// A store that is fed.
struct Fed {
    folder: tempfile::TempDir,
    opened: Option<Opened>,
    frames: Vec<TelemetryFrame>,
    /// How far the live rows are, behind [`BEGIN`].
    at: i64,
}

impl Fed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = Some(Opened::at(folder.path(), 1_500));
        Self {
            folder,
            opened,
            frames: Vec::new(),
            at: 0,
        }
    }

    fn opened(&mut self) -> &mut Opened {
        self.opened.as_mut().unwrap()
    }

    fn send(&mut self, series: u32, time: i64, bits: u64, verdict: Verdict) {
        let offset = self.frames.len() as u64 + 1;
        let mut observation = observation(series, time, value(series, bits), verdict);
        if (bits >> 40).is_multiple_of(30) && observation.value.is_some() {
            observation.quality = [Quality::Uncertain, Quality::Bad][(bits >> 50) as usize % 2];
        }
        let frame = frame(offset, vec![observation]);
        self.opened().apply(&frame);
        self.frames.push(frame);
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Live(seconds) => {
                let end = (self.at + seconds * SECOND).min(SPAN);
                for (series, step) in STEPS.iter().enumerate() {
                    let first = (self.at + step - 1) / step;
                    for row in first..(end + step - 1) / step {
                        let bits = scatter(row as u64 * 7 + series as u64);
                        let time = BEGIN + row * step;
                        self.send(series as u32, time, bits, Verdict::First);
                    }
                }
                self.at = end;
            }
            Step::Late { series, seed, rows } => {
                for row in 0..*rows {
                    let bits = scatter(seed.wrapping_add(row));
                    let step = STEPS[*series as usize];
                    let at = (bits % SPAN as u64) as i64;
                    let time = BEGIN
                        + if bits.is_multiple_of(2) {
                            at
                        } else {
                            at / step * step
                        };
                    self.send(*series, time, scatter(bits), Verdict::Late);
                }
            }
            Step::Flush => self.opened().store.flush().unwrap(),
            Step::Compact => self.opened().store.compact().unwrap(),
            Step::Reopen => {
                self.opened = None;
                let mut opened = Opened::at(self.folder.path(), 1_500);
                for frame in &self.frames {
                    opened.apply(frame);
                }
                self.opened = Some(opened);
            }
        }
    }

    /// What the merge of everything shows.
    fn merged(
        &self,
        series: &[u32],
        query: &RangeQuery,
        columns: Columns,
    ) -> Vec<StoredObservation> {
        let view = self.opened.as_ref().unwrap().store.shared.catalog.view();
        let wanted = Wanted {
            datastreams: series.iter().copied().map(DatastreamId::new).collect(),
            from: query.from,
            to: query.to,
            columns,
        };
        let mut rows = Resolved::new(Scan::new(&view, wanted).unwrap(), query.as_of);
        std::iter::from_fn(|| rows.next().unwrap()).collect()
    }

    fn check_range(&self, query: &RangeQuery) {
        let store = &self.opened.as_ref().unwrap().store;
        let series = query.datastream.get();
        let expected = self.merged(&[series], query, Columns::All);
        let page = store.range(query).unwrap();
        let shown = &expected[..expected.len().min(query.limit)];
        assert_eq!(page.observations, shown, "{query:?}");
        assert_eq!(page.more, expected.len() > query.limit, "{query:?}");
        if query.as_of.is_none() {
            let count = store.count(query.datastream, query.from, query.to).unwrap();
            assert_eq!(count, expected.len() as u64, "{query:?}");
        }
    }

    /// The buckets that a plain computation makes.
    fn expected(&self, query: &AggregateQuery) -> Vec<Bucket> {
        let mut range = super::everything(0);
        (range.from, range.to) = (query.boundaries[0], *query.boundaries.last().unwrap());
        let mut series: Vec<u32> = query.datastreams.iter().map(|id| id.get()).collect();
        series.sort_unstable();
        let mut numbers: BTreeMap<_, (Vec<(Timestamp, f64)>, u64)> = BTreeMap::new();
        for row in self.merged(&series, &range, Columns::All) {
            let Some(Value::Number(number)) = row.value else {
                continue;
            };
            let bucket = query.boundaries.partition_point(|edge| *edge <= row.time) - 1;
            let group = (query.per_datastream == Grouping::Each).then_some(row.datastream.get());
            let (numbers, left_out) = numbers.entry((group, bucket)).or_default();
            if query.qualities.contains(row.quality) {
                numbers.push((row.time, number));
            } else {
                *left_out += 1;
            }
        }
        let buckets = numbers.into_iter();
        buckets
            .map(|((group, bucket), (numbers, left_out))| Bucket {
                datastream: group.map(DatastreamId::new),
                start: query.boundaries[bucket],
                end: query.boundaries[bucket + 1],
                values: query
                    .functions
                    .iter()
                    .map(|function| plain(*function, &numbers))
                    .collect(),
                left_out,
                approximate: false,
            })
            .collect()
    }
}

/// One statistic of numbers that stand by datastream, then by time.
fn plain(function: AggregateFunction, numbers: &[(Timestamp, f64)]) -> Option<f64> {
    if numbers.is_empty() {
        return (function == AggregateFunction::Count).then_some(0.0);
    }
    let mut sum = ExactSum::default();
    numbers.iter().for_each(|(_, number)| sum.add(*number));
    let mut sorted: Vec<f64> = numbers.iter().map(|(_, number)| *number).collect();
    sorted.sort_by(f64::total_cmp);
    let value = match function {
        AggregateFunction::Avg => sum.value() / numbers.len() as f64,
        AggregateFunction::Sum => sum.value(),
        AggregateFunction::Count => numbers.len() as f64,
        AggregateFunction::Min => sorted[0],
        AggregateFunction::Max => sorted[sorted.len() - 1],
        // `min_by_key` takes the first of several, `max_by_key` the last.
        AggregateFunction::First => numbers.iter().min_by_key(|(time, _)| *time)?.1,
        AggregateFunction::Last => numbers.iter().max_by_key(|(time, _)| *time)?.1,
        AggregateFunction::Percentile(percent) => {
            let place = (sorted.len() - 1) as f64 * f64::from(percent) / 100.0;
            let (low, high) = (
                sorted[place.floor() as usize],
                sorted[place.ceil() as usize],
            );
            low + (high - low) * place.fract()
        }
    };
    Some(value)
}

fn range_query() -> impl Strategy<Value = RangeQuery> {
    let time = (-1..SPAN / SECOND + 1).prop_map(|second| BEGIN + second * SECOND);
    let ends = prop_oneof![
        1 => Just((i64::MIN, i64::MAX)),
        4 => (time.clone(), time),
    ];
    let as_of = prop::option::weighted(0.3, 0..3_000u64);
    let limit = prop_oneof![1..200usize, Just(usize::MAX)];
    (0..STEPS.len() as u32, ends, as_of, limit).prop_map(|(series, (from, to), as_of, limit)| {
        RangeQuery {
            datastream: DatastreamId::new(series),
            from: Timestamp::from_micros(from),
            to: Timestamp::from_micros(to),
            as_of: as_of.map(received),
            limit,
            after: None,
        }
    })
}

fn aggregate_query() -> impl Strategy<Value = AggregateQuery> {
    let edges = prop_oneof![
        // Whole hours, with or without a cut at both ends.
        3 => (0..3 * HOUR, 0..HOUR).prop_map(|(from, cut)| {
            let mut edges = vec![BEGIN + from];
            edges.extend((1..4).map(|hour| BEGIN + (from / HOUR + hour) * HOUR));
            edges.push(BEGIN + (from / HOUR + 4) * HOUR + cut);
            edges
        }),
        2 => Just((0..=4).map(|hour| BEGIN + hour * HOUR).collect()),
        2 => (0..40i64).prop_map(|shift| {
            (0..=50).map(|step| BEGIN + (step + shift) * 300 * SECOND).collect()
        }),
        1 => Just(vec![BEGIN - HOUR, BEGIN + SPAN + HOUR]),
        2 => vec(0..SPAN, 2..8).prop_map(|edges| {
            edges.into_iter().map(|edge| BEGIN + edge).collect()
        }),
    ];
    let functions = prop_oneof![
        2 => Just(vec![
            AggregateFunction::Avg,
            AggregateFunction::Min,
            AggregateFunction::Max,
            AggregateFunction::Sum,
            AggregateFunction::Count,
        ]),
        1 => Just(vec![AggregateFunction::Min, AggregateFunction::Count]),
        1 => Just(vec![
            AggregateFunction::Sum,
            AggregateFunction::First,
            AggregateFunction::Last,
            AggregateFunction::Percentile(95),
        ]),
    ];
    let datastreams = vec(0..STEPS.len() as u32, 1..4);
    let qualities = prop_oneof![
        4 => Just(Qualities::GOOD),
        2 => Just(Qualities::GOOD.with(Quality::Uncertain)),
        1 => Just(Qualities::GOOD.with(Quality::Bad)),
        1 => Just(Qualities::NONE.with(Quality::Uncertain)),
        1 => Just(Qualities::ALL),
    ];
    (datastreams, edges, functions, any::<bool>(), qualities).prop_map(
        |(mut datastreams, mut edges, functions, each, qualities): (_, Vec<i64>, _, _, _)| {
            datastreams.sort_unstable();
            datastreams.dedup();
            edges.sort_unstable();
            edges.dedup();
            if edges.len() < 2 {
                edges = vec![BEGIN, BEGIN + HOUR];
            }
            AggregateQuery {
                datastreams: datastreams.into_iter().map(DatastreamId::new).collect(),
                boundaries: edges.into_iter().map(Timestamp::from_micros).collect(),
                functions,
                per_datastream: if each {
                    Grouping::Each
                } else {
                    Grouping::Together
                },
                qualities,
            }
        },
    )
}

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
        }
        for last in [None, Some(Step::Flush), Some(Step::Compact)] {
            last.iter().for_each(|step| fed.run(step));
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
