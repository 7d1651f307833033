//! The format on disk, by a folder of each released version.

use std::fs;
use std::path::{Path, PathBuf};

use domain::{DatastreamId, Flags, Location, Offset, Qualities, Quality, Timestamp, Value};
use frame_log::{TelemetryFrame, Verdict};

use super::{Opened, files, frame, number, observation};
use crate::file::times::Unit;
use crate::manifest::DAY;
use crate::observation::StoredObservation;
use crate::query::{AggregateFunction, AggregateQuery, Grouping};

fn fixture(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(version)
}

/// What the fixtures were made from: every kind of value, a
/// correction, a late row, a position.
fn frames() -> Vec<TelemetryFrame> {
    let text =
        |time, text: &str| observation(2, time, Some(Value::Text(text.into())), Verdict::First);
    let mut placed = number(1, 30, -0.5);
    placed.location = Some(Location::from_e7(375_665_000, 1_269_780_000));
    placed.quality = Quality::Uncertain;
    placed.flags = Flags::OUT_OF_RANGE.with(Flags::TIME_ASSIGNED);
    let mut corrected = number(1, 20, 2.5);
    corrected.verdict = Verdict::Revision(1);
    let mut late = number(1, 10, 9.5);
    late.verdict = Verdict::Late;
    late.index = 1;
    vec![
        frame(
            1,
            vec![number(1, 10, 1.5), number(1, 20, 2.0), text(10, "맑음")],
        ),
        frame(
            2,
            vec![
                placed,
                text(20, "흐림"),
                observation(3, 5, Some(Value::Boolean(true)), Verdict::First),
            ],
        ),
        frame(
            3,
            vec![corrected, late, observation(3, 6, None, Verdict::First)],
        ),
    ]
}

fn make_version_1(folder: &Path) {
    let mut opened = Opened::at(folder, 100);
    let frames = frames();
    opened.apply(&frames[0]);
    opened.apply(&frames[1]);
    opened.store.flush().unwrap();
    opened.apply(&frames[2]);
    opened.store.flush().unwrap();
}

/// The same in day files of two agencies and two days, one with a rollup, and a
/// flushed file after them.
fn make_version_2(folder: &Path) {
    make_version_1(folder);
    let mut opened = Opened::at(folder, 100);
    let dense = (0..40).map(|minute| number(1, DAY + minute * 60_000_000, minute as f64 / 2.0));
    opened.apply(&frame(4, dense.collect()));
    opened.store.flush().unwrap();
    opened.store.compact().unwrap();
    opened.apply(&frame(5, vec![number(3, 2 * DAY, 7.0)]));
    opened.store.flush().unwrap();
}

/// After those a day file and a flushed file whose times are whole
/// milliseconds.
fn make_version_3(folder: &Path) {
    make_version_2(folder);
    let mut opened = Opened::at(folder, 100);
    opened.store.compact().unwrap();
    let mut early = frame(6, vec![number(2, 3 * DAY + 5_000, 7.5)]);
    early.received = Timestamp::from_micros(3 * DAY - 1);
    opened.apply(&early);
    opened.store.flush().unwrap();
}

fn answers(opened: &Opened) -> Vec<StoredObservation> {
    (1..4).flat_map(|series| opened.all(series)).collect()
}

