//! Opening signed bodies: what is read, and what is refused before anything
//! is verified.

use coset::cbor::Value;
use coset::{CborSerializable as _, CoseSign1, Label, TaggedCborSerializable as _, iana};
use domain::payload::ContentFormat;
use domain::{DeviceId, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use sdk::DeviceKey;
use sdk::coap::SignedTelemetry;

use super::{MAX_PROTECTED_BYTES, MessageAlgorithm, MessageForm, SecurityError, open};
use crate::access::SignatureKind;

const PAYLOAD: &[u8] = b"\x81\xa2\x00\x65level\x02\xf9\x3e\x00";

fn device() -> DeviceId {
    DeviceId::new("dev-1").unwrap()
}

fn body() -> Vec<u8> {
    SignedTelemetry {
        device: &device(),
        boot_epoch: 7,
        sequence: u64::MAX,
        time: Timestamp::from_micros(1_700_000_000_000_000),
        format: ContentFormat::SenmlCbor,
        payload: PAYLOAD,
    }
    .sign(&DeviceKey::from_seed(&[1; 32]))
    .unwrap()
}

fn cose() -> CoseSign1 {
    let mut cose = CoseSign1::from_slice(&body()).unwrap();
    cose.protected.original_data = None;
    cose
}

fn error(cose: CoseSign1) -> SecurityError {
    open(&cose.to_vec().unwrap()).unwrap_err()
}

#[test]
fn a_devices_message_opens_and_verifies() {
    for body in [body(), cose().to_tagged_vec().unwrap()] {
        let message = open(&body).unwrap();
        assert_eq!(message.kid, device());
        assert_eq!((message.boot_epoch, message.sequence), (7, u64::MAX));
        assert_eq!(
            message.time,
            Some(Timestamp::from_micros(1_700_000_000_000_000))
        );
        assert_eq!(message.format, Some(ContentFormat::SenmlCbor));
        assert_eq!(message.payload, PAYLOAD);
        let key = DeviceKey::from_seed(&[1; 32]).public_key();
        assert!(key.verifies(&message.signed_bytes(&device()), message.signature));
        let other = DeviceId::new("dev-2").unwrap();
        assert!(!key.verifies(&message.signed_bytes(&other), message.signature));
    }
}

#[test]
fn what_may_be_left_out_or_written_otherwise() {
    let mut bare = cose();
    bare.protected.header.content_type = None;
    bare.protected.header.rest.pop();
    bare.protected.header.alg = Some(coset::Algorithm::Assigned(iana::Algorithm::EdDSA));
    // Other libraries put the kid beside the signature.
    bare.unprotected.key_id = std::mem::take(&mut bare.protected.header.key_id);
    let body = bare.to_vec().unwrap();
    let message = open(&body).unwrap();
    assert_eq!((message.format, message.time), (None, None));
    assert_eq!(message.kid, device());
}

/// The answer is to look like the request, so its form is kept.
#[test]
fn the_form_of_a_message_is_read_from_it() {
    for (name, algorithm, kind) in [
        (
            iana::Algorithm::EdDSA,
            MessageAlgorithm::EdDsa,
            SignatureKind::Ed25519,
        ),
        (
            iana::Algorithm::Ed25519,
            MessageAlgorithm::Ed25519,
            SignatureKind::Ed25519,
        ),
        (
            iana::Algorithm::ES256,
            MessageAlgorithm::Es256,
            SignatureKind::Es256,
        ),
        (
            iana::Algorithm::ESP256,
            MessageAlgorithm::Esp256,
            SignatureKind::Es256,
        ),
    ] {
        let mut cose = cose();
        cose.protected.header.alg = Some(coset::Algorithm::Assigned(name));
        let (bare, tagged) = (
            cose.clone().to_vec().unwrap(),
            cose.to_tagged_vec().unwrap(),
        );
        for (body, tagged) in [(bare, false), (tagged, true)] {
            let message = open(&body).unwrap();
            assert_eq!(message.form, MessageForm { algorithm, tagged });
            assert_eq!(message.form.algorithm.kind(), kind);
        }
    }
}

#[test]
fn each_missing_or_wrong_header_is_refused() {
    let mut wrong = cose();
    wrong.protected.header.alg = Some(coset::Algorithm::Assigned(iana::Algorithm::ES384));
    assert_eq!(error(wrong), SecurityError::Algorithm);
    let mut wrong = cose();
    wrong.protected.header.alg = Some(coset::Algorithm::Text("EdDSA".to_owned()));
    assert_eq!(error(wrong), SecurityError::Algorithm);
    // An algorithm that is not signed could be anybody's.
    let mut wrong = cose();
    wrong.unprotected.alg = wrong.protected.header.alg.take();
    assert_eq!(error(wrong), SecurityError::Algorithm);
    let mut wrong = cose();
    wrong.protected.header.key_id.clear();
    assert_eq!(error(wrong), SecurityError::Kid);
    let mut wrong = cose();
    wrong.unprotected.key_id = wrong.protected.header.key_id.clone();
    assert_eq!(error(wrong), SecurityError::Kid);
    for kid in [&b"a/b"[..], b"\xff", &[b'x'; 65]] {
        let mut wrong = cose();
        wrong.protected.header.key_id = kid.to_vec();
        assert_eq!(error(wrong), SecurityError::Kid);
    }
    for at in [0, 1] {
        let mut wrong = cose();
        wrong.protected.header.rest.remove(at);
        assert_eq!(error(wrong), SecurityError::Counter);
        for value in [
            Value::from(-1),
            Value::from(1.0),
            Value::from("1"),
            Value::Null,
        ] {
            let mut wrong = cose();
            wrong.protected.header.rest[at].1 = value;
            assert_eq!(error(wrong), SecurityError::Counter);
        }
    }
    for value in [
        Value::from(1.5),
        Value::from(i64::MAX),
        Value::from(u64::MAX),
    ] {
        let mut wrong = cose();
        wrong.protected.header.rest[2].1 = value;
        assert_eq!(error(wrong), SecurityError::Time);
    }
    let mut wrong = cose();
    wrong.protected.header.content_type = Some(coset::ContentType::Assigned(
        iana::CoapContentFormat::OctetStream,
    ));
    assert_eq!(error(wrong), SecurityError::ContentFormat);
    let mut wrong = cose();
    wrong.protected.header.crit = vec![coset::RegisteredLabelWithPrivate::PrivateUse(-70_009)];
    assert_eq!(error(wrong), SecurityError::Critical);
    let mut wrong = cose();
    wrong.signature.pop();
    assert_eq!(error(wrong), SecurityError::SignatureLength);
    let mut wrong = cose();
    wrong.payload = None;
    assert_eq!(error(wrong), SecurityError::Envelope);
}

#[test]
fn limits_come_before_reading() {
    let mut long = cose();
    let filler = Value::Bytes(vec![0; MAX_PROTECTED_BYTES]);
    long.protected
        .header
        .rest
        .push((Label::Int(-70_100), filler));
    assert_eq!(error(long), SecurityError::TooLong);
    let mut long = cose();
    let filler = Value::Bytes(vec![0; 300]);
    long.unprotected.rest.push((Label::Int(-70_100), filler));
    assert_eq!(error(long), SecurityError::TooLong);
    let mut deep = cose();
    let nested = (0..20).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    deep.unprotected.rest.push((Label::Int(-70_100), nested));
    assert_eq!(error(deep), SecurityError::Envelope);
}

#[test]
fn hostile_cbor_is_no_envelope() {
    let good = body();
    for (name, bytes) in [
        ("nothing", vec![]),
        (
            "an indefinite array",
            [&[0x9f], &good[1..], &[0xff]].concat(),
        ),
        (
            "an indefinite string",
            vec![0x84, 0x5f, 0x40, 0xff, 0xa0, 0x40, 0x40],
        ),
        (
            "a huge array",
            vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
        (
            "a huge map",
            vec![
                0x84, 0x40, 0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            ],
        ),
        (
            "a huge string",
            vec![0x84, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
        ("another tag", [&[0xd1], &good[..]].concat()),
        ("two tags", [&[0xd2, 0xd2], &good[..]].concat()),
        ("something after it", [&good[..], &[0]].concat()),
        ("five items", [&[0x85], &good[1..], &[0]].concat()),
        ("deep nesting", vec![0x81; 60_000]),
        ("a list as the header", vec![0x84, 0x40, 0x80, 0x40, 0x40]),
    ] {
        assert_eq!(open(&bytes), Err(SecurityError::Envelope), "{name}");
    }
    // Duplicate labels: which one was meant?
    let twice = [
        &[0x84, 0x44, 0xa2, 0x01, 0x32, 0x01][..],
        &[0x32, 0xa0, 0x40, 0x40],
    ]
    .concat();
    assert!(open(&twice).is_err());
    let twice = [
        &[0x84, 0x45, 0xa2, 0x01, 0x32, 0x01, 0x32][..],
        &[0xa0, 0x40, 0x40],
    ]
    .concat();
    assert_eq!(open(&twice), Err(SecurityError::Header));
    for end in 0..good.len() {
        assert!(open(&good[..end]).is_err(), "cut at {end}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_opened_without_a_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = open(&bytes);
    }

    #[test]
    fn no_changed_bit_of_a_message_verifies(at in 0..body().len() * 8) {
        let mut bytes = body();
        bytes[at / 8] ^= 1 << (at % 8);
        let key = DeviceKey::from_seed(&[1; 32]).public_key();
        let verified = open(&bytes).is_ok_and(|message| {
            key.verifies(&message.signed_bytes(&message.kid), message.signature)
        });
        prop_assert!(!verified);
    }
}
