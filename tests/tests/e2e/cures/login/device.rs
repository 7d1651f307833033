//! Rows about devices that are unknown, revoked, expired or without a credential
//! that counts.

use device_registry::AuthError;
use domain::ThingId;
use sdk::api::PublicKeyDocument;
use tests::TestDevice;
use tests::test_device::now;

use super::{Case, TIME};
use crate::cures::{Bench, seconds_from_now};

pub(super) fn unknown_device(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.unregistered();
    let id = device.id.to_string();
    assert_ne!(bench.log_in(&id, &id, &device.token()), 0);
    let registration = device.registration("safety.air");
    let mut case = Case::of(&device, AuthError::UnknownDevice, || unreachable!());
    case.cure = Box::new(move || {
        bench.operator.register_device(&registration).unwrap();
        (id, device.token())
    });
    Some(case)
}

pub(super) fn revoked(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.device();
    let id = device.id.to_string();
    bench.operator.revoke_device(&device.id).unwrap();
    assert_ne!(bench.log_in(&id, &id, &device.token()), 0);
    Some(Case::of(&device, AuthError::Revoked, move || {
        let thing = ThingId::new(id).unwrap();
        let anew = bench.register(|new| new.thing = Some(thing));
        (anew.id.to_string(), anew.token())
    }))
}

pub(super) fn device_expired(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.register(|new| new.expires = Some(seconds_from_now(-60)));
    let id = device.id.to_string();
    assert_ne!(bench.log_in(&id, &id, &device.token()), 0);
    let mut case = Case::of(
        &device,
        AuthError::DeviceExpired { at: TIME },
        || unreachable!(),
    );
    case.cure = Box::new(move || {
        let later = seconds_from_now(3_600).to_string();
        bench.patch(&device, &serde_json::json!({"expires": later}));
        (id, device.token())
    });
    Some(case)
}

pub(super) fn no_credential(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.register(|new| new.keys = Vec::new());
    let id = device.id.to_string();
    assert_ne!(bench.log_in(&id, &id, "anything"), 0);
    let expected = AuthError::NoCredential {
        wanted: "a password",
    };
    let mut case = Case::of(&device, expected, || unreachable!());
    case.cure = Box::new(move || {
        let made = bench.operator.make_password(&device.id, &[]).unwrap();
        (id, made.password)
    });
    Some(case)
}

pub(super) fn credential_expired(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.register(|new| new.keys = Vec::new());
    let id = device.id.to_string();
    let soon = seconds_from_now(1);
    let terms = serde_json::json!({"expires": soon.to_string()});
    let made = bench.post(&format!("/v1/devices/{id}/password"), &terms);
    let password = made["password"].as_str().unwrap().to_owned();
    while now() <= soon {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_ne!(bench.log_in(&id, &id, &password), 0);
    let mut case = Case::of(
        &device,
        AuthError::CredentialExpired { at: TIME },
        || unreachable!(),
    );
    case.cure = Box::new(move || {
        let made = bench.operator.make_password(&device.id, &[]).unwrap();
        (id, made.password)
    });
    Some(case)
}

pub(super) fn wrong_key(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.device();
    let id = device.id.to_string();
    let other = TestDevice::unregistered(&id);
    assert_ne!(bench.log_in(&id, &id, &other.token()), 0);
    Some(Case::of(&device, AuthError::WrongKey, move || {
        let key = PublicKeyDocument::from(other.key.public_key());
        bench.operator.add_key(&other.id, &key).unwrap();
        (id, other.token())
    }))
}

pub(super) fn wrong_password(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.register(|new| new.keys = Vec::new());
    let id = device.id.to_string();
    bench.operator.make_password(&device.id, &[]).unwrap();
    assert_ne!(bench.log_in(&id, &id, "wrong"), 0);
    let mut case = Case::of(&device, AuthError::WrongPassword, || unreachable!());
    case.cure = Box::new(move || {
        let made = bench.operator.make_password(&device.id, &[]).unwrap();
        (id, made.password)
    });
    Some(case)
}
