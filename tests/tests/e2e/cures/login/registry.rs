//! Rows that ask a registry by itself: no client of this machine can provoke them
//! over a socket.

use std::net::IpAddr;

use device_registry::{
    Actor, AuthError, Exposure, NewAgency, NewKey, PasswordTerms, Registry,
    authenticate_certificate,
};
use domain::{AgencyId, DeviceId, ModelId};
use tests::TestDevice;
use tests::test_device::now;

use super::{Case, row_of};
use crate::cures::Bench;

/// A registry by itself, with one device of a key.
fn registry() -> (tempfile::TempDir, Registry, TestDevice) {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::open(folder.path(), now).unwrap();
    let agency = AgencyId::new("seoul").unwrap();
    let new = NewAgency {
        id: agency.clone(),
        name: "Seoul".to_owned(),
    };
    registry.create_agency(&Actor::OPERATOR, new).unwrap();
    let device = TestDevice::unregistered("row");
    let model = ModelId::new("safety.air").unwrap();
    let new = device_registry::NewDevice {
        keys: vec![key_of(&device)],
        ..device_registry::NewDevice::new(device.id.clone(), agency, model)
    };
    registry.register_device(&Actor::OPERATOR, new).unwrap();
    (folder, registry, device)
}

fn key_of(device: &TestDevice) -> NewKey {
    NewKey {
        alg: "EdDSA".to_owned(),
        public_key: device.key.public_key_base64url(),
        expires: None,
    }
}

/// SubjectPublicKeyInfo of Ed25519 (RFC 8410): a fixed beginning and the key.
fn spki(device: &TestDevice) -> Vec<u8> {
    let head = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    [&head[..], &device.key.public_key().to_bytes()].concat()
}

fn by_certificate(registry: &Registry, id: &DeviceId, spki: &[u8]) -> Result<(), AuthError> {
    let snapshot = registry.snapshot();
    authenticate_certificate(snapshot.device(id.as_str()).unwrap(), spki, now()).map(|_| ())
}

pub(super) fn wrong_certificate(_: &Bench) -> Option<Case<'_>> {
    let (_folder, registry, device) = registry();
    let other = TestDevice::unregistered("row");
    let refused = by_certificate(&registry, &device.id, &spki(&other)).unwrap_err();
    assert_eq!(row_of(&refused), "wrong_certificate");
    assert!(refused.cure().contains("register the certificate"));
    registry
        .add_key(&Actor::OPERATOR, &device.id, &key_of(&other))
        .unwrap();
    assert_eq!(by_certificate(&registry, &device.id, &spki(&other)), Ok(()));
    None
}

/// From another machine, without TLS.
pub(super) fn unprotected(_: &Bench) -> Option<Case<'_>> {
    let (_folder, registry, device) = registry();
    let peer: IpAddr = "192.0.2.7".parse().unwrap();
    let attempt = |password: &str, exposure| {
        let snapshot = registry.snapshot();
        let device = snapshot.device(device.id.as_str()).unwrap();
        registry
            .authenticate_password(device, password.as_bytes(), exposure, now())
            .map(|_| ())
    };
    let made = registry
        .make_password(&Actor::OPERATOR, &device.id, PasswordTerms::default())
        .unwrap();
    let refused = attempt(&made.password, Exposure::Plaintext { peer }).unwrap_err();
    assert_eq!(row_of(&refused), "unprotected");
    // Both ways out that the cure names.
    assert!(refused.cure().contains("TLS") && refused.cure().contains("network"));
    assert_eq!(attempt(&made.password, Exposure::Protected), Ok(()));
    let terms = PasswordTerms {
        networks: vec!["192.0.2.0/24".to_owned()],
        ..PasswordTerms::default()
    };
    let bound = registry
        .make_password(&Actor::OPERATOR, &device.id, terms)
        .unwrap();
    assert_eq!(
        attempt(&bound.password, Exposure::Plaintext { peer }),
        Ok(())
    );
    None
}
