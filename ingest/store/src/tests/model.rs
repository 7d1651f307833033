//! The store against a model: whatever is applied, late, corrected, flushed,
//! compacted, dropped, reopened or cut short by a crash, it answers what a map
//! of times to values answers.

use std::collections::BTreeMap;

use domain::{DatastreamId, Location, Qualities, Quality, Timestamp, Value};
use frame_log::{TelemetryFrame, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;

use super::agree::questions::{order, values};
use super::{Opened, RETENTION_DAYS, frame, observation, received};
use crate::file::disk::Faults;
use crate::manifest::DAY;
use crate::observation::StoredObservation;
use crate::query::values::ValueFilter;
use crate::query::{AggregateFunction, AggregateQuery, Grouping, Order, RangeQuery};

/// Small, so that most cases flush several times by themselves.
const FLUSH_ROWS: usize = 12;
const SERIES: u32 = 3;
const TIMES: i64 = 24;
/// Between two times: there are four days of them.
const STEP: i64 = DAY / 6;

#[derive(Clone, Debug)]
enum Step {
    Submit(Vec<Sent>),
    Flush,
    Compact,
    /// The retention is over for so many days, once all is in day files.
    Expire(i64),
    /// What is not flushed comes again from the log.
    Reopen,
    /// So many steps of it reach the disk, and nothing after them.
    Crash(Crashed, usize),
    /// A compaction in which one step fails; the store goes on.
    FailedCompaction(usize),
}

#[derive(Clone, Copy, Debug)]
enum Crashed {
    Flush,
    Compaction,
    Both,
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
        2 => Just(Step::Flush),
        2 => Just(Step::Compact),
        1 => (1..4_i64).prop_map(Step::Expire),
        1 => Just(Step::Reopen),
        1 => (crashed(), 0..80_usize).prop_map(|(what, after)| Step::Crash(what, after)),
        1 => (0..80_usize).prop_map(Step::FailedCompaction),
    ]
}

fn crashed() -> impl Strategy<Value = Crashed> {
    prop_oneof![
        Just(Crashed::Flush),
        Just(Crashed::Compaction),
        Just(Crashed::Both),
    ]
}

/// Those of the last series are no whole milliseconds.
fn time(series: u32, number: i64) -> i64 {
    number * STEP + if series + 1 == SERIES { number * 77 } else { 0 }
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
    frames: Vec<TelemetryFrame>,
    /// The last time of each series that was dropped: latest still shows it.
    dropped: BTreeMap<u32, i64>,
}

impl Model {
    /// Judges as a sequencer does that may have forgotten, and tells the frame.
    fn submit(&mut self, sent: &[Sent]) -> TelemetryFrame {
        let offset = self.frames.len() as u64 + 1;
        let mut observations = Vec::new();
        for (index, sent) in sent.iter().enumerate() {
            let time = time(sent.series, sent.time);
            let revisions = self.kept.entry((sent.series, time)).or_default();
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
            let mut observation = observation(sent.series, time, value, verdict);
            observation.index = index as u16;
            if sent.value == 5 {
                observation.location = Some(Location::from_e7(375_000_000, -5));
                observation.quality = Quality::Uncertain;
            }
            observations.push(observation);
        }
        let mut frame = frame(offset, observations);
        // Within the millisecond before: rounded up, it is the offset's.
        let early = (offset * 7 % 1_000) as i64;
        frame.received = Timestamp::from_micros(frame.received.as_micros() - early);
        self.frames.push(frame.clone());
        frame
    }

    /// Only odd series have a retention.
    fn expire(&mut self, days: i64) {
        let dropped = &mut self.dropped;
        self.kept.retain(|(series, time), _| {
            let goes = series % 2 == 1 && *time < days * DAY;
            if goes {
                let last = dropped.entry(*series).or_insert(*time);
                *last = (*time).max(*last);
            }
            !goes
        });
    }

    fn range(&self, query: &RangeQuery) -> Vec<Shown> {
        let series = query.datastream.get();
        let is_after = |time: i64| {
            query.after.is_none_or(|after| match query.order {
                Order::Ascending => time > after.as_micros(),
                Order::Descending => time < after.as_micros(),
            })
        };
        let mut rows: Vec<Shown> = self
            .kept
            .range((series, i64::MIN)..=(series, i64::MAX))
            .map(|((_, time), revisions)| (*time, revisions))
            .filter(|(time, _)| (query.from.as_micros()..query.to.as_micros()).contains(time))
            .filter(|(time, _)| is_after(*time))
            .filter_map(|(time, revisions)| {
                let (number, (_, value)) = revisions
                    .iter()
                    .enumerate()
                    .rfind(|(_, (at, _))| query.as_of.is_none_or(|as_of| *at <= as_of))?;
                Some((time, value.clone(), number as u16))
            })
            .filter(|(_, value, _)| query.values.passes(value.as_ref()))
            .collect();
        if query.order == Order::Descending {
            rows.reverse();
        }
        rows
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
        let counts_all = query.after.is_none() && query.values == ValueFilter::All;
        if query.as_of.is_none() && counts_all {
            let count = opened
                .store
                .count(query.datastream, query.from, query.to)
                .unwrap();
            assert_eq!(count, expected.len() as u64, "{query:?}");
        }
    }
    let datastreams: Vec<_> = (0..SERIES).map(DatastreamId::new).collect();
    let counts = (0..SERIES).map(|series| model.range(&super::everything(series)).len() as u64);
    let counts: Vec<_> = counts.collect();
    assert_eq!(opened.store.count_all(&datastreams).unwrap(), counts);
    for series in 0..SERIES {
        let all = model.range(&super::everything(series));
        let latest = opened.latest.get(DatastreamId::new(series));
        let latest = shown(latest.as_slice()).pop();
        match model.dropped.get(&series) {
            Some(dropped) if all.last().is_none_or(|(time, ..)| time <= dropped) => {
                assert_eq!(latest.map(|(time, ..)| time), Some(*dropped));
            }
            _ => assert_eq!(latest.as_ref(), all.last(), "latest of {series}"),
        }
        let placed = opened
            .all(series)
            .into_iter()
            .filter(|row| row.location.is_some());
        assert!(placed.into_iter().all(|row| row.value == value(5)));
    }
    check_sums(opened, model);
}

