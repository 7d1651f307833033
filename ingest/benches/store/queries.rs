//! Each query of the page of figures: for the first time since the open, and
//! again. All medians are over many devices; the box is asked some times.

use std::collections::HashMap;
use std::time::Instant;

use device_registry::Registry;
use domain::{DatastreamId, Timestamp};
use ingest::{
    AggregateFunction, AggregateQuery, Bucket, Grouping, Ingest, Interval, Order, RangeQuery,
    ValueFilter,
};
use serde_json::{Value, json};

use crate::Options;
use crate::answers::Answers;
use crate::city::{Area, City, datastream};
use crate::load::block_on;
use crate::measure::{Stopwatch, median, p99, peak_mib};
use crate::readings::{DAY, READINGS, START, expected};

/// Devices that a query of one device is asked for, evenly spread.
const ASKED: usize = 200;
/// Times that a query over a box is asked.
const TIMES: usize = 9;
/// Times that everything's latest is asked.
const LATEST_TIMES: usize = 50;

const FIVE_MINUTES: i64 = 300_000_000;
const HOUR: i64 = 3_600_000_000;

pub(crate) fn queries(options: &Options) -> Value {
    let registry = options.city.registry(&options.folder);
    let watch = Stopwatch::start();
    let ingest = City::open(&options.folder, &registry);
    let open = json!({"wall_ms": watch.wall_ms(), "cpu_ms": watch.cpu_ms()});
    let devices = options.city.devices(&registry);
    let all: Vec<DatastreamId> = devices.iter().map(|device| datastream(device)).collect();
    let asked: Vec<DatastreamId> = spread(&all, 0);
    // A day in the middle: at the most days it has neighbours.
    let day = i64::from(options.days / 2);
    let (from, to) = (START + day * DAY, START + (day + 1) * DAY);

    let range_first = each(&spread(&all, 1), |one| range(&ingest, one, from, to).len());
    let buckets_first = each(&spread(&all, 2), |one| {
        aggregate(&ingest, &five_minutes(one, from, to)).len()
    });
    let boxes = [("all", 1.0), ("tenth", 0.1)]
        .map(|(name, part)| hours_in(&ingest, &registry, name, part, from, to));
    let range_again = each(&asked, |one| range(&ingest, one, from, to).len());
    let across = each(&asked, |one| {
        range(&ingest, one, from - DAY / 2, to - DAY / 2).len()
    });
    let buckets_again = each(&asked, |one| {
        aggregate(&ingest, &five_minutes(one, from, to)).len()
    });
    let counts = each(&asked, |one| {
        let until = START + i64::from(options.days) * DAY;
        let (from, to) = (Timestamp::from_micros(START), Timestamp::from_micros(until));
        ingest.count(one, from, to).unwrap() as usize
    });
    check(options, &ingest, &asked, &counts.found);
    let newest = each(&asked, |one| newest(&ingest, one));
    let bounds: HashMap<DatastreamId, f64> = asked
        .iter()
        .map(|one| (*one, upper_quartile(&ingest, *one, from, to)))
        .collect();
    let above = each(&asked, |one| above(&ingest, one, bounds[&one], from, to));
    let counts_of_all: Vec<_> = (0..=TIMES).map(|_| count_all(&ingest, &all)).collect();
    let (latest_one, latest_all) = latest(&ingest, &all);

    let answers = Answers {
        ingest: &ingest,
        registry: &registry,
        asked: &asked,
        all: &all,
        span: (from, to),
        boxes: &boxes,
    };
    answers.write(&options.folder);
    block_on(ingest.close()).unwrap();
    json!({
        "phase": "queries", "open_after_clean_stop": open, "peak_mib": peak_mib(),
        "latest_one_ms": latest_one, "latest_all_ms": latest_all,
        "range_24h": {"first": range_first.report(), "again": range_again.report()},
        "range_24h_across_midnight": across.report(),
        "buckets_5m": {"first": buckets_first.report(), "again": buckets_again.report()},
        "count": counts.report(),
        "count_all": {"first_ms": counts_of_all[0], "median_ms": median(counts_of_all[1..].to_vec())},
        "newest_100": newest.report(),
        "above_a_value_24h": above.report(),
        "hourly_mean": boxes.iter().map(Hours::report).collect::<Vec<_>>(),
    })
}

