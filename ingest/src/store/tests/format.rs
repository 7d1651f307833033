//! The format on disk, by a folder of each released version.

use std::fs;
use std::path::{Path, PathBuf};

use domain::{DatastreamId, Flags, Location, Offset, Quality, Value};

use super::{Opened, frame, number, observation};
use crate::log::{Frame, Verdict};
use crate::query::StoredObservation;

fn fixture(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(version)
}

/// What the fixture of version 1 was made from: every kind of value, a
/// correction, a late row, a position.
fn frames() -> Vec<Frame> {
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

fn make(folder: &Path) {
    let mut opened = Opened::at(folder, 100);
    let frames = frames();
    opened.apply(&frames[0]);
    opened.apply(&frames[1]);
    opened.store.flush().unwrap();
    opened.apply(&frames[2]);
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

#[test]
fn version_1_is_read() {
    let folder = copy("store-v1");
    let opened = Opened::at(folder.path(), 100);
    assert_eq!(opened.store.flushed_offset(), Offset::new(3));
    assert_eq!(opened.stats().files_set_aside, 0);
    let made = tempfile::tempdir().unwrap();
    let expected = Opened::at(made.path(), 100);
    drop(expected);
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
    assert_eq!(opened.latest.get(DatastreamId::new(3)).unwrap().value, None);
}

/// Writes the fixture anew, where a new version is released:
/// `cargo test -p ingest make_the_fixture -- --ignored`.
#[test]
#[ignore = "writes into the source tree"]
fn make_the_fixture() {
    let folder = fixture("store-v1");
    fs::create_dir_all(&folder).unwrap();
    make(&folder);
}
