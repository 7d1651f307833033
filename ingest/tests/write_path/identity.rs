//! First, revision, duplicate; assigned times; messages that are known again.

use std::path::Path;

use domain::{Flags, Timestamp, Value};

use crate::harness::{Message, NOW, Plane, open};

/// How a process goes on, or ends and starts again.
type End<'a> = &'a dyn Fn(Plane, &Path) -> Plane;

/// What must hold right away, after a crash and after a clean restart.
fn after_each_end(check: impl Fn(End<'_>)) {
    check(&|plane, _| plane);
    check(&Plane::crash);
    check(&Plane::restart);
}

#[test]
fn the_same_value_again_is_counted_and_not_stored() {
    after_each_end(|end| {
        let folder = tempfile::tempdir().unwrap();
        let plane = open(folder.path());
        assert_eq!(plane.counts(&Message::level(60, 1.5)), (1, 0, 0));
        assert_eq!(plane.counts(&Message::level(60, 1.5)), (0, 1, 0));
        let plane = end(plane, folder.path());
        plane.submit(&Message::level(60, 1.5)).unwrap();
        let stored = plane.stored("level");
        assert_eq!(stored.len(), 1);
        assert_eq!((stored[0].offset.get(), stored[0].revision), (1, 0));
        assert_eq!(plane.durable().get(), 3);
    });
}

#[test]
fn another_value_is_the_next_revision() {
    after_each_end(|end| {
        let folder = tempfile::tempdir().unwrap();
        let plane = open(folder.path());
        plane.submit(&Message::level(60, 1.5)).unwrap();
        plane.submit(&Message::level(60, 1.6)).unwrap();
        let plane = end(plane, folder.path());
        plane.submit(&Message::level(60, 1.7)).unwrap();
        let stored = plane.stored("level");
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0].value, Some(Value::Number(1.7)));
        assert_eq!(stored[0].revision, 2);
    });
}

#[test]
fn a_message_with_both_is_counted_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    plane.submit(&Message::level(60, 1.0)).unwrap();
    let time = |seconds: i64| Timestamp::from_micros(NOW.as_micros() - seconds * 1_000_000);
    let message = Message::new(format!(
        r#"[{{"t":"{}","v":{{"level":1.0,"discharge":"many"}}}},{{"t":"{}","v":{{"level":2.0}}}}]"#,
        time(60),
        time(30)
    ));
    assert_eq!(plane.counts(&message), (1, 1, 1));
}

#[test]
fn assigned_times_grow_even_where_the_clock_stands_or_goes_back() {
    after_each_end(|end| {
        let folder = tempfile::tempdir().unwrap();
        let plane = open(folder.path());
        for (value, micros) in [(1, 10), (2, 10), (3, 5)] {
            let message = Message::new(format!(r#"{{"level":{value}}}"#)).received(micros);
            assert_eq!(plane.counts(&message), (1, 0, 0));
        }
        let plane = end(plane, folder.path());
        plane
            .submit(&Message::new(r#"{"level":4}"#).received(0))
            .unwrap();
        let stored = plane.stored("level");
        let times: Vec<_> = stored
            .iter()
            .map(|observation| observation.time.as_micros() - NOW.as_micros())
            .collect();
        // The receipt is the next whole millisecond.
        assert_eq!(times, [1_000, 1_001, 1_002, 1_003]);
        assert!(
            stored
                .iter()
                .all(|observation| observation.flags.contains(Flags::TIME_ASSIGNED))
        );
    });
}

#[test]
fn a_resent_message_without_a_time_is_known_by_its_payload() {
    after_each_end(|end| {
        let folder = tempfile::tempdir().unwrap();
        let plane = open(folder.path());
        let message = Message::new(r#"{"level":1}"#);
        assert_eq!(plane.counts(&message), (1, 0, 0));
        let plane = end(plane, folder.path());
        let later = message.received(5_000_000);
        assert_eq!(plane.counts(&later.clone().resent()), (0, 1, 0));
        // Without the mark it may well be the same value measured again.
        assert_eq!(plane.counts(&later), (1, 0, 0));
        assert_eq!(plane.stored("level").len(), 2);
    });
}

#[test]
fn a_resent_message_with_a_time_relative_to_now_is_known_by_its_payload() {
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    let message = Message::new(r#"[{"n":"level","t":-5,"v":1},{"n":"level","t":-1,"v":2}]"#);
    assert_eq!(plane.counts(&message), (2, 0, 0));
    let later = message.received(5_000_000);
    assert_eq!(plane.counts(&later.clone().resent()), (0, 2, 0));
    assert_eq!(plane.counts(&later), (2, 0, 0));
    assert_eq!(plane.stored("level").len(), 4);
}

#[test]
fn a_resent_message_is_looked_for_among_the_last_256() {
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    let message = |number: i64| Message::new(format!(r#"{{"level":{number}}}"#)).received(number);
    for number in 0..257 {
        plane.submit(&message(number)).unwrap();
    }
    assert_eq!(plane.counts(&message(1).resent()), (0, 1, 0));
    assert_eq!(plane.counts(&message(0).resent()), (1, 0, 0));
}
