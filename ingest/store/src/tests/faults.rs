//! Damage and crashes: named, set aside, and the rest served.

use std::fs;
use std::path::Path;

use domain::payload::PayloadError;
use domain::{DatastreamId, DeviceId, RejectReason, Rejection};

use super::{Opened, files, frame, number};
use crate::StoreOpenError;

/// Three files of one row each, of datastreams 1, 2 and 3.
fn three_files(folder: &Path) -> Opened {
    let mut opened = Opened::at(folder, 100);
    for series in 1..4u32 {
        opened.apply(&frame(u64::from(series), vec![number(series, 10, 1.5)]));
        opened.store.flush().unwrap();
    }
    assert_eq!(opened.stats().files, 3);
    opened
}

#[test]
fn a_missing_or_damaged_index_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    drop(three_files(folder.path()));
    let indexes = files(folder.path(), ".idx");
    let sound: Vec<_> = indexes.iter().map(|path| fs::read(path).unwrap()).collect();
    fs::remove_file(&indexes[0]).unwrap();
    let mut flipped = sound[1].clone();
    flipped[40] ^= 4;
    fs::write(&indexes[1], flipped).unwrap();

    let opened = Opened::at(folder.path(), 100);
    for series in 1..4 {
        assert_eq!(opened.all(series).len(), 1);
    }
    let again: Vec<_> = indexes.iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(again, sound);
}

#[test]
fn a_flipped_bit_in_a_file_sets_it_aside_and_the_rest_is_served() {
    let folder = tempfile::tempdir().unwrap();
    drop(three_files(folder.path()));
    let path = &files(folder.path(), ".parquet")[1];
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();

    let opened = Opened::at(folder.path(), 100);
    let rows = [1, 2, 3].map(|series| opened.all(series).len());
    assert_eq!(rows, [1, 0, 1]);
    assert_eq!(
        (opened.stats().files, opened.stats().files_set_aside),
        (2, 1)
    );
    assert_eq!(files(folder.path(), ".parquet.damaged").len(), 1);
    drop(opened);

    let mut opened = Opened::at(folder.path(), 100);
    assert_eq!(
        (opened.stats().files, opened.stats().files_set_aside),
        (2, 1)
    );
    opened.apply(&frame(4, vec![number(2, 11, 2.5)]));
    opened.store.flush().unwrap();
    assert_eq!([1, 2, 3].map(|series| opened.all(series).len()), [1, 1, 1]);
    assert_eq!(files(folder.path(), ".parquet.damaged").len(), 1);
}

#[test]
fn a_cut_or_missing_file_is_refused_by_name_at_open() {
    let folder = tempfile::tempdir().unwrap();
    drop(three_files(folder.path()));
    for path in files(folder.path(), ".parquet") {
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        refused(folder.path(), &path);
        fs::write(&path, b"").unwrap();
        refused(folder.path(), &path);
        fs::remove_file(&path).unwrap();
        refused(folder.path(), &path);
        fs::write(&path, bytes).unwrap();
    }
    let opened = Opened::at(folder.path(), 100);
    assert_eq!([1, 2, 3].map(|series| opened.all(series).len()), [1, 1, 1]);
}

fn refused(folder: &std::path::Path, path: &std::path::Path) {
    let before = files(folder, "");
    let error = Opened::try_at(folder, 100).err().expect("it is refused");
    let said = error.to_string();
    assert!(said.contains(path.to_str().unwrap()), "{said}");
    assert_eq!(files(folder, ""), before);
}

#[test]
fn what_no_manifest_names_is_removed_at_open() {
    let folder = tempfile::tempdir().unwrap();
    drop(three_files(folder.path()));
    for name in ["000000000009.parquet", "000000000009.idx", "manifest.tmp"] {
        fs::write(folder.path().join(name), b"half").unwrap();
    }
    let opened = Opened::at(folder.path(), 100);
    assert_eq!(files(folder.path(), ".parquet").len(), 3);
    assert_eq!(files(folder.path(), ".idx").len(), 3);
    assert!(files(folder.path(), ".tmp").is_empty());
    assert_eq!(opened.all(3).len(), 1);
}

