//! Receipts that prove a message, and those that prove nothing.

use coset::{CoseSign1Builder, HeaderBuilder};

use super::*;
use crate::identity::DeviceKey;

fn answer(key: &DeviceKey, entries: Vec<(i64, Value)>) -> Vec<u8> {
    let map = Value::Map(
        entries
            .into_iter()
            .map(|(label, value)| (Value::from(label), value))
            .collect(),
    );
    CoseSign1Builder::new()
        .protected(
            HeaderBuilder::new()
                .algorithm(iana::Algorithm::Ed25519)
                .build(),
        )
        .payload(map.to_vec().unwrap())
        .create_signature(b"", |signed| key.sign(signed).to_vec())
        .build()
        .to_vec()
        .unwrap()
}

fn entries(body: &[u8]) -> Vec<(i64, Value)> {
    vec![
        (1, Value::from(77)),
        (2, Value::Bytes(Sha256::digest(body).to_vec())),
        (3, Value::from(1_700_000_000)),
    ]
}

#[test]
fn a_receipt_proves_one_message_by_one_key() {
    let platform = DeviceKey::generate().unwrap();
    let public = platform.public_key();
    let good = answer(&platform, entries(b"body"));
    assert_eq!(
        verify_receipt(&good, public, b"body"),
        Ok(Receipt {
            offset: Offset::new(77),
            time: Timestamp::from_micros(1_700_000_000_000_000)
        })
    );
    assert_eq!(
        verify_receipt(&good, public, b"other"),
        Err(ReceiptError::OtherMessage)
    );
    let stranger = DeviceKey::generate().unwrap();
    assert_eq!(
        verify_receipt(&answer(&stranger, entries(b"body")), public, b"body"),
        Err(ReceiptError::Signature)
    );
}

#[test]
fn no_changed_byte_of_a_receipt_passes() {
    let platform = DeviceKey::generate().unwrap();
    let good = answer(&platform, entries(b"body"));
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(
            verify_receipt(&bad, platform.public_key(), b"body").is_err(),
            "byte {at}"
        );
    }
}

#[test]
fn each_part_of_a_receipt_is_required() {
    let platform = DeviceKey::generate().unwrap();
    for (at, part) in ["offset", "SHA-256", "time"].into_iter().enumerate() {
        let mut short = entries(b"body");
        short.remove(at);
        assert_eq!(
            verify_receipt(&answer(&platform, short), platform.public_key(), b"body"),
            Err(ReceiptError::Missing(part))
        );
    }
}
