//! A crash, or a failure, at each step on disk: of a flush, of a compaction, of
//! the retention. Nothing is lost, nothing is there twice.

use domain::Timestamp;

use super::{Opened, files, frame, number};
use crate::file::disk::Faults;
use crate::manifest::DAY;
use crate::observation::StoredObservation;

/// Steps of the longest operation are fewer.
const MOST_STEPS: usize = 200;

/// Two flushed files, of two days and both agencies.
fn two_files(folder: &std::path::Path) -> Opened {
    let mut opened = Opened::at(folder, 1_000);
    apply_all(&mut opened, 3);
    opened
}

/// The frames as a log gives them again; the last is left to the test.
fn apply_all(opened: &mut Opened, up_to: u64) {
    for offset in 1..up_to {
        let observations = (0..4).flat_map(|series| {
            [0, 1].map(|day| number(series, day * DAY + offset as i64, offset as f64))
        });
        opened.apply(&frame(offset, observations.collect()));
        opened.store.flush().unwrap();
    }
}

fn answers(opened: &Opened) -> Vec<StoredObservation> {
    (0..4).flat_map(|series| opened.all(series)).collect()
}

/// Crashes `act` at each of its steps, opens again and hands over to `check`.
fn crash_at_each_step(
    prepare: impl Fn(&std::path::Path) -> Opened,
    act: impl Fn(&mut Opened) -> bool,
    check: impl Fn(Opened),
) {
    for step in 0..MOST_STEPS {
        let folder = tempfile::tempdir().unwrap();
        let mut opened = prepare(folder.path());
        let faults = Faults::watch(folder.path());
        faults.crash(step);
        let done = act(&mut opened);
        drop(opened);
        let steps = faults.take_steps();
        faults.restart();
        check(Opened::at(folder.path(), 1_000));
        if steps <= step {
            assert!(done, "without a crash it succeeds");
            assert!(step > 5, "{step} steps are fewer than there are");
            return;
        }
    }
    panic!("it has more steps than were tried");
}

#[test]
fn a_crash_at_any_step_of_a_compaction_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let expected = answers(&two_files(folder.path()));
    crash_at_each_step(
        two_files,
        |opened| opened.store.compact().is_ok(),
        |opened| {
            assert_eq!(opened.stats().files_set_aside, 0);
            assert_eq!(answers(&opened), expected);
            opened.store.compact().unwrap();
            assert_eq!(answers(&opened), expected);
            assert_eq!(opened.stats().files, 4);
            assert_eq!(opened.stats().file_rows, 16);
        },
    );
}

#[test]
fn a_crash_at_any_step_of_a_flush_leaves_the_rest_to_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = two_files(folder.path());
    apply_all(&mut opened, 5);
    let expected = answers(&opened);
    crash_at_each_step(
        two_files,
        |opened| {
            let observations =
                (0..4).flat_map(|series| [0, 1].map(|day| number(series, day * DAY + 3, 3.0)));
            opened.apply(&frame(3, observations.collect()));
            opened.store.flush().is_ok()
        },
        |mut opened| {
            assert_eq!(opened.stats().files_set_aside, 0);
            apply_all(&mut opened, 5);
            assert_eq!(answers(&opened), expected);
            assert_eq!(opened.stats().file_rows, 32);
        },
    );
}

#[test]
fn a_crash_at_any_step_of_the_retention_drops_all_of_it_or_nothing() {
    let now = Timestamp::from_micros(11 * DAY);
    // What was set aside then is removed, and the second day is set aside.
    let later = Timestamp::from_micros(14 * DAY);
    let compacted = |folder: &std::path::Path| {
        let opened = two_files(folder);
        opened.store.compact().unwrap();
        opened
    };
    crash_at_each_step(
        compacted,
        |opened| opened.store.expire(now).is_ok() && opened.store.expire(later).is_ok(),
        |opened| {
            assert!([8, 12, 16].contains(&opened.stats().file_rows));
            assert_eq!(opened.stats().files_set_aside, 0);
            opened.store.expire(later).unwrap();
            assert_eq!(opened.stats().file_rows, 8);
            assert_eq!([2, 3].map(|series| opened.all(series).len()), [4, 0]);
        },
    );
}

#[test]
fn a_compaction_that_fails_at_any_step_is_done_again() {
    for error in [libc::ENOSPC, libc::EIO] {
        let failed = (0..MOST_STEPS)
            .take_while(|step| fail_at_step(*step, error))
            .count();
        assert!(failed > 20, "{failed} steps are fewer than there are");
    }
}

/// Whether there was such a step.
fn fail_at_step(step: usize, error: i32) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = two_files(folder.path());
    let expected = answers(&opened);
    let faults = Faults::watch(folder.path());
    faults.fail_once(step, error);
    let failed = opened.store.compact().is_err();
    let steps = faults.take_steps();
    faults.heal();
    assert_eq!(answers(&opened), expected, "step {step}");
    assert_eq!(opened.stats().compaction_failures, u64::from(failed));
    apply_all(&mut opened, 4);
    opened.store.compact().unwrap();
    let expected = answers(&opened);
    assert_eq!(opened.stats().file_rows, 24, "step {step}");
    drop(opened);
    let opened = Opened::at(folder.path(), 1_000);
    assert_eq!(answers(&opened), expected, "step {step}");
    assert_eq!(opened.stats().files_set_aside, 0, "step {step}");
    assert_eq!(files(folder.path(), ".parquet").len(), 4, "step {step}");
    steps > step
}
