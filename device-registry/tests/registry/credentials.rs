//! Rotation of keys and passwords.

use device_registry::{Actor, AddCredentialError, OperationError, PasswordTerms};
use domain::{CredentialId, Timestamp};

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
