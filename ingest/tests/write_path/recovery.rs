//! What a restart keeps: with frames in the log alone, in files alone, in both.

use std::path::Path;

use domain::Offset;
use ingest::{Config, OpenError, StageError, StreamItem, StreamStart};

use crate::harness::{Message, block_on, config, open, try_open};

#[test]
fn what_has_a_receipt_is_there_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let mut plane = open(folder.path());
    for round in 0..5 {
        for number in 0..20 {
            let seconds = i64::from(round * 20 + number);
            plane
                .submit(&Message::level(seconds, f64::from(round)))
                .unwrap();
        }
        plane = plane.crash(folder.path());
        assert_eq!(plane.stored("level").len() as i32, (round + 1) * 20);
        assert_eq!(plane.durable().get() as i32, (round + 1) * 20);
    }
}

#[test]
fn what_nobody_waited_for_becomes_durable_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    drop(plane.stage(&Message::level(1, 1.0)).unwrap());
    let mut stream = plane.ingest.stream(StreamStart::After(Offset::ZERO));
    let item = block_on(async {
        let patience = std::time::Duration::from_secs(30);
        tokio::time::timeout(patience, stream.next())
            .await
            .unwrap()
            .unwrap()
    });
    assert!(matches!(item, StreamItem::Frame(frame) if frame.offset.get() == 1));
    assert_eq!(plane.durable().get(), 1);
}

#[test]
fn what_nobody_waited_for_is_kept_by_a_clean_stop() {
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    for number in 0..50 {
        drop(plane.stage(&Message::level(number, 1.0)).unwrap());
    }
    let plane = plane.restart(folder.path());
    assert_eq!(plane.stored("level").len(), 50);
}

#[test]
fn a_start_that_cannot_flush_ends_with_the_fault_and_loses_nothing() {
    const MESSAGES: i64 = 300;
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    for number in 0..MESSAGES {
        drop(plane.stage(&Message::level(number, 1.0)).unwrap());
    }
    plane.submit(&Message::level(MESSAGES, 1.0)).unwrap();
    drop(plane);
    // A folder in a file's place, which no right of a superuser overcomes.
    let obstacle = folder.path().join("store/latest");
    std::fs::create_dir(&obstacle).unwrap();
    let often = || Config {
        flush_rows: 50,
        ..config(folder.path())
    };
    let refused = try_open(often()).err();
    assert!(matches!(refused, Some(OpenError::Flush(_))), "{refused:?}");
    std::fs::remove_dir(&obstacle).unwrap();
    let plane = try_open(often()).unwrap();
    assert_eq!(plane.stored("level").len() as i64, MESSAGES + 1);
}

/// Flushes often, and gives log space back at once.
fn small(folder: &Path) -> Config {
    Config {
        flush_rows: 500,
        log_budget_bytes: 0,
        ..config(folder)
    }
}

#[test]
fn files_and_log_together_have_everything_once() {
    const MESSAGES: u64 = 6_000;
    /// Crashes come between flushes as well as right after them.
    const CRASH_EVERY: u64 = 1_700;
    let folder = tempfile::tempdir().unwrap();
    let mut plane = try_open(small(folder.path())).unwrap();
    plane.submit(&Message::level(0, -1.0).signed(7, 7)).unwrap();
    for number in 1..=MESSAGES {
        // A kilobyte of each is quarantined, so that segments fill up.
        let staged = plane.stage(&Message::new(format!(
            r#"{{"t":{},"v":{{"level":{},"discharge":"{}"}}}}"#,
            1_780_000_000 + number,
            number % 40,
            "x".repeat(1_000),
        )));
        drop(staged.unwrap());
        if number % CRASH_EVERY == 0 || number == MESSAGES {
            // The last one is waited for, and with it all before.
            plane.submit(&Message::level(number as i64, 1.0)).unwrap();
            drop(plane);
            plane = try_open(small(folder.path())).unwrap();
        }
    }
    let crashes = MESSAGES / CRASH_EVERY + 1;
    let stored = plane.stored("level");
    assert_eq!(stored.len() as u64, 1 + MESSAGES + crashes);
    assert!(
        stored.is_sorted_by(|a, b| a.time < b.time),
        "nothing is there twice"
    );

    // The frame that taught the sequencer this number is gone from the log, once
    // a flush has given its space back: where no kill came before that.
    for number in 0.. {
        let mut stream = plane.ingest.stream(StreamStart::After(Offset::ZERO));
        if matches!(stream.try_next().unwrap(), Some(StreamItem::Gap { .. })) {
            break;
        }
        assert!(number < MESSAGES, "the log keeps its first segment");
        let later = Message::level((MESSAGES + number) as i64, 2.0);
        plane.submit(&later).unwrap();
    }
    let replayed = plane.stage(&Message::level(5, 1.0).signed(7, 7));
    assert!(matches!(replayed, Err(StageError::Replayed)));
}

/// The sequencer's memory is written after the store's manifest. Killed
/// between the two, the log still has what the memory lacks.
#[test]
fn a_signed_number_is_remembered_though_only_the_manifest_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    plane.submit(&Message::level(9, 1.0).signed(7, 7)).unwrap();
    let plane = plane.restart(folder.path());
    plane.submit(&Message::level(8, 1.0).signed(7, 8)).unwrap();
    let memory = folder.path().join("log/sequencer");
    let before = std::fs::read(&memory).unwrap();
    block_on(plane.ingest.close()).unwrap();
    drop(plane);
    assert_ne!(std::fs::read(&memory).unwrap(), before);
    std::fs::write(&memory, before).unwrap();

    let plane = open(folder.path());
    assert_eq!(plane.stored("level").len(), 2);
    for number in [7, 8] {
        let replayed = plane.stage(&Message::level(5, 1.0).signed(7, number));
        assert!(matches!(replayed, Err(StageError::Replayed)), "{number}");
    }
    assert_eq!(plane.stored("level").len(), 2);
}