fn check_sums(opened: &Opened, model: &Model) {
    const BUCKET: i64 = 5 * STEP;
    let query = AggregateQuery {
        datastreams: (0..SERIES).rev().map(DatastreamId::new).collect(),
        boundaries: (0..=TIMES * STEP / BUCKET + 1)
            .map(|edge| Timestamp::from_micros(edge * BUCKET))
            .collect(),
        functions: vec![AggregateFunction::Sum, AggregateFunction::Count],
        per_datastream: Grouping::Each,
        qualities: Qualities::GOOD.with(Quality::Uncertain),
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
    let time = (-1..TIMES + 1).prop_map(|time| time * STEP);
    let as_of = prop::option::weighted(0.4, 0..40u64);
    let after = prop::option::weighted(0.3, time.clone());
    let page = (order(), after, 1..30usize, values());
    (0..SERIES, time.clone(), time, as_of, page).prop_map(
        |(series, from, to, as_of, (order, after, limit, values))| RangeQuery {
            datastream: DatastreamId::new(series),
            from: Timestamp::from_micros(from),
            to: Timestamp::from_micros(to),
            as_of: as_of.map(received),
            limit,
            order,
            after: after.map(Timestamp::from_micros),
            values,
            qualities: Qualities::ALL,
        },
    )
}

/// The store and the model, side by side.
struct Pair {
    folder: tempfile::TempDir,
    opened: Option<Opened>,
    model: Model,
    queries: Vec<RangeQuery>,
    /// Days that the retention has been over for, at most.
    over: i64,
}

impl Pair {
    fn new(queries: Vec<RangeQuery>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = Opened::at(folder.path(), FLUSH_ROWS);
        Self {
            folder,
            opened: Some(opened),
            model: Model::default(),
            queries,
            over: i64::MIN,
        }
    }

    fn opened(&mut self) -> &mut Opened {
        self.opened.as_mut().unwrap()
    }

    fn check(&self) {
        check(self.opened.as_ref().unwrap(), &self.model, &self.queries);
    }

    fn reopen(&mut self) {
        self.opened = Some(Opened::at(self.folder.path(), FLUSH_ROWS));
        for frame in &self.model.frames {
            self.opened.as_mut().unwrap().apply(frame);
        }
        self.check();
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Submit(sent) => {
                let frame = self.model.submit(&sent);
                self.opened().apply(&frame);
            }
            Step::Flush => self.opened().store.flush().unwrap(),
            Step::Compact => {
                self.opened().store.compact().unwrap();
                self.check();
            }
            Step::Expire(days) => self.expire(days),
            Step::Reopen => {
                self.opened = None;
                self.reopen();
            }
            Step::Crash(what, after) => self.crash(what, after),
            Step::FailedCompaction(after) => self.fail_compaction(after),
        }
    }

    fn expire(&mut self, days: i64) {
        let over = days.max(self.over);
        self.over = over;
        let store = &self.opened().store;
        store.flush().unwrap();
        store.compact().unwrap();
        // A clock that is set back takes back what it set aside: another test's.
        let now = (i64::from(RETENTION_DAYS) + over) * DAY;
        store.expire(Timestamp::from_micros(now)).unwrap();
        self.model.expire(over);
        self.check();
    }

    fn crash(&mut self, what: Crashed, after: usize) {
        let faults = Faults::watch(self.folder.path());
        faults.crash(after);
        let store = &self.opened().store;
        // It may come to its end before the crash.
        if !matches!(what, Crashed::Compaction) {
            let _ = store.flush();
        }
        if !matches!(what, Crashed::Flush) {
            let _ = store.compact();
        }
        self.opened = None;
        faults.restart();
        self.reopen();
    }

    fn fail_compaction(&mut self, after: usize) {
        let store = &self.opened().store;
        // A full head may be on its way into a file.
        store.flush().unwrap();
        let faults = Faults::watch(self.folder.path());
        faults.fail_once(after, libc::EIO);
        // The compaction may have fewer steps.
        let _ = self.opened().store.compact();
        faults.heal();
        self.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn it_answers_as_the_model_does(
        steps in vec(step(), 1..60),
        queries in vec(query(), 12),
    ) {
        let mut pair = Pair::new(queries);
        for step in steps {
            pair.step(step);
        }
        pair.check();
        pair.opened().store.flush().unwrap();
        prop_assert_eq!(pair.opened().stats().head_rows, 0);
        pair.check();
        pair.opened().store.compact().unwrap();
        pair.check();
    }
}
