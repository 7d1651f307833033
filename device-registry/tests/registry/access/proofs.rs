//! The ways in without a token: a signed challenge, and a certificate.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use device_registry::{
    Actor, AuthError, authenticate_certificate, authenticate_challenge, new_challenge,
};

use crate::harness::{DeviceKey, TestRegistry, device, new_device};

/// What the device signs, written down once more and by hand.
fn challenge_message(audience: &str, device: &str, nonce: &[u8]) -> Vec<u8> {
    let text = format!("madang/1 mqtt auth\0{audience}\0{device}\0");
    [text.as_bytes(), nonce].concat()
}

#[test]
fn a_signed_challenge_gets_in_with_either_algorithm_and_only_for_what_it_names() {
    let test = TestRegistry::new();
    let (ed25519, es256) = (DeviceKey::ed25519(1), DeviceKey::es256());
    let mut new = new_device("dev-1");
    new.keys = vec![ed25519.public(), es256.public()];
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    let snapshot = test.registry.snapshot();
    let device = snapshot.device("dev-1").unwrap();
    let nonce = new_challenge().unwrap();
    assert_ne!(nonce, new_challenge().unwrap());
    let attempt =
        |signature: &[u8]| authenticate_challenge(device, "madang", &nonce, signature, test.now());
    let signed = challenge_message("madang", "dev-1", &nonce);
    let ids: Vec<_> = device.credentials.iter().map(|key| key.id).collect();
    assert_eq!(attempt(&ed25519.sign(&signed)), Ok(ids[0]));
    assert_eq!(attempt(&es256.sign(&signed)), Ok(ids[1]));

    let mut other_nonce = nonce;
    other_nonce[31] ^= 1;
    let stranger = DeviceKey::ed25519(9);
    let mut long = ed25519.sign(&signed);
    long.push(0);
    for (what, signature) in [
        ("a stranger's key", stranger.sign(&signed)),
        ("the nonce alone", ed25519.sign(&nonce)),
        (
            "another nonce",
            ed25519.sign(&challenge_message("madang", "dev-1", &other_nonce)),
        ),
        (
            "another platform",
            ed25519.sign(&challenge_message("elsewhere", "dev-1", &nonce)),
        ),
        (
            "another device",
            ed25519.sign(&challenge_message("madang", "dev-2", &nonce)),
        ),
        ("a byte too many", long),
        ("nothing", Vec::new()),
    ] {
        assert_eq!(attempt(&signature), Err(AuthError::WrongKey), "{what}");
    }
}

#[test]
fn a_challenge_is_of_no_use_without_a_key_or_after_revocation() {
    let test = TestRegistry::new();
    let key = DeviceKey::ed25519(1);
    let mut new = new_device("dev-1");
    new.keys = vec![key.public()];
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    let nonce = [7; 32];
    let signature = key.sign(&challenge_message("madang", "dev-1", &nonce));
    test.registry
        .register_device(&Actor::OPERATOR, new_device("dev-2"))
        .unwrap();
    let code = |id: &str| {
        let snapshot = test.registry.snapshot();
        let device = snapshot.device(id).unwrap();
        let outcome = authenticate_challenge(device, "madang", &nonce, &signature, test.now());
        outcome.map_or_else(|error| error.code(), |_| "in")
    };
    assert_eq!(code("dev-1"), "in");
    assert_eq!(code("dev-2"), "no-credential");
    test.registry
        .revoke_device(&Actor::OPERATOR, &device("dev-1"))
        .unwrap();
    assert_eq!(code("dev-1"), "device-revoked");
}

#[test]
fn a_certificate_counts_for_the_key_that_it_holds() {
    const ED25519: &[u8] = &[
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    const P256: &[u8] = &[
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
        0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let spki = |head: &[u8], key: &DeviceKey| {
        let raw = URL_SAFE_NO_PAD.decode(key.public().public_key).unwrap();
        [head, raw.as_slice()].concat()
    };
    let test = TestRegistry::new();
    let (ed25519, es256) = (DeviceKey::ed25519(1), DeviceKey::es256());
    let mut new = new_device("dev-1");
    new.keys = vec![ed25519.public(), es256.public()];
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    let snapshot = test.registry.snapshot();
    let known = snapshot.device("dev-1").unwrap();
    let attempt = |der: &[u8]| authenticate_certificate(known, der, test.now());
    let ids: Vec<_> = known.credentials.iter().map(|key| key.id).collect();
    assert_eq!(attempt(&spki(ED25519, &ed25519)), Ok(ids[0]));
    assert_eq!(attempt(&spki(P256, &es256)), Ok(ids[1]));

    let mut long = spki(ED25519, &ed25519);
    long.push(0);
    for (what, der, code) in [
        (
            "another Ed25519 key",
            spki(ED25519, &DeviceKey::ed25519(2)),
            "wrong-certificate",
        ),
        (
            "another P-256 key",
            spki(P256, &DeviceKey::es256()),
            "wrong-certificate",
        ),
        ("a byte too many", long, "wrong-certificate"),
        ("no key", Vec::new(), "wrong-certificate"),
        (
            "another kind of key",
            vec![0x30, 0x03, 1, 2, 3],
            "wrong-certificate",
        ),
    ] {
        let error = attempt(&der).unwrap_err();
        assert_eq!(error.code(), code, "{what}");
        assert!(!error.to_string().is_empty() && !error.cure().is_empty());
    }

    test.registry
        .revoke_device(&Actor::OPERATOR, &device("dev-1"))
        .unwrap();
    let snapshot = test.registry.snapshot();
    let revoked = snapshot.device("dev-1").unwrap();
    assert_eq!(
        authenticate_certificate(revoked, &spki(ED25519, &ed25519), test.now()),
        Err(AuthError::Revoked)
    );
}
