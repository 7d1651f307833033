//! Rotation of keys and passwords.

use device_registry::{
    Actor, AddCredentialError, DeviceLogin, DevicePatch, EndingsTold, EventKind, OperationError,
    PasswordTerms, Patch,
};
use domain::{Assurance, CredentialId, Timestamp};

use crate::harness::{DeviceKey, TestRegistry, device, new_device};

#[test]
fn three_credentials_overlap_and_an_expired_one_makes_room() {
    let test = TestRegistry::new();
    let mut new = new_device("lot-1");
    new.keys = vec![DeviceKey::ed25519(1).public()];
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    let id = device("lot-1");
    test.registry
        .add_key(&Actor::OPERATOR, &id, &DeviceKey::es256().public())
        .unwrap();
    let mut short = DeviceKey::ed25519(2).public();
    short.expires = Some(Timestamp::from_micros(test.now().as_micros() + 60_000_000));
    let short = test
        .registry
        .add_key(&Actor::OPERATOR, &id, &short)
        .unwrap();

    let full = test
        .registry
        .add_key(&Actor::OPERATOR, &id, &DeviceKey::ed25519(3).public());
    assert!(matches!(full, Err(AddCredentialError::Full)));
    test.pass_seconds(61);
    let next = test
        .registry
        .add_key(&Actor::OPERATOR, &id, &DeviceKey::ed25519(3).public())
        .unwrap();
    assert!(
        next.id > short.id,
        "a credential's number is not used again"
    );
    let same = test
        .registry
        .add_key(&Actor::OPERATOR, &id, &DeviceKey::ed25519(3).public());
    assert!(matches!(same, Err(AddCredentialError::SameKey)));

    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    let kept: Vec<CredentialId> = snapshot
        .device("lot-1")
        .unwrap()
        .credentials
        .iter()
        .map(|credential| credential.id)
        .collect();
    assert_eq!(kept.len(), 3);
    assert!(kept.contains(&next.id) && !kept.contains(&short.id));
}

#[test]
fn a_removed_credential_is_gone_and_the_generation_tells() {
    let test = TestRegistry::new();
    let mut new = new_device("lot-1");
    new.keys = vec![DeviceKey::ed25519(1).public()];
    let made = test
        .registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    let before = test.registry.generation();
    test.registry
        .remove_credential(&Actor::OPERATOR, &made.id, made.credentials[0].id)
        .unwrap();
    assert!(test.registry.generation() > before);
    let error = test
        .registry
        .remove_credential(&Actor::OPERATOR, &made.id, made.credentials[0].id)
        .unwrap_err();
    assert_eq!(error.code(), "unknown-credential");
}

#[test]
fn a_password_names_sound_networks_and_a_revoked_device_gets_none() {
    let test = TestRegistry::new();
    let made = test
        .registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    let terms = |networks: &[&str]| PasswordTerms {
        networks: networks.iter().map(ToString::to_string).collect(),
        expires: None,
    };
    let error = |terms| {
        test.registry
            .make_password(&Actor::OPERATOR, &made.id, terms)
            .err()
            .unwrap()
    };
    assert_eq!(error(terms(&["10.0.0.0/99"])).code(), "invalid-network");
    assert_eq!(error(terms(&["10.0.0.0/8"; 17])).code(), "invalid-network");
    let first = test
        .registry
        .make_password(&Actor::OPERATOR, &made.id, terms(&[]))
        .unwrap();
    let second = test
        .registry
        .make_password(&Actor::OPERATOR, &made.id, terms(&[]))
        .unwrap();
    assert_eq!(first.password.len(), 43, "256 bits in base64url");
    assert_ne!(first.password, second.password);
    test.registry
        .revoke_device(&Actor::OPERATOR, &made.id)
        .unwrap();
    assert_eq!(error(terms(&[])).code(), "device-revoked");
}

const DAY: i64 = 24 * 3_600;

fn in_days(test: &TestRegistry, days: i64) -> Timestamp {
    Timestamp::from_micros(test.now().as_micros() + days * DAY * 1_000_000)
}

