//! What is refused, and where it can be seen.

use std::sync::Arc;

use domain::{RejectReason, payload::PayloadError};
use ingest::{Ingest, LockError, OpenError, Outcome, RegisterFieldsError, StageError, SystemClock};

use crate::harness::{Message, Plane, block_on, config, open, try_open};

#[test]
fn an_unreadable_message_is_durable_and_in_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    let receipt = plane.submit(&Message::new("{\"level\":")).unwrap();
    assert_eq!(receipt.outcome(), &Outcome::Unreadable(PayloadError::Json));
    let plane = plane.crash(folder.path());
    let quarantined = plane.ingest.quarantine(&plane.device.id);
    assert_eq!(quarantined.len(), 1);
    assert_eq!(quarantined[0].offset, receipt.offset());
    assert_eq!(quarantined[0].unreadable, Some(PayloadError::Json));
    assert_eq!(&quarantined[0].original[..], b"{\"level\":");
}

#[test]
fn a_bad_observation_is_in_quarantine_and_the_good_one_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    let message = Message::new(r#"{"t":"2026-09-21T13:00:00Z","v":{"level":2,"discharge":true}}"#);
    assert_eq!(plane.counts(&message), (1, 0, 1));
    assert_eq!(plane.stored("level").len(), 1);
    let quarantined = plane.ingest.quarantine(&plane.device.id);
    assert_eq!(quarantined[0].rejections[0].reason, RejectReason::WrongType);
    assert_eq!(&*quarantined[0].rejections[0].field, "discharge");
}

/// Staging never waits for the registry: all that a message brings is told at
/// once, and what is refused gets no datastream.
#[test]
fn new_fields_are_registered_apart_from_staging() {
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    let message = Message::new(r#"{"level":2,"one":1,"two":2,"not a name":3}"#);
    let mut changes = plane.registry.mark().changes;
    let Err(StageError::NewFields(fields)) = plane.stage(&message) else {
        panic!("two fields are new");
    };
    assert_eq!(plane.registry.mark().changes, changes);
    block_on(plane.ingest.register(fields)).unwrap();
    changes += 1;
    assert_eq!(plane.registry.mark().changes, changes);
    assert_eq!(plane.counts(&message), (3, 0, 1));
    assert_eq!(plane.registry.mark().changes, changes);
    assert_ne!(plane.datastream("one"), plane.datastream("two"));
    block_on(plane.ingest.close()).unwrap();
    let Err(StageError::NewFields(late)) = plane.stage(&Message::new(r#"{"three":3}"#)) else {
        panic!("it is new");
    };
    let refused = block_on(plane.ingest.register(late));
    assert!(matches!(refused, Err(RegisterFieldsError::Closed)));
}

#[test]
fn an_unknown_field_is_kept_until_there_are_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let plane = try_open(ingest::Config {
        new_fields_per_hour: 32,
        ..config(folder.path())
    })
    .unwrap();
    for number in 0..32 {
        let message = Message::new(format!(r#"{{"extra-{number}":{number}}}"#));
        assert_eq!(plane.counts(&message), (1, 0, 0), "field {number}");
    }
    assert_eq!(plane.counts(&Message::new(r#"{"extra-32":1}"#)), (0, 0, 1));
    assert_eq!(
        plane.counts(&Message::new(r#"{"not a name":1}"#)),
        (0, 0, 1)
    );
    let stored = plane.stored("extra-31");
    assert!(stored[0].flags.contains(domain::Flags::EXTRA));
    let plane = plane.crash(folder.path());
    assert_eq!(plane.stored("extra-0").len(), 1);
}

#[test]
fn a_signed_number_is_used_once_whatever_happens_between() {
    let ends: [fn(Plane, &std::path::Path) -> Plane; 3] =
        [|plane, _| plane, Plane::crash, Plane::restart];
    for end in ends {
        let folder = tempfile::tempdir().unwrap();
        let plane = open(folder.path());
        let message = Message::level(60, 1.0);
        plane.submit(&message.clone().signed(3, 2_000)).unwrap();
        let plane = end(plane, folder.path());
        let stage = |epoch, sequence| plane.stage(&message.clone().signed(epoch, sequence));
        assert!(matches!(stage(3, 2_000), Err(StageError::Replayed)));
        assert!(matches!(stage(2, 9_999), Err(StageError::Replayed)));
        assert!(matches!(stage(3, 2_000 - 1_024), Err(StageError::Replayed)));
        drop(stage(3, 2_000 - 1_023).unwrap());
        assert!(matches!(stage(3, 2_000 - 1_023), Err(StageError::Replayed)));
        drop(stage(4, 0).unwrap());
        let window = plane.ingest.replay_window(&plane.device.id).unwrap();
        assert_eq!((window.boot_epoch(), window.highest_sequence()), (4, 0));
    }
}

#[test]
fn a_folder_in_use_is_refused_until_it_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    let again = || {
        let registry = Arc::clone(&plane.registry);
        Ingest::open(config(folder.path()), registry, Arc::new(SystemClock))
    };
    let refused = again().err().unwrap();
    assert!(
        matches!(refused, OpenError::Lock(LockError::InUse { .. })),
        "{refused:?}"
    );
    block_on(plane.ingest.close()).unwrap();
    let refused = again().err().unwrap();
    assert!(
        matches!(refused, OpenError::Lock(LockError::InUse { .. })),
        "closed, but queries go on: {refused:?}"
    );
    drop(plane);
    open(folder.path());
}

#[test]
fn a_segment_size_out_of_bounds_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.segment_bytes = 1;
    let refused = try_open(config).err().unwrap();
    assert!(
        matches!(refused, OpenError::SegmentBytes { bytes: 1 }),
        "{refused:?}"
    );
    assert!(!folder.path().join("log").exists());
}

#[test]
fn after_close_nothing_is_accepted_and_everything_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let plane = open(folder.path());
    for number in 0..100 {
        drop(plane.stage(&Message::level(number, 1.0)).unwrap());
    }
    block_on(plane.ingest.close()).unwrap();
    assert!(matches!(
        plane.stage(&Message::level(0, 2.0)),
        Err(StageError::Closed)
    ));
    let plane = plane.crash(folder.path());
    assert_eq!(plane.stored("level").len(), 100);
}
