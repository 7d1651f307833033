//! What a row costs: CPU from apply to file, bytes on disk, and queries.
//!
//! `cargo test --release -p ingest --lib cost -- --ignored --nocapture`

use std::time::Instant;

use domain::{DatastreamId, DeviceId, Timestamp};

use super::{Opened, everything, files, frame, number};
use crate::query::{AggregateFunction, AggregateQuery, Grouping};

const SERIES: u64 = 10_000;
const ROWS: u64 = 4_000_000;
const FLUSH_ROWS: usize = 1_000_000;
/// Between two rows of a series.
const STEP: i64 = 8_640_000;

/// CPU time of this process, in seconds.
fn cpu() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a timespec that the call may write to.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The finalizer of splitmix64: without a pattern that a compressor would find.
fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (bits ^ (bits >> 31)) >> 8
}

/// A tenth's walk with some noise in time, as a sensor's.
fn row(number_of_row: u64) -> (u32, i64, f64) {
    let (series, step) = (
        (number_of_row % SERIES) as u32,
        (number_of_row / SERIES) as i64,
    );
    let noise = scatter(number_of_row);
    let time = 1_600_000_000_000_000 + step * STEP + (noise % 1000) as i64 * 1000;
    let value = 200.0 + (step as f64 / 40.0).sin() * 80.0 + ((noise >> 20) % 16) as f64;
    (series, time, value.round() / 10.0)
}

#[test]
#[ignore = "takes its time; for release builds"]
fn cost_of_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Opened::at(folder.path(), FLUSH_ROWS);
    let devices: Vec<_> = (0..SERIES)
        .map(|n| DeviceId::new(format!("dev-{n}")).unwrap())
        .collect();
    let make = |at: u64| {
        let (series, time, value) = row(at);
        let mut frame = frame(at + 1, vec![]);
        frame.received = Timestamp::from_micros(time + 20_000 + (scatter(at) % 5_000) as i64);
        frame.device = devices[series as usize].clone();
        frame.observations.push(number(series, time, value));
        frame
    };
    let before = cpu();
    for at in 0..ROWS {
        std::hint::black_box(make(at));
    }
    let making = cpu() - before;
    let (before, start) = (cpu(), Instant::now());
    for at in 0..ROWS {
        opened.apply(&make(at));
    }
    opened.store.flush().unwrap();
    let used = cpu() - before - making;
    let bytes: u64 = files(folder.path(), "parquet")
        .iter()
        .map(|path| path.metadata().unwrap().len())
        .sum();
    println!(
        "{:.3} CPU-us a row from apply to file, {:.2} wall; {:.2} bytes a row in {} files",
        used * 1e6 / ROWS as f64,
        start.elapsed().as_secs_f64() * 1e6 / ROWS as f64,
        bytes as f64 / ROWS as f64,
        opened.stats().files,
    );
    drop(opened);
    let start = Instant::now();
    let opened = Opened::at(folder.path(), FLUSH_ROWS);
    println!("open {:?}", start.elapsed());
    queries(&opened);
}

fn queries(opened: &Opened) {
    let timed = |what: &str, query: &dyn Fn(u32) -> usize| {
        let start = Instant::now();
        let found = query(0);
        let first = start.elapsed();
        let (start, before) = (Instant::now(), cpu());
        (1..50).for_each(|series| assert!(query(series * 7) > 0));
        let (wall, used) = (start.elapsed() / 49, (cpu() - before) * 1e3 / 49.0);
        println!("{what}: {found} found, first {first:?}, then {wall:?} ({used:.2} CPU-ms)");
    };
    timed("latest", &|series| {
        usize::from(opened.latest.get(DatastreamId::new(series)).is_some())
    });
    timed("range of one series", &|series| {
        opened
            .store
            .range(&everything(series))
            .unwrap()
            .observations
            .len()
    });
    let (_, first, _) = row(0);
    let buckets = |datastreams: Vec<u32>, width: i64| AggregateQuery {
        datastreams: datastreams.into_iter().map(DatastreamId::new).collect(),
        boundaries: (0..=(ROWS / SERIES) as i64 * STEP / width)
            .map(|bucket| Timestamp::from_micros(first + bucket * width))
            .collect(),
        functions: vec![AggregateFunction::Avg],
        per_datastream: Grouping::Each,
    };
    timed("5 min buckets of one series", &|series| {
        let query = buckets(vec![series], 300_000_000);
        opened.store.aggregate(&query).unwrap().len()
    });
    let (start, before) = (Instant::now(), cpu());
    let query = buckets((0..SERIES as u32).collect(), STEP * 20);
    let found = opened.store.aggregate(&query).unwrap().len();
    println!(
        "buckets of all series: {found} in {:?}, {:.3} CPU-s",
        start.elapsed(),
        cpu() - before
    );
}