/// Copies a fixture, since an open store writes.
fn copy(version: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixture(version)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

/// Opens a fixture beside a folder that was made just now.
fn compare(version: &str, make: impl Fn(&Path)) -> (tempfile::TempDir, Opened) {
    let folder = copy(version);
    let opened = Opened::at(folder.path(), 100);
    assert_eq!(opened.stats().files_set_aside, 0);
    let made = tempfile::tempdir().unwrap();
    make(made.path());
    let expected = Opened::at(made.path(), 100);
    assert_eq!(answers(&opened), answers(&expected));
    let ten = &opened.all(1)[0];
    assert_eq!(
        (ten.value.clone(), ten.revision),
        (Some(Value::Number(9.5)), 1)
    );
    let placed = &opened.all(1)[2];
    assert_eq!(
        placed.location,
        Some(Location::from_e7(375_665_000, 1_269_780_000))
    );
    (folder, opened)
}

#[test]
fn version_1_is_read_and_upgraded() {
    let (folder, opened) = compare("store-v1", make_version_1);
    assert_eq!(opened.store.flushed_offset(), Offset::new(3));
    assert_eq!(opened.latest.get(DatastreamId::new(3)).unwrap().value, None);
    let manifest = fs::read_to_string(folder.path().join("manifest")).unwrap();
    assert!(manifest.starts_with("madang-store 4 "), "{manifest}");
    let before = answers(&opened);
    opened.store.compact().unwrap();
    assert_eq!(answers(&opened), before);
    assert_eq!(opened.stats().day_files, 2);
}

#[test]
fn version_2_is_read() {
    let (folder, opened) = compare("store-v2", make_version_2);
    assert_eq!(opened.store.flushed_offset(), Offset::new(5));
    let stats = opened.stats();
    assert_eq!((stats.files, stats.day_files), (4, 3));
    assert_eq!(files(folder.path(), ".rollup").len(), 1);
}

/// Version 1 of rollups did not tell good numbers from uncertain ones.
#[test]
fn a_rollup_of_an_older_version_is_made_again() {
    for version in ["store-v2", "store-v3"] {
        let folder = copy(version);
        let opened = Opened::at(folder.path(), 100);
        let with_rollups = || {
            let view = opened.store.shared.catalog.view();
            let files = view.files.iter();
            files.filter(|file| file.rollups.get().is_some()).count()
        };
        assert_eq!(with_rollups(), 0, "{version}");
        let minutes = AggregateQuery {
            datastreams: vec![DatastreamId::new(1)],
            boundaries: [DAY, DAY + 3_600_000_000]
                .map(Timestamp::from_micros)
                .into(),
            functions: vec![AggregateFunction::Count, AggregateFunction::Max],
            per_datastream: Grouping::Each,
            qualities: Qualities::GOOD,
        };
        let from_rows = opened.store.aggregate(&minutes).unwrap();
        assert_eq!(from_rows[0].values, [Some(40.0), Some(19.5)]);
        opened.store.shared.renew_rollups().unwrap();
        assert_eq!(with_rollups(), 1, "{version}");
        assert_eq!(opened.store.aggregate(&minutes).unwrap(), from_rows);
        // For good: the next start finds it.
        drop(opened);
        let again = Opened::at(folder.path(), 100);
        let view = again.store.shared.catalog.view();
        assert!(view.files.iter().any(|file| file.rollups.get().is_some()));
        assert_eq!(again.store.aggregate(&minutes).unwrap(), from_rows);
    }
}

#[test]
fn version_3_is_read() {
    let (folder, opened) = compare("store-v3", make_version_3);
    assert_eq!(opened.store.flushed_offset(), Offset::new(6));
    let stats = opened.stats();
    assert_eq!((stats.files, stats.day_files), (5, 4));
    assert_eq!(files(folder.path(), ".rollup").len(), 1);
    let view = opened.store.shared.catalog.view();
    let units = view
        .files
        .iter()
        .map(|file| file.footer().unwrap().times.unit);
    assert_eq!(units.filter(|unit| *unit == Unit::Millis).count(), 2);
    let newest = opened.all(2).pop().unwrap();
    assert_eq!(newest.time.as_micros(), 3 * DAY + 5_000);
    assert_eq!(newest.received.as_micros(), 3 * DAY);
}

/// A flushed file of format 1, the last whose receipts were no whole
/// milliseconds.
#[test]
fn receipts_in_microseconds_are_rounded_before_a_compaction_as_after_it() {
    let folder = copy("store-v2-micros");
    let opened = Opened::at(folder.path(), 100);
    let expected = [
        [(0, 1_000), (1_000, 1_000_000)].as_slice(),
        &[
            (-1, 0),
            (1_000, 2_000_000),
            (2_345, 1_001_000),
            (9_000_000, 8_001_000),
        ],
    ];
    for compacted in [false, true] {
        if compacted {
            opened.store.compact().unwrap();
        }
        for (series, expected) in [1, 2].into_iter().zip(expected) {
            let rows = opened.all(series);
            let found: Vec<_> = rows
                .iter()
                .map(|row| (row.time.as_micros(), row.received.as_micros()))
                .collect();
            assert_eq!(found, expected, "{compacted}");
        }
    }
    // Two of the first day, one of the last day before 1970.
    assert_eq!(opened.stats().day_files, 3);
}

/// Writes the fixture anew, before its version is released:
/// `cargo test -p ingest make_the_fixture -- --ignored`. Those of older versions
/// stay as they are.
#[test]
#[ignore = "writes into the source tree"]
fn make_the_fixture() {
    let folder = fixture("store-v3");
    fs::create_dir_all(&folder).unwrap();
    make_version_3(&folder);
}
