//! A manifest that is lost, or older than the files: no row is lost, and it is
//! made again from the files.

use std::fs;
use std::path::Path;

use domain::{FolderId, FolderMark, Offset, Timestamp};

use super::{Opened, files, frame, number, upkeep};
use crate::manifest::DAY;
use crate::observation::StoredObservation;
use crate::{Rebuild, Repaired, StoreOpenError, Upkeep};

const SERIES: std::ops::Range<u32> = 1..5;
const DAYS: i64 = 3;

fn mark(byte: u8) -> FolderMark {
    FolderMark::of(FolderId::from_bytes([byte; 16]).unwrap())
}

fn with(mark: FolderMark) -> Upkeep {
    Upkeep { mark, ..upkeep() }
}

fn open(folder: &Path) -> Opened {
    let id = mark(1).id().unwrap();
    Opened::with(folder, 1_000, with(FolderMark::first(id)))
}

/// One flush of every series on every day.
fn flush(opened: &mut Opened, offset: u64) {
    let rows = SERIES.flat_map(|series| {
        (0..DAYS)
            .map(move |day| number(series, day * DAY + offset as i64 * 1_000, f64::from(series)))
    });
    opened.apply(&frame(offset, rows.collect()));
    opened.store.flush().unwrap();
}

/// Day files of a first and a second compaction, and two flushed files.
fn fill(folder: &Path) -> Vec<StoredObservation> {
    let mut opened = open(folder);
    for offset in 1..=2 {
        flush(&mut opened, offset);
    }
    opened.store.compact().unwrap();
    for offset in 3..=4 {
        flush(&mut opened, offset);
    }
    opened.store.compact().unwrap();
    for offset in 5..=6 {
        flush(&mut opened, offset);
    }
    answers(&opened)
}

fn answers(opened: &Opened) -> Vec<StoredObservation> {
    SERIES.flat_map(|series| opened.all(series)).collect()
}

fn rebuild(folder: &Path, accept_loss: bool) -> Repaired {
    let upkeep = upkeep();
    let rebuild = Rebuild {
        folder,
        mark: mark(1),
        log_begins: Some(Offset::new(1)),
        group_of: &*upkeep.group_of,
        now: Timestamp::from_micros(0),
        accept_loss,
    };
    rebuild.run().unwrap()
}

/// Nothing that was there is gone, whatever its name is now.
fn bytes_of_data(folder: &Path) -> u64 {
    files(folder, "")
        .iter()
        .filter(|path| path.to_str().unwrap().contains(".parquet"))
        .map(|path| fs::metadata(path).unwrap().len())
        .sum()
}

#[test]
fn a_lost_manifest_is_refused_and_made_again_from_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let (path, expected) = (folder.path(), fill(folder.path()));
    let manifest = path.join("manifest");
    let whole = fs::read(&manifest).unwrap();
    let bytes = bytes_of_data(path);
    for damage in ["removed", "emptied", "cut", "another folder's"] {
        match damage {
            "removed" => fs::remove_file(&manifest).unwrap(),
            "emptied" => fs::write(&manifest, b"").unwrap(),
            "cut" => fs::write(&manifest, &whole[..whole.len() / 2]).unwrap(),
            _ => {
                let other = tempfile::tempdir().unwrap();
                let id = mark(2).id().unwrap();
                drop(Opened::with(other.path(), 100, with(FolderMark::first(id))));
                fs::copy(other.path().join("manifest"), &manifest)
                    .map(drop)
                    .unwrap();
            }
        }
        for mark in [mark(1), FolderMark::first(mark(1).id().unwrap())] {
            let refused = Opened::try_with(path, 1_000, with(mark)).err();
            let refused = refused.unwrap_or_else(|| panic!("{damage}: it was opened"));
            assert!(
                matches!(refused, StoreOpenError::Manifest(_)),
                "{damage}: {refused}"
            );
        }
        assert_eq!(bytes_of_data(path), bytes, "{damage}: nothing is deleted");
        let repaired = rebuild(path, false);
        assert!(repaired.left.is_empty(), "{damage}: {repaired:?}");
        let opened = Opened::with(path, 1_000, with(mark(1)));
        assert_eq!(answers(&opened), expected, "{damage}");
        assert_eq!(opened.store.flushed_offset(), Offset::new(6), "{damage}");
        assert_eq!(opened.stats().files_set_aside, 0, "{damage}");
        let again = rebuild(path, false);
        assert!(again.done.is_empty() && again.left.is_empty(), "{again:?}");
    }
}

