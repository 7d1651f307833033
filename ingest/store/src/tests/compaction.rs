//! Files become day files, and nothing that is asked notices.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use domain::{DatastreamId, Location, Timestamp, Value};
use frame_log::{FrameObservation, Verdict};

use super::{Opened, everything, files, frame, number, observation, upkeep};
use crate::file::schema::PAGE_ROWS;
use crate::manifest::{DAY, DayFile, Manifest};
use crate::observation::StoredObservation;
use crate::query::range;
use crate::{Group, Pace, Upkeep};

/// Of datastreams 0 to 3.
fn answers(opened: &Opened) -> Vec<StoredObservation> {
    (0..4).flat_map(|series| opened.all(series)).collect()
}

fn late(mut observation: FrameObservation) -> FrameObservation {
    observation.verdict = Verdict::Late;
    observation
}

/// Three days of four datastreams in four files, with every kind of value, late
/// rows, repeats, corrections and positions.
fn mixed(folder: &std::path::Path) -> Opened {
    let mut opened = Opened::at(folder, 1_000);
    for round in 0..4_i64 {
        for series in 0..4_u32 {
            let mut observations: Vec<_> = (0..6)
                .map(|day| {
                    let time = day * DAY / 2 + round * 1_000 + i64::from(series);
                    number(series, time, (day + round) as f64 / 4.0)
                })
                .collect();
            let text = Some(Value::Text(["맑음", "흐림"][round as usize % 2].into()));
            observations.push(late(observation(series, 7, text, Verdict::First)));
            let open = Some(Value::Boolean(round > 1));
            observations.push(late(observation(series, DAY, open, Verdict::First)));
            observations.push(late(number(series, 2 * DAY, 9.5)));
            let mut placed = number(series, 9 + round, 1.0);
            placed.location = Some(Location::from_e7(375_000_000, 5));
            observations.push(placed);
            for (index, observation) in observations.iter_mut().enumerate() {
                observation.index = index as u16;
            }
            opened.apply(&frame(
                round as u64 * 4 + u64::from(series) + 1,
                observations,
            ));
        }
        opened.store.flush().unwrap();
    }
    assert_eq!((opened.stats().files, opened.stats().day_files), (4, 0));
    opened
}

fn day_files(folder: &std::path::Path) -> Vec<DayFile> {
    let manifest = Manifest::read(folder).unwrap();
    let mut days: Vec<_> = manifest
        .files
        .into_iter()
        .map(|entry| entry.day.unwrap())
        .collect();
    days.sort();
    days
}

#[test]
fn each_day_and_agency_has_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let opened = mixed(folder.path());
    let before = answers(&opened);
    let rows = opened.stats().file_rows;
    opened.store.compact().unwrap();
    assert_eq!(answers(&opened), before);
    let expected: Vec<_> = (0..3)
        .flat_map(|day| ["even", "odd"].map(|agency| (day, agency)))
        .map(|(day, agency)| DayFile {
            day,
            agency: agency.into(),
            model: "test".into(),
        })
        .collect();
    assert_eq!(day_files(folder.path()), expected);
    let stats = opened.stats();
    // Of each datastream: two repeats of a boolean, three of the late 9.5.
    assert_eq!(stats.file_rows, rows - 4 * (2 + 3));
    assert_eq!((stats.files, stats.day_files), (6, 6));
    assert_eq!(files(folder.path(), ".parquet").len(), 6);
    assert_eq!(files(folder.path(), ".tmp").len(), 0);
    drop(opened);
    let opened = Opened::at(folder.path(), 1_000);
    assert_eq!(answers(&opened), before);
    opened.store.compact().unwrap();
    assert_eq!(opened.stats().compactions, 0);
}

#[test]
fn what_comes_later_for_a_day_joins_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = mixed(folder.path());
    opened.store.compact().unwrap();
    opened.apply(&frame(
        17,
        vec![number(2, 3, 1.5), late(number(2, DAY, 4.0))],
    ));
    opened.apply(&frame(18, vec![number(3, 3 * DAY, 1.5)]));
    opened.store.flush().unwrap();
    let before = answers(&opened);
    opened.store.compact().unwrap();
    assert_eq!(answers(&opened), before);
    assert_eq!(day_files(folder.path()).len(), 7);
    let corrected = opened
        .all(2)
        .into_iter()
        .find(|row| row.time.as_micros() == DAY);
    assert_eq!(corrected.unwrap().revision, 2);
}

