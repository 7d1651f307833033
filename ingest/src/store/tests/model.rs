//! The store against a model: whatever is applied, flushed, reopened, late or
//! corrected, it answers what a map of times to values answers.

use std::collections::BTreeMap;

use domain::{DatastreamId, Location, Quality, Timestamp, Value};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Opened, frame, observation, received};
use crate::log::{Frame, Verdict};
use crate::query::{AggregateFunction, AggregateQuery, Grouping, RangeQuery, StoredObservation};

/// Small, so that most cases flush several times by themselves.
const FLUSH_ROWS: usize = 12;
const SERIES: u32 = 3;
const TIMES: i64 = 24;

#[derive(Clone, Debug)]
enum Step {
    Submit(Vec<Sent>),
    Flush,
    /// A crash: what is not flushed comes again from the log.
    Reopen,
}

#[derive(Clone, Debug)]
struct Sent {
    series: u32,
    time: i64,
    value: u8,
    /// The sequencer no longer knew.
    forgotten: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let sent = (0..SERIES, 0..TIMES, 0..6u8, prop::bool::weighted(0.3)).prop_map(
        |(series, time, value, forgotten)| Sent {
            series,
            time,
            value,
            forgotten,
        },
    );
    prop_oneof![
        12 => vec(sent, 0..4).prop_map(Step::Submit),
        1 => Just(Step::Flush),
        1 => Just(Step::Reopen),
    ]
}

fn value(code: u8) -> Option<Value> {
    match code {
        0 => None,
        1 => Some(Value::Boolean(true)),
        2 => Some(Value::Text("맑음".into())),
        number => Some(Value::Number(f64::from(number) + 0.25)),
    }
}

/// When a value was received.
type Received = (Timestamp, Option<Value>);

/// Every revision of every time, as it was received.
#[derive(Default)]
struct Model {
    kept: BTreeMap<(u32, i64), Vec<Received>>,
    frames: Vec<Frame>,
}

impl Model {
    /// Judges as a sequencer does that may have forgotten, and tells the frame.
    fn submit(&mut self, sent: &[Sent]) -> Frame {
        let offset = self.frames.len() as u64 + 1;
        let mut observations = Vec::new();
        for (index, sent) in sent.iter().enumerate() {
            let revisions = self.kept.entry((sent.series, sent.time)).or_default();
            let value = value(sent.value);
            let is_known = revisions.last().is_some_and(|(_, last)| *last == value);
            let verdict = match revisions.len() {
                _ if sent.forgotten => Verdict::Late,
                _ if is_known => Verdict::Duplicate,
                0 => Verdict::First,
                number => Verdict::Revision(number as u16),
            };
            if !is_known {
                revisions.push((received(offset), value.clone()));
            }
            let mut observation = observation(sent.series, sent.time, value, verdict);
            observation.index = index as u16;
            if sent.value == 5 {
                observation.location = Some(Location::from_e7(375_000_000, -5));
                observation.quality = Quality::Uncertain;
            }
            observations.push(observation);
        }
        let frame = frame(offset, observations);
        self.frames.push(frame.clone());
        frame
    }

    fn range(&self, query: &RangeQuery) -> Vec<Shown> {
        let series = query.datastream.get();
        let after = query.after.map_or(i64::MIN, Timestamp::as_micros);
        self.kept
            .range((series, i64::MIN)..=(series, i64::MAX))
            .map(|((_, time), revisions)| (*time, revisions))
            .filter(|(time, _)| (query.from.as_micros()..query.to.as_micros()).contains(time))
            .filter(|(time, _)| *time > after)
            .filter_map(|(time, revisions)| {
                let (number, (_, value)) = revisions
                    .iter()
                    .enumerate()
                    .rfind(|(_, (at, _))| query.as_of.is_none_or(|as_of| *at <= as_of))?;
                Some((time, value.clone(), number as u16))
            })
            .collect()
    }
}

/// Time, value and revision of an observation.
type Shown = (i64, Option<Value>, u16);

fn shown(observations: &[StoredObservation]) -> Vec<Shown> {
    observations
        .iter()
        .map(|row| (row.time.as_micros(), row.value.clone(), row.revision))
        .collect()
}

