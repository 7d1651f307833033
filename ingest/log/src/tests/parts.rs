//! A segment that is lost, emptied, cut short, older than the others or of
//! another folder: refused by its name, and nothing is changed.

use std::fs;
use std::path::PathBuf;

use domain::{FolderId, FolderMark};

use super::*;

fn mark(byte: u8) -> FolderMark {
    FolderMark::of(FolderId::from_bytes([byte; 16]).unwrap())
}

fn open_as(folder: &Path, mark: FolderMark, least: u64) -> Result<Log, LogOpenError> {
    let disk = DiskConfig {
        mark,
        least: Offset::new(least),
        ..disk(folder, &Faults::default())
    };
    open_on(&disk, CommitPolicy::Inline, 0)
}

/// Three segments of the folder 1, and how far each copy of the last goes.
fn three_segments() -> (tempfile::TempDir, Vec<PathBuf>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let id = mark(1).id().unwrap();
    let log = open_as(folder.path(), FolderMark::first(id), 0).unwrap();
    while segment_paths(folder.path()).unwrap().len() < 3 {
        let staged = stage(&log, log.durable_offset().get(), 100);
        commit(&log, vec![staged]).unwrap();
        log.take_groups(Duration::ZERO);
    }
    let end = log.durable_offset().get();
    drop(log);
    let paths = segment_paths(folder.path()).unwrap();
    let paths = paths.into_iter().map(|(_, path)| path).collect();
    (folder, paths, end)
}

/// Every file with its bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

fn refused(folder: &Path, path: &Path, least: u64) {
    let before = contents(folder);
    let error = open_as(folder, mark(1), least)
        .err()
        .expect("it is refused");
    let said = error.to_string();
    assert!(said.contains(path.to_str().unwrap()), "{said}");
    assert!(before == contents(folder), "nothing is changed: {said}");
}

#[test]
fn each_segment_that_is_damaged_as_a_whole_is_refused_by_name() {
    let (folder, paths, end) = three_segments();
    let stranger = three_segments();
    for (place, path) in paths.iter().enumerate() {
        let whole = fs::read(path).unwrap();
        let name = path.file_name().unwrap();
        let reports_to = match place {
            // What remains begins after what the store holds.
            0 => folder.path(),
            1 => path,
            // What remains ends before what was acknowledged.
            _ => folder.path(),
        };
        fs::remove_file(path).unwrap();
        refused(folder.path(), reports_to, end);
        fs::write(path, b"").unwrap();
        refused(folder.path(), path, end);
        if place < 2 {
            fs::write(path, &whole[..whole.len() / 2]).unwrap();
            refused(folder.path(), path, end);
        }
        // Of another folder, under this one's name.
        let other = stranger.0.path();
        let log = open_as(other, mark(1), 0).unwrap();
        drop(log);
        let mut foreign = fs::read(&stranger.1[place]).unwrap();
        foreign[24..40].fill(2);
        let crc = crc32c::crc32c(&foreign[..60]);
        foreign[60..64].copy_from_slice(&crc.to_le_bytes());
        fs::write(path, &foreign).unwrap();
        assert_eq!(stranger.1[place].file_name().unwrap(), name);
        refused(folder.path(), path, end);
        fs::write(path, &whole).unwrap();
    }
    let log = open_as(folder.path(), mark(1), end).unwrap();
    assert_eq!(log.durable_offset().get(), end);
}

#[test]
fn a_last_segment_that_ends_before_what_was_acknowledged_is_an_older_one() {
    let (folder, paths, end) = three_segments();
    let older: Vec<_> = contents(folder.path());
    let log = open_as(folder.path(), mark(1), end).unwrap();
    let staged = stage(&log, end, 10);
    commit(&log, vec![staged]).unwrap();
    drop(log);
    let (path, bytes) = older
        .into_iter()
        .find(|(path, _)| *path == paths[2])
        .unwrap();
    fs::write(path, bytes).unwrap();
    refused(folder.path(), folder.path(), end + 1);
    assert!(open_as(folder.path(), mark(1), end).is_ok());
}

#[test]
fn a_log_of_another_folder_and_none_at_all_are_refused() {
    let (folder, paths, _) = three_segments();
    let error = open_as(folder.path(), mark(2), 0).err().unwrap();
    assert!(matches!(error, LogOpenError::Misfit { .. }), "{error}");
    for path in paths {
        fs::remove_file(path).unwrap();
    }
    let error = open_as(folder.path(), mark(1), 0).err().unwrap();
    assert!(matches!(error, LogOpenError::Lost { .. }), "{error}");
}