#[test]
fn an_owner_that_changes_during_a_compaction_costs_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let asked = AtomicU32::new(0);
    let another = Upkeep {
        group_of: Box::new(move |_| {
            let times = asked.fetch_add(1, Ordering::Relaxed);
            Some(Group {
                agency: format!("owner-{times}"),
                model: "test".into(),
            })
        }),
        ..upkeep()
    };
    let mut opened = Opened::with(folder.path(), 100, another);
    for (offset, time) in [(1, 1_001), (2, 2_000), (3, DAY)] {
        opened.apply(&frame(offset, vec![number(1, time, 5.0)]));
        opened.store.flush().unwrap();
    }
    let before = opened.all(1);
    opened.store.compact().unwrap();
    assert_eq!(opened.all(1), before);
    assert_eq!((opened.stats().files, opened.stats().day_files), (2, 2));
}

#[test]
fn a_value_that_returns_is_no_repeat_though_another_file_has_the_one_between() {
    let folder = tempfile::tempdir().unwrap();
    let moved = Arc::new(AtomicBool::new(false));
    let owner = Arc::clone(&moved);
    let mut opened = Opened::with(
        folder.path(),
        100,
        Upkeep {
            group_of: Box::new(move |_| {
                let agency = if owner.load(Ordering::Relaxed) {
                    "second"
                } else {
                    "first"
                };
                Some(Group {
                    agency: agency.into(),
                    model: "test".into(),
                })
            }),
            ..upkeep()
        },
    );
    for (offset, value, is_moved) in [(1, 5.0, false), (2, 6.0, true), (3, 5.0, false)] {
        opened.apply(&frame(offset, vec![late(number(1, 10, value))]));
        opened.store.flush().unwrap();
        moved.store(is_moved, Ordering::Relaxed);
        opened.store.compact().unwrap();
    }
    assert_eq!(opened.stats().files, 2);
    let row = &opened.all(1)[0];
    assert_eq!(
        (row.value.clone(), row.revision),
        (Some(Value::Number(5.0)), 2)
    );
}

#[test]
fn more_days_than_files_that_are_written_at_once() {
    const DAYS: i64 = 120;
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Opened::at(folder.path(), 10_000);
    for series in 0..4 {
        let observations = (0..DAYS).map(|day| number(series, day * DAY + 5, day as f64));
        opened.apply(&frame(u64::from(series) + 1, observations.collect()));
        if series == 1 {
            opened.store.flush().unwrap();
        }
    }
    opened.store.flush().unwrap();
    let before = answers(&opened);
    opened.store.compact().unwrap();
    assert_eq!(answers(&opened), before);
    let stats = opened.stats();
    assert_eq!((stats.files, stats.file_rows), (240, 480));
}

#[test]
fn long_series_that_interleave_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Opened::at(folder.path(), 1_000_000);
    let rows = 5 * PAGE_ROWS as i64 / 2;
    for part in 0..3 {
        for at in 0..rows {
            let offset = (part * rows + at) as u64 + 1;
            let time = at * 3 + part;
            opened.apply(&frame(offset, vec![number(1, time, (time % 100) as f64)]));
        }
        opened.store.flush().unwrap();
    }
    opened.store.compact().unwrap();
    assert_eq!(opened.stats().files, 1);
    let times = opened.all(1).into_iter().map(|row| row.time.as_micros());
    assert!(times.eq(0..3 * rows));
}

#[test]
fn who_asked_before_keeps_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let opened = mixed(folder.path());
    let view = opened.store.shared.catalog.view();
    let before = opened.all(1);
    opened.store.compact().unwrap();
    let page = range::range(&view, &everything(1)).unwrap();
    assert_eq!(page.observations, before);
}

#[test]
fn a_damaged_file_is_set_aside_and_the_rest_is_compacted() {
    let folder = tempfile::tempdir().unwrap();
    drop(mixed(folder.path()));
    let path = &files(folder.path(), ".parquet")[1];
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
    let opened = Opened::at(folder.path(), 1_000);
    opened.store.compact().unwrap();
    let stats = opened.stats();
    assert_eq!((stats.day_files, stats.files_set_aside), (6, 1));
    assert_eq!(files(folder.path(), ".parquet.damaged").len(), 1);
    let rounds: Vec<_> = answers(&opened)
        .iter()
        .map(|row| (row.offset.get() - 1) / 4)
        .collect();
    assert!([0, 2, 3].iter().all(|round| rounds.contains(round)));
    assert!(!rounds.contains(&1));
}

