//! A folder of format version 1, as it was written when the format was made.
//! It stays in git and must be readable for good.

use std::fs;
use std::path::PathBuf;

use super::*;

const FRAMES: u64 = 12;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/log-v1")
}

fn device() -> DeviceId {
    DeviceId::new("dev-1").unwrap()
}

/// Run by hand, once for each version of the format.
#[test]
#[ignore = "writes the fixture"]
fn write_the_fixture() {
    fs::create_dir_all(fixture()).unwrap();
    let log = open(&fixture());
    for number in 0..FRAMES {
        let staged = stage(&log, number, number as usize * 3);
        commit(&log, vec![staged]).unwrap();
    }
}

#[test]
fn the_first_format_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixture()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let log = open(folder.path());
    let frames = log.frames(Offset::new(1)).map(Result::unwrap);
    let frames: Vec<_> = frames.map(|Frame::Telemetry(frame)| frame).collect();
    assert_eq!(frames.len() as u64, FRAMES);
    for (number, frame) in (0..).zip(&frames) {
        assert_eq!(frame.offset, Offset::new(number + 1));
        assert_eq!(frame.sequence, Some(number));
        assert_eq!(frame.device, device());
        assert_eq!(
            frame.observations[0].value,
            Some(domain::Value::Number(number as f64))
        );
        let original = frame.original.as_ref().map_or(0, |original| original.len());
        assert_eq!(original as u64, number * 3);
    }
}
