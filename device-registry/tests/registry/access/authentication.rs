//! Who gets in: a table of logins, each with the reason that the operator is
//! told.

mod algorithms;
mod passwords;
mod tokens;

use device_registry::{
    Actor, AuthError, AuthErrorKind, DevicePatch, Patch, SignatureAlgorithm, authenticate_jwt,
    verify_signature,
};
use domain::Timestamp;

use crate::harness::{DeviceKey, START_SECONDS, TestRegistry, device, new_device};

const HEADER: &str = r#"{"alg":"EdDSA","typ":"JWT"}"#;

fn claims(sub: &str, aud: &str, iat: i64, exp: i64) -> String {
    format!(r#"{{"sub":"{sub}","aud":"{aud}","iat":{iat},"exp":{exp}}}"#)
}

/// `dev-1` with an Ed25519 key of seed 1.
fn registered() -> TestRegistry {
    let test = TestRegistry::new();
    let mut new = new_device("dev-1");
    new.keys = vec![DeviceKey::ed25519(1).public()];
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    test
}

/// The refusal's code, or `in`.
fn attempt(test: &TestRegistry, login: &str, token: &str) -> &'static str {
    let snapshot = test.registry.snapshot();
    let outcome = snapshot
        .login(login)
        .and_then(|device| authenticate_jwt(device, token.as_bytes(), "madang", test.now()));
    match outcome {
        Ok(_) => "in",
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.cure().is_empty());
            error.code()
        }
    }
}

#[test]
fn a_revoked_and_an_expired_device_stay_outside() {
    let test = registered();
    let body = claims("dev-1", "madang", START_SECONDS, START_SECONDS + 3_600);
    let token = DeviceKey::ed25519(1).token(HEADER, &body);
    let message_signature = DeviceKey::ed25519(1).sign(b"message");
    let signed = |test: &TestRegistry| {
        let snapshot = test.registry.snapshot();
        let dev_1 = snapshot.device("dev-1").unwrap();
        let algorithm = SignatureAlgorithm::Ed25519;
        verify_signature(dev_1, algorithm, b"message", &message_signature, test.now())
    };
    assert_eq!(attempt(&test, "dev-1", &token), "in");
    assert!(signed(&test).is_ok());

    let patch = DevicePatch {
        expires: Patch::Set(Timestamp::from_micros(test.now().as_micros() + 1_000_000)),
        ..DevicePatch::default()
    };
    test.registry
        .patch_device(&Actor::OPERATOR, &device("dev-1"), patch)
        .unwrap();
    assert_eq!(attempt(&test, "dev-1", &token), "in");
    test.pass_seconds(1);
    assert_eq!(attempt(&test, "dev-1", &token), "device-expired");
    assert_eq!(signed(&test).unwrap_err().kind(), AuthErrorKind::Expired);

    test.registry
        .revoke_device(&Actor::OPERATOR, &device("dev-1"))
        .unwrap();
    assert_eq!(attempt(&test, "dev-1", &token), "device-revoked");
    assert_eq!(signed(&test).unwrap_err(), AuthError::Revoked);
}

#[test]
fn a_signature_counts_for_its_message_and_its_key_only() {
    let test = registered();
    let snapshot = test.registry.snapshot();
    let dev_1 = snapshot.device("dev-1").unwrap();
    let signature = DeviceKey::ed25519(1).sign(b"message");
    let verify = |algorithm, message: &[u8], signature: &[u8]| {
        verify_signature(dev_1, algorithm, message, signature, test.now())
    };
    let ed25519 = SignatureAlgorithm::Ed25519;
    assert_eq!(
        verify(ed25519, b"message", &signature),
        Ok(dev_1.credentials[0].id)
    );
    assert_eq!(
        verify(ed25519, b"massage", &signature),
        Err(AuthError::WrongKey)
    );
    assert_eq!(
        verify(ed25519, b"message", &signature[..63]),
        Err(AuthError::WrongKey)
    );
    assert_eq!(
        verify(ed25519, b"message", &[0; 64]),
        Err(AuthError::WrongKey)
    );
    let other = verify(SignatureAlgorithm::Es256, b"message", &signature);
    assert!(matches!(other, Err(AuthError::NoCredential { .. })));
}

#[test]
fn an_expired_key_is_told_as_such() {
    let test = registered();
    let mut key = DeviceKey::ed25519(2).public();
    key.expires = Some(Timestamp::from_micros(test.now().as_micros() + 1_000_000));
    test.registry
        .add_key(&Actor::OPERATOR, &device("dev-1"), &key)
        .unwrap();
    let body = claims("dev-1", "madang", START_SECONDS, START_SECONDS + 3_600);
    let token = DeviceKey::ed25519(2).token(HEADER, &body);
    assert_eq!(attempt(&test, "dev-1", &token), "in");
    test.pass_seconds(1);
    assert_eq!(attempt(&test, "dev-1", &token), "credential-expired");
}