#[test]
fn the_store_compacts_by_itself_once_there_are_many_files() {
    let folder = tempfile::tempdir().unwrap();
    let background = Upkeep {
        pace: Pace::Background,
        scope: supervisor::Scope::default(),
        ..upkeep()
    };
    let mut opened = Opened::with(folder.path(), 100, background);
    for offset in 1..9 {
        opened.apply(&frame(offset, vec![number(1, offset as i64, 1.5)]));
        opened.store.flush().unwrap();
    }
    let patience = Instant::now() + Duration::from_secs(60);
    while opened.stats().day_files == 0 {
        assert!(Instant::now() < patience, "{:?}", opened.stats());
        std::thread::yield_now();
    }
    assert_eq!(opened.stats().files, 1);
    assert_eq!(opened.all(1).len(), 8);
}

#[test]
fn retention_drops_whole_days_of_the_agency_that_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let opened = mixed(folder.path());
    let now = |days: i64| Timestamp::from_micros((10 + days) * DAY);
    assert_eq!(
        opened.store.expire(now(100)).unwrap(),
        0,
        "flushed files stay"
    );
    opened.store.compact().unwrap();
    let latest = opened.latest.get(DatastreamId::new(1));
    let kept = [0, 2].map(|series| opened.all(series));
    assert_eq!(opened.store.expire(now(0)).unwrap(), 0);
    assert_eq!(opened.store.expire(now(2)).unwrap(), 2);
    let check = |opened: &Opened| {
        assert_eq!([0, 2].map(|series| opened.all(series)), kept);
        for series in [1, 3] {
            let rows = opened.all(series);
            assert!(!rows.is_empty() && rows.iter().all(|row| row.time.as_micros() >= 2 * DAY));
        }
    };
    check(&opened);
    assert_eq!(opened.stats().files_expired, 2);
    assert!(opened.stats().rows_expired > 0);
    // Another clock, that was wrong: the days are there again.
    let kept_odd = [1, 3].map(|series| opened.all(series));
    assert_eq!(opened.store.expire(now(3)).unwrap(), 1);
    assert!(opened.all(1).is_empty());
    assert_eq!(opened.stats().files_kept_aside, 3);
    assert_eq!(opened.store.expire(now(2)).unwrap(), 0);
    assert_eq!([1, 3].map(|series| opened.all(series)), kept_odd);
    assert_eq!(opened.store.expire(now(3)).unwrap(), 1);
    assert_eq!(opened.latest.get(DatastreamId::new(1)), latest);
    drop(opened);
    let opened = Opened::at(folder.path(), 1_000);
    assert_eq!(opened.latest.get(DatastreamId::new(1)), latest);
    assert_eq!((opened.all(3).len(), opened.stats().files), (0, 3));
    assert_eq!(files(folder.path(), ".parquet").len(), 6, "set aside");
    assert_eq!(opened.store.expire(now(5)).unwrap(), 0);
    assert_eq!(
        files(folder.path(), ".parquet").len(),
        4,
        "three days later"
    );
    assert_eq!(opened.store.expire(now(6)).unwrap(), 0);
    assert_eq!(files(folder.path(), ".parquet").len(), 3);
    assert_eq!(opened.stats().files_kept_aside, 0);
    assert_eq!([0, 2].map(|series| opened.all(series)), kept);
}

#[test]
fn a_former_owner_does_not_shorten_how_long_rows_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let opened = mixed(folder.path());
    opened.store.compact().unwrap();
    let before = opened.all(1);
    drop(opened);
    // All datastreams now are of the agency that keeps its data for ever.
    let handed_over = Upkeep {
        group_of: Box::new(|_| {
            Some(Group {
                agency: "even".into(),
                model: "test".into(),
            })
        }),
        ..upkeep()
    };
    let opened = Opened::with(folder.path(), 1_000, handed_over);
    let now = Timestamp::from_micros(100 * DAY);
    assert_eq!(opened.store.expire(now).unwrap(), 0);
    assert_eq!(opened.all(1), before);
}
