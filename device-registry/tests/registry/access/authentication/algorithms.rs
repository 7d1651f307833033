//! Algorithms: the registry decides them, and not the token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use device_registry::{Actor, NewKey, authenticate_jwt};

use super::{HEADER, attempt, claims, registered};
use crate::harness::{DeviceKey, START_SECONDS, TestRegistry, device, new_device};

#[test]
fn the_registry_decides_the_algorithm() {
    let test = registered();
    let now = START_SECONDS;
    let body = claims("dev-1", "madang", now, now + 60);
    let key = DeviceKey::ed25519(1);
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"ES256"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"eddsa"}"#,
        r#"{"alg":""}"#,
    ] {
        let token = key.token(header, &body);
        assert_eq!(
            attempt(&test, "dev-1", &token),
            "token-algorithm",
            "{header}"
        );
    }
    // Unsigned, with and without the algorithm's right name.
    for header in [r#"{"alg":"none"}"#, HEADER] {
        let parts = [header, body.as_str()].map(|part| URL_SAFE_NO_PAD.encode(part));
        let outcome = attempt(&test, "dev-1", &format!("{}.", parts.join(".")));
        assert!(
            matches!(outcome, "token-algorithm" | "wrong-key"),
            "{outcome}"
        );
    }
    // The public key as an HMAC secret is the classic confusion.
    let public = key.public().public_key;
    let parts = [r#"{"alg":"HS256"}"#, body.as_str()].map(|part| URL_SAFE_NO_PAD.encode(part));
    let signed = parts.join(".");
    let secret = URL_SAFE_NO_PAD.decode(public).unwrap();
    let mac = ring::hmac::sign(
        &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret),
        signed.as_bytes(),
    );
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
    assert_eq!(attempt(&test, "dev-1", &token), "token-algorithm");
}

/// RFC 9864 names EdDSA with Ed25519 `Ed25519`, and newer libraries write that.
#[test]
fn both_names_of_ed25519_are_one_algorithm() {
    let test = TestRegistry::new();
    for (number, (registered, named)) in [
        ("EdDSA", "EdDSA"),
        ("EdDSA", "Ed25519"),
        ("Ed25519", "EdDSA"),
        ("Ed25519", "Ed25519"),
        ("", "Ed25519"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("dev-{number}");
        let key = DeviceKey::ed25519(number as u8 + 1);
        let mut new = new_device(&id);
        new.keys = vec![NewKey {
            alg: registered.to_owned(),
            ..key.public()
        }];
        test.registry
            .register_device(&Actor::OPERATOR, new)
            .unwrap();
        let body = claims(&id, "madang", START_SECONDS, START_SECONDS + 60);
        let token = key.token(&format!(r#"{{"alg":"{named}","typ":"JWT"}}"#), &body);
        assert_eq!(attempt(&test, &id, &token), "in", "{registered} {named}");
    }
    // It does not open an ES256 key's device.
    let mut new = new_device("es");
    new.keys = vec![DeviceKey::es256().public()];
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    let body = claims("es", "madang", START_SECONDS, START_SECONDS + 60);
    let token = DeviceKey::ed25519(1).token(r#"{"alg":"Ed25519"}"#, &body);
    assert_eq!(attempt(&test, "es", &token), "token-algorithm");
}

#[test]
fn es256_gets_in_beside_ed25519() {
    let test = registered();
    let es256 = DeviceKey::es256();
    let added = test
        .registry
        .add_key(&Actor::OPERATOR, &device("dev-1"), &es256.public())
        .unwrap();
    let body = claims("dev-1", "madang", START_SECONDS, START_SECONDS + 60);
    let token = es256.token(r#"{"alg":"ES256"}"#, &body);
    let snapshot = test.registry.snapshot();
    let dev_1 = snapshot.device("dev-1").unwrap();
    let proven = authenticate_jwt(dev_1, token.as_bytes(), "madang", test.now());
    assert_eq!(proven, Ok(added.id));
    // Its signature under the other algorithm's name proves nothing.
    assert_eq!(
        attempt(&test, "dev-1", &es256.token(HEADER, &body)),
        "wrong-key"
    );
    let old = DeviceKey::ed25519(1).token(HEADER, &body);
    assert_eq!(attempt(&test, "dev-1", &old), "in");
}
