//! Pages of a range while rows, late rows and corrections arrive: what was
//! there comes once, in order, and nothing comes twice.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{Platform, Setup};

const START: i64 = 1_777_593_600;
/// Rows that are there before the first page is read.
const ROWS: i64 = 600;

/// One speed for each of these seconds.
fn send(platform: &Platform, seconds: impl Iterator<Item = i64>, speed: f64) {
    let rows: Vec<Value> = seconds
        .map(|second| json!({"t": START + second, "v": {"speed": speed}}))
        .collect();
    if !rows.is_empty() {
        platform.publish("dev-1", &json!(rows)).expect(200);
    }
}

fn second_of(item: &Value) -> i64 {
    let time: jiff::Timestamp = item["phenomenon_time"].as_str().unwrap().parse().unwrap();
    time.as_second() - START
}

/// Reads all pages, and before each further one lets something arrive.
fn page_through(
    platform: &Platform,
    path: &str,
    mut arrive: impl FnMut(i64),
) -> Vec<(i64, f64, u64)> {
    let mut seen = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = platform.operator("GET", &path, None).expect(200);
        for item in page["items"].as_array().unwrap() {
            let revision = item["revision"].as_u64().unwrap();
            seen.push((second_of(item), item["value"].as_f64().unwrap(), revision));
        }
        next = page["next"].as_str().map(str::to_owned);
        arrive(seen.last().map_or(0, |(second, _, _)| *second));
    }
    seen
}

/// With a head of a few rows, so that files are written beneath the pages too.
fn platform(flush_rows: usize) -> (Platform, String) {
    let platform = Platform::set_up(Setup {
        flush_rows,
        ..Setup::default()
    });
    platform.public_device("dev-1", "traffic.flow");
    // Even seconds only, latest first.
    for part in (0..ROWS / 100).rev() {
        send(
            &platform,
            (part * 100..(part + 1) * 100).map(|row| row * 2),
            10.0,
        );
    }
    let id = platform.datastream("dev-1", "speed");
    (
        platform,
        format!("/v1/datastreams/{id}/observations?limit=37"),
    )
}

#[test]
fn a_page_begins_after_the_last_whatever_arrived() {
    for flush_rows in [1_000_000, 150] {
        let (platform, path) = platform(flush_rows);
        let mut late = BTreeSet::new();
        let mut corrected = BTreeSet::new();
        let seen = page_through(&platform, &path, |reached| {
            // Late rows before, at and after the place that was reached, and a
            // correction of what was read and of what was not.
            let news = [reached - 7, reached + 1, reached + 33, reached + 301];
            let news: Vec<i64> = news
                .into_iter()
                .filter(|second| *second > 0 && second % 2 == 1)
                .collect();
            late.extend(news.iter().copied());
            send(&platform, news.into_iter(), 20.0);
            let mended: Vec<i64> = [reached - 6, reached + 50, reached + 400]
                .into_iter()
                .filter(|second| (0..ROWS * 2).contains(second) && second % 2 == 0)
                .collect();
            corrected.extend(mended.iter().copied());
            send(&platform, mended.into_iter(), 30.0);
        });
        let seconds: Vec<i64> = seen.iter().map(|(second, _, _)| *second).collect();
        assert!(
            seconds.is_sorted_by(|one, next| one < next),
            "nothing twice, all in order"
        );
        let found: BTreeSet<i64> = seconds.iter().copied().collect();
        for row in 0..ROWS {
            assert!(found.contains(&(row * 2)), "second {} was there", row * 2);
        }
        for (second, value, revision) in &seen {
            if second % 2 == 1 {
                assert!(late.contains(second) && *value == 20.0);
            } else if *revision > 0 {
                assert!(corrected.contains(second) && *value == 30.0);
            } else {
                assert_eq!(*value, 10.0);
            }
        }
        assert!(late.len() > 10 && corrected.len() > 10);

        // A second look sees all that arrived, each once.
        let again = page_through(&platform, &path, |_| {});
        let values: BTreeMap<i64, f64> = again
            .iter()
            .map(|(second, value, _)| (*second, *value))
            .collect();
        assert_eq!(values.len(), again.len());
        let even: BTreeSet<i64> = (0..ROWS).map(|row| row * 2).collect();
        let all: BTreeSet<i64> = even.union(&late).copied().collect();
        assert_eq!(values.keys().copied().collect::<BTreeSet<_>>(), all);
        for second in &corrected {
            assert_eq!(values[second], 30.0, "second {second}");
        }
    }
}

#[test]
fn what_was_known_once_stays_as_it_was_on_every_page() {
    let (platform, path) = platform(150);
    let newest = platform
        .operator("GET", &path.replace("limit=37", "limit=10000"), None)
        .expect(200);
    let known = newest["items"].as_array().unwrap().iter();
    // Not the greatest text: "...:01.2Z" is before "...:01.203Z".
    let known = known
        .map(|item| item["result_time"].as_str().unwrap())
        .max_by_key(|text| text.parse::<jiff::Timestamp>().unwrap())
        .unwrap();
    let path = format!("{path}&as_of={known}");
    // Receipts are whole milliseconds: those that come are later.
    std::thread::sleep(std::time::Duration::from_millis(2));
    let seen = page_through(&platform, &path, |reached| {
        send(
            &platform,
            [reached + 1, reached + 2, reached + 40].into_iter(),
            99.0,
        );
    });
    let expected: Vec<(i64, f64, u64)> = (0..ROWS).map(|row| (row * 2, 10.0, 0)).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_count_is_that_of_all_pages() {
    for flush_rows in [1_000_000, 150] {
        let (platform, path) = platform(flush_rows);
        let count = |path: &str| platform.get(path).expect(200)["count"].as_u64();
        assert_eq!(count(&path), None);
        let path = format!("{path}&count=true");
        assert_eq!(count(&path), Some(ROWS as u64));
        // Corrections and duplicates are no further observations; late rows are.
        send(&platform, 0..10, 30.0);
        send(&platform, 0..10, 30.0);
        assert_eq!(count(&path), Some(ROWS as u64 + 5));
        let (from, to) = (START + 4, START + 20);
        assert_eq!(count(&format!("{path}&from={from}&to={to}")), Some(8 + 3));
        assert_eq!(count(&format!("{path}&to={START}")), Some(0));
        let table = platform.send("GET", &path, &[("accept", "text/csv")], None);
        assert_eq!(table.header("x-total-count"), Some("605"));
        let problem = platform.get(&format!("{path}&as_of={to}"));
        problem.problem(400, "invalid-parameter");
    }
}