/// `ASKED` of them, at most one place apart from those of another shift.
fn spread(all: &[DatastreamId], shift: usize) -> Vec<DatastreamId> {
    let step = (all.len() / ASKED).max(1);
    all.iter()
        .copied()
        .skip(shift.min(step - 1))
        .step_by(step)
        .collect()
}

/// How long a query took for each of some devices.
struct Timed {
    walls_ms: Vec<f64>,
    cpu_ms: f64,
    found: Vec<usize>,
}

fn each(asked: &[DatastreamId], query: impl Fn(DatastreamId) -> usize) -> Timed {
    let watch = Stopwatch::start();
    let (walls_ms, found) = asked
        .iter()
        .map(|one| {
            let start = Instant::now();
            let found = query(*one);
            (start.elapsed().as_secs_f64() * 1e3, found)
        })
        .unzip();
    Timed {
        walls_ms,
        cpu_ms: watch.cpu_ms() / asked.len() as f64,
        found,
    }
}

impl Timed {
    fn report(&self) -> Value {
        json!({
            "median_ms": median(self.walls_ms.clone()), "p99_ms": p99(self.walls_ms.clone()),
            "very_first_ms": self.walls_ms[0], "cpu_ms": self.cpu_ms,
            "found_median": median(self.found.iter().map(|found| *found as f64).collect()),
        })
    }
}

/// Hourly means over all devices of a box, taken together.
pub(crate) struct Hours {
    pub(crate) name: &'static str,
    pub(crate) area: Area,
    pub(crate) datastreams: usize,
    pub(crate) buckets: Vec<Bucket>,
    finding_ms: f64,
    first_ms: f64,
    walls_ms: Vec<f64>,
    cpu_ms: Vec<f64>,
}

fn hours_in(
    ingest: &Ingest,
    registry: &Registry,
    name: &'static str,
    part: f64,
    from: i64,
    to: i64,
) -> Hours {
    let area = Area::middle(part);
    let watch = Stopwatch::start();
    let datastreams = area.datastreams(registry);
    let finding_ms = watch.wall_ms();
    let query = AggregateQuery {
        boundaries: edges(from, to, HOUR),
        functions: vec![AggregateFunction::Avg, AggregateFunction::Count],
        per_datastream: Grouping::Together,
        qualities: domain::Qualities::GOOD,
        datastreams,
    };
    let (mut walls_ms, mut cpu_ms, mut buckets) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..=TIMES {
        let watch = Stopwatch::start();
        buckets = aggregate(ingest, &query);
        cpu_ms.push(watch.cpu_ms());
        walls_ms.push(watch.wall_ms());
    }
    cpu_ms.remove(0);
    Hours {
        name,
        area,
        datastreams: query.datastreams.len(),
        buckets,
        finding_ms,
        first_ms: walls_ms.remove(0),
        walls_ms,
        cpu_ms,
    }
}

impl Hours {
    fn report(&self) -> Value {
        json!({
            "box": self.name, "datastreams": self.datastreams,
            "finding_the_datastreams_ms": self.finding_ms, "first_ms": self.first_ms,
            "median_ms": median(self.walls_ms.clone()), "median_cpu_ms": median(self.cpu_ms.clone()),
        })
    }
}

/// The times of one, and of all, as medians.
fn latest(ingest: &Ingest, all: &[DatastreamId]) -> (f64, f64) {
    let one = each(all, |one| usize::from(ingest.latest(one).is_some()));
    assert!(one.found.iter().all(|found| *found == 1));
    let times = (0..LATEST_TIMES).map(|_| {
        let start = Instant::now();
        let found: Vec<_> = all.iter().filter_map(|one| ingest.latest(*one)).collect();
        let wall = start.elapsed().as_secs_f64() * 1e3;
        assert_eq!(found.len(), all.len());
        wall
    });
    (median(one.walls_ms), median(times.collect()))
}

