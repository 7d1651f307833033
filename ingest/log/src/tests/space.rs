//! Segments: going on in the next, giving space back, and readers meanwhile.

use std::fs;

use super::super::medium::disk::spare::Spares;
use super::*;

fn fill(log: &Log, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let staged = stage(log, number, 100);
        commit(log, vec![staged]).unwrap();
        // Takes the applier's part.
        log.take_groups(Duration::ZERO);
    }
}

fn segment_files(folder: &Path) -> usize {
    fs::read_dir(folder)
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|ext| ext == "log")
        })
        .count()
}

#[test]
fn frames_go_on_through_segments_and_are_found_from_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    fill(&log, 0..100);
    drop(log);
    assert!(segment_files(folder.path()) > 3);
    let log = open(folder.path());
    assert_eq!(numbers(&log), (0..100).collect::<Vec<_>>());
    for from in 1..=100 {
        let frame = log.frames(Offset::new(from)).next().unwrap().unwrap();
        assert_eq!(frame.offset().get(), from);
        assert_eq!(number(&frame), from - 1);
    }
    assert!(log.frames(Offset::new(101)).next().is_none());
}

#[test]
fn a_reader_at_the_end_goes_on_when_there_is_more() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut frames = log.frames(Offset::new(1));
    for next in 0..60 {
        assert!(frames.next().is_none());
        fill(&log, next..next + 1);
        assert_eq!(number(&frames.next().unwrap().unwrap()), next);
    }
}

#[test]
fn only_what_the_store_holds_and_the_budget_spares_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    fill(&log, 0..100);
    let files = segment_files(folder.path());

    log.release(Offset::ZERO, 0).unwrap();
    assert_eq!(
        segment_files(folder.path()),
        files,
        "the store holds nothing yet"
    );
    log.release(Offset::new(100), u64::MAX).unwrap();
    assert_eq!(segment_files(folder.path()), files, "the budget keeps all");

    log.release(Offset::new(50), 0).unwrap();
    let first = log.first_offset().get();
    assert!((2..=51).contains(&first), "{first}");
    assert_eq!(
        log.frames(Offset::new(51))
            .next()
            .unwrap()
            .unwrap()
            .offset()
            .get(),
        51
    );

    log.release(Offset::new(100), SEGMENT_BYTES * 2).unwrap();
    assert_eq!(segment_files(folder.path()), 2);
    let error = log.frames(Offset::new(1)).next().unwrap().unwrap_err();
    let first = log.first_offset();
    assert!(
        matches!(error, LogReadError::Gone { first: told } if told == first),
        "{error:?}"
    );
}

#[test]
fn a_recycled_segment_never_shows_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    for round in 0..20 {
        fill(&log, round * 20..(round + 1) * 20);
        log.release(log.durable_offset(), 0).unwrap();
    }
    drop(log);
    let log = open(folder.path());
    let read = numbers(&log);
    let first = log.first_offset().get() - 1;
    assert_eq!(read, (first..400).collect::<Vec<_>>());
    assert!(segment_files(folder.path()) < 5);
}

#[test]
fn a_reader_that_is_overtaken_is_told_and_reads_nothing_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    fill(&log, 0..60);
    let mut frames = log.frames(Offset::new(1));
    assert_eq!(number(&frames.next().unwrap().unwrap()), 0);
    for round in 3..9 {
        fill(&log, round * 20..(round + 1) * 20);
        log.release(log.durable_offset(), 0).unwrap();
    }
    let mut expected = 1;
    loop {
        match frames.next() {
            Some(Ok(frame)) => {
                // What its buffer still held is right, and in order.
                assert_eq!(number(&frame), expected);
                expected += 1;
            }
            Some(Err(LogReadError::Gone { first })) => {
                assert!(first.get() > expected);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_spare_that_could_not_be_made_long_ago_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    // A folder in its place: making the spare fails, whoever runs the test.
    let obstacle = folder.path().join("spare.tmp");
    let spares =
        Spares::start(folder.path(), SEGMENT_BYTES, &supervisor::Scope::default()).unwrap();
    spares.wait().unwrap();
    fs::create_dir(&obstacle).unwrap();
    fs::remove_file(folder.path().join("spare")).unwrap();
    spares.taken();
    // It fails before anybody waits.
    while !spares.has_failed() {
        std::thread::yield_now();
    }
    assert!(spares.wait().is_err());
    fs::remove_dir(&obstacle).unwrap();
    assert!(spares.wait().is_ok());
}

#[test]
fn a_store_without_a_log_has_lost_it_and_may_be_given_a_new_one_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let disk = disk(folder.path(), &Faults::default());
    let open = || open_on::<Disk>(&disk, CommitPolicy::Inline, 41);
    assert!(matches!(open(), Err(LogOpenError::Lost { .. })));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "untouched");
    begin_anew(folder.path(), Offset::new(42), None).unwrap();
    let log = open().unwrap();
    let staged = stage(&log, 1, 0);
    assert_eq!(commit(&log, vec![staged]).unwrap()[0].offset().get(), 42);
}