#[test]
fn an_older_manifest_loses_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut opened = open(path);
    for offset in 1..=2 {
        flush(&mut opened, offset);
    }
    let mut older = vec![fs::read(path.join("manifest")).unwrap()];
    flush(&mut opened, 3);
    older.push(fs::read(path.join("manifest")).unwrap());
    opened.store.compact().unwrap();
    older.push(fs::read(path.join("manifest")).unwrap());
    flush(&mut opened, 4);
    let expected = answers(&opened);
    drop(opened);
    let newest: Vec<_> = files(path, "")
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    for (place, manifest) in older.iter().enumerate() {
        for path in files(path, "") {
            fs::remove_file(path).unwrap();
        }
        for (path, bytes) in &newest {
            fs::write(path, bytes).unwrap();
        }
        fs::write(path.join("manifest"), manifest).unwrap();
        let bytes = bytes_of_data(path);
        match Opened::try_with(path, 1_000, with(mark(1))) {
            Ok(mut opened) => {
                assert_eq!(place, 2, "the files that it names are there");
                // As the log gives it again.
                flush(&mut opened, 4);
                assert_eq!(answers(&opened), expected);
            }
            Err(refused) => {
                assert!(matches!(refused, StoreOpenError::Lost { .. }), "{refused}");
                let repaired = rebuild(path, false);
                assert!(repaired.left.is_empty(), "{repaired:?}");
                let opened = Opened::with(path, 1_000, with(mark(1)));
                assert_eq!(answers(&opened), expected, "manifest {place}");
            }
        }
        assert!(bytes_of_data(path) >= bytes, "nothing is deleted");
    }
}

#[test]
fn both_generations_of_a_compaction_count_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut opened = open(path);
    for offset in 1..=2 {
        flush(&mut opened, offset);
    }
    let inputs: Vec<_> = files(path, ".parquet")
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    let expected = answers(&opened);
    opened.store.compact().unwrap();
    drop(opened);
    // Killed before the old files were removed, or before the manifest.
    for removed in [0, 1] {
        for (path, bytes) in &inputs[removed..] {
            fs::write(path, bytes).unwrap();
        }
        fs::remove_file(path.join("manifest")).unwrap();
        let repaired = rebuild(path, false);
        assert!(repaired.left.is_empty(), "{repaired:?}");
        let opened = Opened::with(path, 1_000, with(mark(1)));
        assert_eq!(
            answers(&opened),
            expected,
            "{removed} removed: {repaired:?}"
        );
        drop(opened);
        for aside in files(path, "")
            .iter()
            .filter(|path| path.to_str().unwrap().contains(".aside-"))
        {
            let name = aside.to_str().unwrap();
            let old = &name[..name.find(".aside-").unwrap()];
            if !old.ends_with("manifest") {
                fs::rename(aside, old).unwrap();
            }
        }
    }
}

#[test]
fn files_of_older_versions_are_made_a_store_again() {
    for version in ["store-v1", "store-v2", "store-v3"] {
        let folder = tempfile::tempdir().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(version);
        for entry in fs::read_dir(fixture).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
        let expected = answers(&Opened::at(folder.path(), 100));
        fs::remove_file(folder.path().join("manifest")).unwrap();
        let repaired = rebuild(folder.path(), false);
        assert!(repaired.left.is_empty(), "{version}: {repaired:?}");
        let opened = Opened::with(folder.path(), 100, with(mark(1)));
        assert_eq!(answers(&opened), expected, "{version}");
        opened.store.compact().unwrap();
        assert_eq!(answers(&opened), expected, "{version}");
    }
}

#[test]
fn what_was_set_aside_for_good_is_told_and_given_up_only_where_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fill(path);
    let lost = files(path, ".parquet").pop().unwrap();
    fs::remove_file(&lost).unwrap();
    let repaired = rebuild(path, false);
    assert_eq!((repaired.done.len(), repaired.left.len()), (0, 1));
    assert!(repaired.left[0].contains(lost.to_str().unwrap()));
    let repaired = rebuild(path, true);
    assert!(repaired.left.is_empty(), "{repaired:?}");
    let opened = Opened::with(path, 1_000, with(mark(1)));
    assert_eq!(opened.stats().files_set_aside, 1);
    assert!(answers(&opened).len() < fill(tempfile::tempdir().unwrap().path()).len());
}

#[test]
fn only_what_a_manifest_replaced_or_the_log_has_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let expected = fill(path);
    let own = files(path, ".parquet").pop().unwrap();
    // Somebody's file, of a number that no manifest knows.
    let stray = path.join("000000000999.parquet");
    fs::copy(&own, &stray).unwrap();
    let opened = Opened::with(path, 1_000, with(mark(1)));
    opened.store.remove_unfinished(Offset::new(6));
    assert_eq!(answers(&opened), expected);
    assert!(!stray.exists());
    let aside = files(path, "").into_iter().find(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("000000000999.parquet.aside-")
    });
    assert_eq!(fs::read(aside.unwrap()).unwrap(), fs::read(own).unwrap());
}
