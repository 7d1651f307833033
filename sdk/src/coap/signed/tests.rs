//! A signed message as COSE, its size and its limit.

use coset::CoseSign1;

use super::*;
use crate::identity::DeviceKey;

fn message(device: &DeviceId) -> SignedTelemetry<'_> {
    SignedTelemetry {
        device,
        boot_epoch: 7,
        sequence: 42,
        time: Timestamp::from_micros(1_700_000_000_900_000),
        format: ContentFormat::SenmlCbor,
        payload: b"\x81\xa2\x00\x65level\x02\xf9\x3e\x00",
    }
}

#[test]
fn a_signed_message_is_standard_cose_and_bound_to_its_path() {
    let key = DeviceKey::generate().unwrap();
    let device = DeviceId::new("dev-1").unwrap();
    let body = message(&device).sign(&key).unwrap();
    let cose = CoseSign1::from_slice(&body).unwrap();
    let header = &cose.protected.header;
    assert_eq!(header.key_id, b"dev-1");
    assert_eq!(
        header.alg,
        Some(coset::Algorithm::Assigned(iana::Algorithm::Ed25519))
    );
    assert_eq!(
        header.rest,
        [(-70_001, 7), (-70_002, 42), (-70_003, 1_700_000_000)]
            .map(|(label, value): (i64, i64)| (coset::Label::Int(label), Value::from(value)))
    );
    let verify = |device: &DeviceId| {
        cose.verify_signature(&external_aad(device), |signature, signed| {
            key.public_key()
                .verifies(signed, signature.try_into().unwrap())
                .then_some(())
                .ok_or(())
        })
    };
    assert_eq!(verify(&device), Ok(()));
    assert_eq!(verify(&DeviceId::new("dev-2").unwrap()), Err(()));
}

/// 51 bytes of SenML were measured to become 155; this header has the same
/// labels, so a growth would show here.
#[test]
fn the_signature_costs_about_a_hundred_bytes() {
    let key = DeviceKey::generate().unwrap();
    let device = DeviceId::new("dev-1").unwrap();
    let message = message(&device);
    let overhead = message.sign(&key).unwrap().len() - message.payload.len();
    assert!((100..=115).contains(&overhead), "{overhead}");
}

#[test]
fn a_payload_beyond_the_limit_is_refused_here_already() {
    let device = DeviceId::new("dev-1").unwrap();
    let key = DeviceKey::generate().unwrap();
    let long = vec![b' '; MAX_PAYLOAD_BYTES + 1];
    let message = SignedTelemetry {
        payload: &long,
        ..message(&device)
    };
    assert!(matches!(message.sign(&key), Err(SignError::TooLong { .. })));
}