/// What the generator knows without the store.
fn check(options: &Options, ingest: &Ingest, asked: &[DatastreamId], counts: &[usize]) {
    let step = (options.city.devices as usize / ASKED).max(1);
    for (at, (one, count)) in asked.iter().zip(counts).enumerate() {
        let (observations, sum) = expected((at * step) as u32, options.days);
        assert_eq!(*count as u64, observations, "observations of {one}");
        let query = AggregateQuery {
            datastreams: vec![*one],
            boundaries: edges(START, START + i64::from(options.days) * DAY, DAY),
            functions: vec![AggregateFunction::Sum, AggregateFunction::Count],
            per_datastream: Grouping::Each,
            qualities: domain::Qualities::GOOD,
        };
        let days = aggregate(ingest, &query);
        let total = |at: usize| days.iter().filter_map(|day| day.values[at]).sum::<f64>();
        assert_eq!(total(1), observations as f64, "counts of {one}");
        let error = (total(0) - sum).abs() / sum;
        assert!(
            error < 1e-9,
            "the sum of {one} is {} and not {sum}",
            total(0)
        );
    }
    // All but the corrections, which are one of 1,000.
    let readings = READINGS as usize * options.days as usize * counts.len();
    let part = counts.iter().sum::<usize>() as f64 / readings as f64;
    assert!((0.998..1.0).contains(&part), "{part} of the readings");
}

/// The last hundred of all times.
fn newest(ingest: &Ingest, datastream: DatastreamId) -> usize {
    let query = RangeQuery {
        limit: 100,
        order: Order::Descending,
        ..RangeQuery::new(datastream, Timestamp::MIN, Timestamp::MAX)
    };
    ingest.range(&query).unwrap().observations.len()
}

/// A number above which a quarter of a day's lie.
fn upper_quartile(ingest: &Ingest, datastream: DatastreamId, from: i64, to: i64) -> f64 {
    let mut numbers: Vec<f64> = range(ingest, datastream, from, to)
        .into_iter()
        .filter_map(|row| match row.value {
            Some(domain::Value::Number(number)) => Some(number),
            _ => None,
        })
        .collect();
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() * 3 / 4]
}

/// Those of a day that lie above a number.
fn above(ingest: &Ingest, datastream: DatastreamId, bound: f64, from: i64, to: i64) -> usize {
    let (from, to) = (Timestamp::from_micros(from), Timestamp::from_micros(to));
    let query = RangeQuery {
        values: ValueFilter::Numbers(Interval::above(bound)),
        ..RangeQuery::new(datastream, from, to)
    };
    ingest.range(&query).unwrap().observations.len()
}

/// Milliseconds of a count of all datastreams.
fn count_all(ingest: &Ingest, all: &[DatastreamId]) -> f64 {
    let start = Instant::now();
    let counts = ingest.count_all(all).unwrap();
    let wall = start.elapsed().as_secs_f64() * 1e3;
    assert!(counts.iter().all(|count| *count > 0));
    wall
}

pub(crate) fn range(
    ingest: &Ingest,
    datastream: DatastreamId,
    from: i64,
    to: i64,
) -> Vec<ingest::StoredObservation> {
    let (from, to) = (Timestamp::from_micros(from), Timestamp::from_micros(to));
    let query = RangeQuery::new(datastream, from, to);
    ingest.range(&query).unwrap().observations
}

pub(crate) fn five_minutes(datastream: DatastreamId, from: i64, to: i64) -> AggregateQuery {
    AggregateQuery {
        datastreams: vec![datastream],
        boundaries: edges(from, to, FIVE_MINUTES),
        functions: vec![
            AggregateFunction::Avg,
            AggregateFunction::Min,
            AggregateFunction::Max,
            AggregateFunction::Count,
        ],
        per_datastream: Grouping::Each,
        qualities: domain::Qualities::GOOD,
    }
}

pub(crate) fn aggregate(ingest: &Ingest, query: &AggregateQuery) -> Vec<Bucket> {
    ingest.aggregate(query).unwrap()
}

fn edges(from: i64, to: i64, width: i64) -> Vec<Timestamp> {
    (0..=(to - from) / width)
        .map(|bucket| Timestamp::from_micros(from + bucket * width))
        .collect()
}
