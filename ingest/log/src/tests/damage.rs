//! Torn writes and flipped bits, at every byte.

use std::fs;
use std::path::PathBuf;

use super::super::medium::disk::segment::{SEGMENT_HEADER_BYTES, file_name};
use super::*;

/// Three groups of two frames in one segment. Returns the folder, and the
/// groups' ends as positions in the file.
fn three_groups() -> (tempfile::TempDir, Vec<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut ends = vec![SEGMENT_HEADER_BYTES as usize];
    for group in 0..3 {
        let staged = vec![stage(&log, group * 2, 3), stage(&log, group * 2 + 1, 21)];
        commit(&log, staged).unwrap();
        ends.push(log.shared.end.lock().as_ref().unwrap().position as usize);
    }
    (folder, ends)
}

fn segment(folder: &Path) -> PathBuf {
    folder.join(file_name(Offset::new(1)))
}

/// The numbers that are read after the segment's content was replaced.
fn read_with(folder: &Path, content: &[u8]) -> Result<Vec<u64>, LogOpenError> {
    fs::write(segment(folder), content).unwrap();
    let log = try_open(folder, CommitPolicy::Inline, &Faults::default())?;
    Ok(numbers(&log))
}

fn is_prefix(read: &[u64]) -> bool {
    read.iter().copied().eq(0..read.len() as u64)
}

#[test]
fn a_write_torn_at_any_byte_is_cut() {
    let (folder, ends) = three_groups();
    let whole = fs::read(segment(folder.path())).unwrap();
    for torn in ends[2]..ends[3] {
        let mut content = whole.clone();
        content[torn..].fill(0);
        let read = read_with(folder.path(), &content).unwrap();
        assert!(
            is_prefix(&read) && read.len() >= 4,
            "torn at {torn}: {read:?}"
        );
    }
    let read = read_with(folder.path(), &whole).unwrap();
    assert_eq!(read.len(), 6);
}

#[test]
fn a_write_of_which_only_the_end_arrived_is_cut_and_never_comes_back() {
    let (folder, ends) = three_groups();
    let mut content = fs::read(segment(folder.path())).unwrap();
    // The first frame's bytes did not reach the disk, the second's did.
    content[ends[2]..ends[2] + 24].fill(0);
    assert_eq!(read_with(folder.path(), &content).unwrap().len(), 4);

    // A frame of the lost one's size stands before the place of the second.
    let log = open(folder.path());
    let staged = stage(&log, 4, 3);
    assert_eq!(commit(&log, vec![staged]).unwrap()[0].offset().get(), 5);
    drop(log);
    assert_eq!(numbers(&open(folder.path())), [0, 1, 2, 3, 4]);
}

#[test]
fn a_bit_flipped_at_any_byte_is_refused_or_was_padding() {
    let (folder, ends) = three_groups();
    let whole = fs::read(segment(folder.path())).unwrap();
    let mut refused = 0;
    for at in 0..ends[3] {
        let mut content = whole.clone();
        content[at] ^= 1 << (at % 8);
        match read_with(folder.path(), &content) {
            // A frame's padding means nothing, and the last bit of all looks
            // like a torn write; `every_byte` tells them apart.
            Ok(read) => {
                assert!(is_prefix(&read), "byte {at}: {read:?}");
                assert!(
                    read.len() == 6 || at >= ends[2] && read.len() >= 4,
                    "byte {at}"
                );
            }
            Err(LogOpenError::Corrupt { path, position, .. }) => {
                assert_eq!(path, segment(folder.path()));
                assert!(position as usize <= at, "byte {at} told as {position}");
                refused += 1;
            }
            Err(LogOpenError::Header { .. }) => {
                assert!(at < SEGMENT_HEADER_BYTES as usize, "byte {at}");
                refused += 1;
            }
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    assert!(
        refused > (ends[3] * 9) / 10,
        "{refused} of {} were refused",
        ends[3]
    );
}

#[test]
fn damage_in_an_earlier_segment_is_named_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    for number in 0..80 {
        let staged = stage(&log, number, 40);
        commit(&log, vec![staged]).unwrap();
    }
    drop(log);
    let path = segment(folder.path());
    let mut content = fs::read(&path).unwrap();
    content[300] ^= 1;
    fs::write(&path, content).unwrap();
    let log = open(folder.path());
    let error = log.frames(Offset::new(1)).find_map(Result::err).unwrap();
    assert!(matches!(error, LogReadError::Corrupt { .. }), "{error:?}");
    let told = error.to_string();
    assert!(
        told.contains(&file_name(Offset::new(1))) && told.contains("byte "),
        "{told}"
    );
}

#[test]
fn a_newer_format_is_refused_and_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    fs::write(folder.path().join("FORMAT"), "madang-log 2\n").unwrap();
    let list = || -> Vec<_> {
        let mut all: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.path(), fs::read(entry.path()).unwrap()))
            .collect();
        all.sort();
        all
    };
    let before = list();
    let error = try_open(folder.path(), CommitPolicy::Inline, &Faults::default())
        .err()
        .unwrap();
    assert!(
        matches!(error, LogOpenError::Newer { found: 2, .. }),
        "{error:?}"
    );
    assert!(list() == before);
}

#[test]
fn a_log_that_ends_before_the_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let staged = stage(&log, 1, 0);
    commit(&log, vec![staged]).unwrap();
    drop(log);
    let disk = disk(folder.path(), &Faults::default());
    let error = open_on::<Disk>(&disk, CommitPolicy::Inline, 5)
        .err()
        .unwrap();
    assert!(
        matches!(error, LogOpenError::OlderThanStore { .. }),
        "{error:?}"
    );
}

/// Sound frames at the end may be those of a process that was killed before
/// its sync, or whose sync has failed: then the system shows bytes that the
/// disk may not have, and would not write them a second time by itself.
/// Whoever goes on from them has made them durable.
#[test]
fn what_recovery_takes_over_is_written_again_and_synced_first() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let staged = stage(&log, 1, 0);
    commit(&log, vec![staged]).unwrap();
    drop(log);
    let faults = Faults::default();
    let log = open_with(folder.path(), CommitPolicy::Inline, &faults);
    assert_eq!(log.durable_offset(), Offset::new(1));
    assert_eq!(faults.syncs(), 1);
    drop(log);
    faults.fail_syncs();
    let refused = try_open(folder.path(), CommitPolicy::Inline, &faults).err();
    assert!(
        matches!(refused, Some(LogOpenError::Io { action: "sync", .. })),
        "{refused:?}"
    );
    faults.heal();
    faults.fail_writes(0);
    let refused = try_open(folder.path(), CommitPolicy::Inline, &faults).err();
    let action = "write the end of";
    assert!(
        matches!(refused, Some(LogOpenError::Io { action: told, .. }) if told == action),
        "{refused:?}"
    );
}