#[test]
fn a_damaged_manifest_is_refused_and_nothing_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    drop(three_files(folder.path()));
    fs::write(
        folder.path().join("manifest"),
        "madang-store 1 00000000\n{}\n",
    )
    .unwrap();
    let refused = crate::Store::open(
        folder.path(),
        100,
        crate::Latest::default(),
        super::upkeep(),
    );
    assert!(matches!(refused.err(), Some(StoreOpenError::Manifest(_))));
    assert_eq!(files(folder.path(), ".parquet").len(), 3);
}

#[test]
fn latest_is_found_again_without_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = three_files(folder.path());
    opened.apply(&frame(4, vec![number(1, 20, 7.0), number(2, 5, 7.0)]));
    opened.store.flush().unwrap();
    let latest = |opened: &Opened| [1, 2, 3].map(|id| opened.latest.get(DatastreamId::new(id)));
    let before = latest(&opened);
    drop(opened);
    let opened = Opened::at(folder.path(), 100);
    assert_eq!(latest(&opened), before);
    drop(opened);
    fs::remove_file(folder.path().join("latest")).unwrap();
    let opened = Opened::at(folder.path(), 100);
    assert_eq!(latest(&opened), before);
}

#[test]
fn the_quarantine_outlives_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Opened::at(folder.path(), 100);
    let mut refused = frame(1, vec![]);
    refused.original = Some(vec![b'x'; 1_000].into());
    refused.rejections = vec![Rejection {
        index: 3,
        field: "pm25".into(),
        reason: RejectReason::WrongType,
    }];
    let mut unreadable = frame(2, vec![]);
    unreadable.unreadable = Some(PayloadError::Json);
    for frame in [&refused, &unreadable] {
        opened.apply(frame);
    }
    opened.store.flush().unwrap();
    let device = DeviceId::new("dev-1").unwrap();
    let before = opened.quarantine.of(&device);
    assert_eq!(before.len(), 2);
    assert_eq!(before[0].original.len(), 256);
    drop(opened);
    let mut opened = Opened::at(folder.path(), 100);
    assert_eq!(opened.quarantine.of(&device), before);
    for frame in [&refused, &unreadable] {
        opened.apply(frame);
    }
    assert_eq!(opened.quarantine.of(&device), before);
}

#[test]
fn a_flush_that_cannot_write_is_told_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = three_files(folder.path());
    opened.apply(&frame(4, vec![number(1, 20, 7.0)]));
    // A folder in the table's place, which no right of a superuser overcomes.
    let obstacle = folder.path().join("latest.tmp");
    fs::create_dir(&obstacle).unwrap();
    assert!(opened.store.flush().is_err());
    assert_eq!(opened.all(1).len(), 2);
    fs::remove_dir(&obstacle).unwrap();
    drop(opened);
    let mut opened = Opened::at(folder.path(), 100);
    opened.apply(&frame(4, vec![number(1, 20, 7.0)]));
    opened.store.flush().unwrap();
    assert_eq!(opened.all(1).len(), 2);
}

#[test]
fn a_panic_after_a_flush_is_told_and_the_next_flush_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Opened::at(folder.path(), 100);
    let (tell, told) = std::sync::mpsc::channel();
    opened.store.on_flushed(move |outcome| match outcome {
        Ok(_) => panic!("an injected panic"),
        Err(error) => tell.send(error).unwrap(),
    });
    for offset in 1..3 {
        opened.apply(&frame(offset, vec![number(1, offset as i64, 1.5)]));
        opened.store.flush().unwrap();
        let patience = std::time::Duration::from_secs(30);
        assert!(told.recv_timeout(patience).is_ok());
    }
    assert_eq!(opened.stats().files, 2);
}