/// As somebody who has proved to be `lot-1` with its first credential.
fn logged_in(test: &TestRegistry) -> DeviceLogin {
    let snapshot = test.registry.snapshot();
    let device = snapshot.device("lot-1").unwrap().clone();
    let credential = device.credentials[0].id;
    DeviceLogin::new(&snapshot, device, credential, Assurance::Key)
}

fn with_a_key() -> TestRegistry {
    let test = TestRegistry::new();
    let mut new = new_device("lot-1");
    new.keys = vec![DeviceKey::ed25519(1).public()];
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    test
}

#[test]
fn a_device_changes_its_key_over_and_the_old_one_ends_later() {
    let test = with_a_key();
    let login = logged_in(&test);
    let next = DeviceKey::ed25519(2).public();
    let added = test.registry.rotate_key(&login, None, &next, 7).unwrap();
    let mark = test.registry.mark();
    let again = test.registry.rotate_key(&login, None, &next, 7).unwrap();
    assert_eq!(
        (again.id, test.registry.mark()),
        (added.id, mark),
        "its answer was lost"
    );
    let snapshot = test.registry.snapshot();
    let ends: Vec<Option<Timestamp>> = snapshot
        .device("lot-1")
        .unwrap()
        .credentials
        .iter()
        .map(|credential| credential.expires)
        .collect();
    assert_eq!(ends, [Some(in_days(&test, 7)), None]);
    let before = test.registry.snapshot();
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());
    // An end that is nearer stays; one who has lost the right adds nothing.
    let login = logged_in(&test);
    let third = DeviceKey::ed25519(3).public();
    test.registry.rotate_key(&login, None, &third, 30).unwrap();
    let snapshot = test.registry.snapshot();
    let first = &snapshot.device("lot-1").unwrap().credentials[0];
    assert_eq!(first.expires, Some(in_days(&test, 7)));
    test.pass_seconds(8 * DAY);
    let fourth = DeviceKey::ed25519(4).public();
    let late = test.registry.rotate_key(&login, None, &fourth, 30);
    assert!(matches!(late, Err(AddCredentialError::NotAdmitted(_))));
}

#[test]
fn an_end_is_told_thirty_seven_and_one_days_before() {
    let test = with_a_key();
    let id = device("lot-1");
    let mut told = EndingsTold::default();
    assert_eq!(test.registry.tell_endings(&mut told), 0);
    let first = test
        .registry
        .snapshot()
        .device("lot-1")
        .unwrap()
        .credentials[0]
        .id;
    let end = in_days(&test, 40);
    test.registry
        .end_credential(&Actor::OPERATOR, &id, first, Some(end))
        .unwrap();
    let mut days = Vec::new();
    for day in 0..40 {
        let count = test.registry.tell_endings(&mut told);
        assert_eq!(test.registry.tell_endings(&mut told), 0, "each once");
        days.extend(std::iter::repeat_n(day, count));
        test.pass_seconds(DAY);
    }
    assert_eq!(days, [10, 33, 39]);
    let event = test
        .registry
        .events()
        .last_of_device(&id, |event| event.kind == EventKind::ExpiresSoon);
    assert!(event.unwrap().reason.contains(&end.to_string()));
}

#[test]
fn who_has_another_credential_is_not_shut_out_and_not_told() {
    let test = with_a_key();
    let id = device("lot-1");
    let mut short = DeviceKey::ed25519(2).public();
    short.expires = Some(in_days(&test, 3));
    test.registry
        .add_key(&Actor::OPERATOR, &id, &short)
        .unwrap();
    let mut told = EndingsTold::default();
    assert_eq!(test.registry.tell_endings(&mut told), 0);
    // The device itself ends.
    let patch = DevicePatch {
        expires: Patch::Set(in_days(&test, 5)),
        ..DevicePatch::default()
    };
    test.registry
        .patch_device(&Actor::OPERATOR, &id, patch)
        .unwrap();
    assert_eq!(test.registry.tell_endings(&mut told), 1);
}