fn check(opened: &Opened, model: &Model, queries: &[RangeQuery]) {
    for query in queries {
        let expected = model.range(query);
        let page = opened.store.range(query).unwrap();
        let shown = shown(&page.observations);
        assert_eq!(
            shown,
            expected[..expected.len().min(query.limit)],
            "{query:?}"
        );
        assert_eq!(page.more, expected.len() > query.limit, "{query:?}");
        if query.as_of.is_none() && query.after.is_none() {
            let count = opened
                .store
                .count(query.datastream, query.from, query.to)
                .unwrap();
            assert_eq!(count, expected.len() as u64, "{query:?}");
        }
    }
    for series in 0..SERIES {
        let all = model.range(&super::everything(series));
        let latest = opened.latest.get(DatastreamId::new(series));
        assert_eq!(
            shown(latest.as_slice()).last(),
            all.last(),
            "latest of {series}"
        );
        let placed = opened
            .all(series)
            .into_iter()
            .filter(|row| row.location.is_some());
        assert!(placed.into_iter().all(|row| row.value == value(5)));
    }
    check_sums(opened, model);
}

fn check_sums(opened: &Opened, model: &Model) {
    const BUCKET: i64 = 5;
    let query = AggregateQuery {
        datastreams: (0..SERIES).rev().map(DatastreamId::new).collect(),
        boundaries: (0..=TIMES / BUCKET + 1)
            .map(|edge| Timestamp::from_micros(edge * BUCKET))
            .collect(),
        functions: vec![AggregateFunction::Sum, AggregateFunction::Count],
        per_datastream: Grouping::Each,
    };
    let mut expected: BTreeMap<(u32, i64), Vec<f64>> = BTreeMap::new();
    for ((series, time), revisions) in &model.kept {
        if let Some((_, Some(Value::Number(number)))) = revisions.last() {
            expected
                .entry((*series, time / BUCKET))
                .or_default()
                .push(*number);
        }
    }
    let expected: Vec<_> = expected
        .into_iter()
        .map(|((series, bucket), numbers)| {
            (
                series,
                bucket * BUCKET,
                numbers.iter().sum(),
                numbers.len() as f64,
            )
        })
        .collect();
    let answered: Vec<(u32, i64, f64, f64)> = opened
        .store
        .aggregate(&query)
        .unwrap()
        .into_iter()
        .map(|bucket| {
            let series = bucket.datastream.unwrap().get();
            let [Some(sum), Some(count)] = bucket.values[..] else {
                panic!("{bucket:?}");
            };
            (series, bucket.start.as_micros(), sum, count)
        })
        .collect();
    assert_eq!(answered, expected);
}

fn query() -> impl Strategy<Value = RangeQuery> {
    let time = -1..TIMES + 1;
    let as_of = prop::option::weighted(0.4, 0..40u64);
    let after = prop::option::weighted(0.3, time.clone());
    (0..SERIES, time.clone(), time, as_of, after, 1..30usize).prop_map(
        |(series, from, to, as_of, after, limit)| RangeQuery {
            datastream: DatastreamId::new(series),
            from: Timestamp::from_micros(from),
            to: Timestamp::from_micros(to),
            as_of: as_of.map(received),
            limit,
            after: after.map(Timestamp::from_micros),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn it_answers_as_the_model_does(
        steps in vec(step(), 1..60),
        queries in vec(query(), 12),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut model = Model::default();
        let mut opened = Opened::at(folder.path(), FLUSH_ROWS);
        for step in steps {
            match step {
                Step::Submit(sent) => {
                    let frame = model.submit(&sent);
                    opened.apply(&frame);
                }
                Step::Flush => opened.store.flush().unwrap(),
                Step::Reopen => {
                    drop(opened);
                    opened = Opened::at(folder.path(), FLUSH_ROWS);
                    for frame in &model.frames {
                        opened.apply(frame);
                    }
                    check(&opened, &model, &queries);
                }
            }
        }
        check(&opened, &model, &queries);
        opened.store.flush().unwrap();
        prop_assert_eq!(opened.stats().head_rows, 0);
        check(&opened, &model, &queries);
    }
}
