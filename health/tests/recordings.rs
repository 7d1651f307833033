//! Faults of real recordings are named. They lie beside the project, never in it.

#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use domain::Timestamp;
use flate2::read::GzDecoder;
use health::{Health, Hour, Reading, SeriesData, WINDOW_SECONDS, Why};

const FILE: &str = "../../shared/data/seoul-air/observations.csv.gz";
const HOUR: i64 = 3_600_000_000;

/// An hourly series of Seoul's air in 2022; `None`, after having said so, where
/// the recording is not here.
fn series(device: &str, metric: &str) -> Option<Vec<(Timestamp, f64)>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let Ok(file) = File::open(&path) else {
        eprintln!("\n*** NOT TESTED: the recording {FILE} is not here ***\n");
        return None;
    };
    let mut rows = Vec::new();
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let line = line.unwrap();
        let cells: Vec<&str> = line.split(',').collect();
        if cells[0] == device && cells[2] == metric {
            let time = Timestamp::parse(cells[1]).unwrap();
            rows.push((time, cells[3].parse().unwrap()));
        }
    }
    rows.sort_by_key(|(time, _)| *time);
    assert!(rows.len() > 8_000, "{}", rows.len());
    Some(rows)
}

/// What takes points of the series as it stood at `now`, and what is left.
fn asked_at(series: &[(Timestamp, f64)], now: &str) -> (Vec<&'static str>, u8) {
    let now = Timestamp::parse(now).unwrap();
    let ago = |hours: i64| Timestamp::from_micros(now.as_micros() - hours * HOUR);
    let known: Vec<_> = series.iter().filter(|(time, _)| *time <= now).collect();
    let since = ago(WINDOW_SECONDS / 3_600);
    let data = SeriesData {
        now,
        last_received: known.last().map(|(time, _)| *time),
        hours: Some(
            known
                .iter()
                .filter(|(time, _)| *time > ago(8 * 24))
                .map(|(time, value)| Hour {
                    start: *time,
                    good: 1,
                    left_out: 0,
                    min_max: Some((*value, *value)),
                })
                .collect(),
        ),
        recent: known
            .iter()
            .rev()
            .take(128)
            .rev()
            .map(|(time, _)| Reading {
                time: *time,
                received: *time,
                own_time: true,
            })
            .collect(),
        since,
        count: known.iter().filter(|(time, _)| *time > since).count() as u64,
        repeated: 0,
        expected_interval: None,
        range: (Some(0.0), Some(2_000.0)),
        medians: Err(Why::NoNeighbours),
    };
    let health = Health::of_series(&data.facts());
    let reasons = health.losses().iter().map(|part| part.reason()).collect();
    (reasons, health.score())
}

#[test]
fn a_station_that_told_12_for_58_hours_is_stuck() {
    let Some(series) = series("seoul-air-122", "pm2_5") else {
        return;
    };
    assert_eq!(
        asked_at(&series, "2022-06-20T12:00:00+09:00"),
        (vec!["stuck"], 50)
    );
    // A week before, it was well.
    assert_eq!(
        asked_at(&series, "2022-06-13T12:00:00+09:00"),
        (vec![], 100)
    );
}

#[test]
fn a_station_that_was_away_for_23_days_is_silent_and_then_misses_readings() {
    let Some(series) = series("seoul-air-109", "pm10") else {
        return;
    };
    let gap = series
        .windows(2)
        .find(|pair| pair[1].0.as_micros() - pair[0].0.as_micros() == 555 * HOUR);
    let (last, first) = gap.map(|pair| (pair[0].0, pair[1].0)).unwrap();
    let at = |time: Timestamp, hours: i64| {
        Timestamp::from_micros(time.as_micros() + hours * HOUR).to_rfc3339()
    };
    let (reasons, score) = asked_at(&series, &at(last, 100));
    assert_eq!((reasons[0], score), ("silent", 0));
    let (reasons, score) = asked_at(&series, &at(first, 5));
    assert!(reasons.contains(&"missed"), "{reasons:?}");
    assert!(score < 70, "{score}");
}
