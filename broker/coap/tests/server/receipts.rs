//! Receipts: each has the form that its request asks for, and the same message
//! gets the same one.

use std::sync::atomic::Ordering::Relaxed;

use coap_lite::ResponseType;
use coset::{CborSerializable as _, CoseSign1, TaggedCborSerializable as _, iana};
use domain::payload::ContentFormat;
use domain::{DeviceId, Timestamp};
use sdk::coap::SignedTelemetry;
use sdk::{Es256Key, Signer as _};

use crate::harness::{PAYLOAD, TestServer, assert_piggybacked, code, wait_until};

/// Libraries verify the algorithm that they sign with, and some of them read a
/// tagged message only, others a bare one only.
#[test]
fn the_receipt_has_the_algorithm_and_the_tag_of_the_request() {
    let server = TestServer::start();
    let client = server.client();
    let es256 = Es256Key::generate().unwrap();
    let id = DeviceId::new("dev-es").unwrap();
    server.register_es256("dev-es", &es256);
    let mut sequence = 0;
    for algorithm in [
        iana::Algorithm::EdDSA,
        iana::Algorithm::Ed25519,
        iana::Algorithm::ES256,
        iana::Algorithm::ESP256,
    ] {
        let on_p256 = matches!(algorithm, iana::Algorithm::ES256 | iana::Algorithm::ESP256);
        for tagged in [false, true] {
            sequence += 1;
            let (device, mut cose) = if on_p256 {
                let telemetry = SignedTelemetry {
                    device: &id,
                    boot_epoch: 1,
                    sequence,
                    time: Timestamp::from_micros(1_700_000_000_000_000),
                    format: ContentFormat::SenmlJson,
                    payload: PAYLOAD,
                };
                (&id, telemetry.sign(&es256).unwrap())
            } else {
                (&server.device.id, server.device.body(sequence))
            };
            let mut message = CoseSign1::from_slice(&cose).unwrap();
            message.protected.original_data = None;
            message.protected.header.alg = Some(coset::Algorithm::Assigned(algorithm));
            let signed = message.tbs_data(&sdk::coap::external_aad(device));
            message.signature = if on_p256 {
                es256.signature(&signed).to_vec()
            } else {
                server.device.key.sign(&signed).to_vec()
            };
            cose = if tagged {
                message.to_tagged_vec().unwrap()
            } else {
                message.to_vec().unwrap()
            };
            let answer = client.ask(&client.post(device.as_str(), &cose));
            assert_eq!(
                code(&answer),
                ResponseType::Changed,
                "{algorithm:?} {tagged}"
            );
            server.receipt(&answer, &cose);
            let read = if tagged {
                CoseSign1::from_tagged_slice(&answer.payload)
            } else {
                CoseSign1::from_slice(&answer.payload)
            };
            let header = read.unwrap().protected.header;
            assert_eq!(header.alg, Some(coset::Algorithm::Assigned(algorithm)));
            // The same bytes in a new request: the same receipt.
            let again = client.ask(&client.post(device.as_str(), &cose));
            server.receipt(&again, &cose);
        }
    }
    assert_eq!(server.kept().len(), 8);
}

/// The device lost its answer and its message id, but not its data.
#[test]
fn the_same_signed_message_gets_the_same_receipt() {
    let server = TestServer::start();
    let client = server.client();
    let body = server.device.body(9);
    let offsets = [0, 1].map(|_| {
        let answer = client.ask(&client.post("dev-1", &body));
        assert_eq!(code(&answer), ResponseType::Changed);
        server.receipt(&answer, &body).offset
    });
    assert_eq!(offsets[0], offsets[1]);
    assert_eq!(server.kept().len(), 1);
}

/// The sink need not know the message any more: the server kept its receipt.
#[test]
fn a_receipt_is_given_again_where_the_sink_calls_it_a_replay() {
    let server = TestServer::start();
    let client = server.client();
    server.sink.forgetful.store(true, Relaxed);
    server.shut_gate();
    let body = server.device.body(9);
    let first = client.post("dev-1", &body);
    client.send(&first);
    wait_until(|| server.stage_calls() == 1);
    // While the first is not durable there is nothing to say.
    let second = client.post("dev-1", &body);
    client.send(&second);
    client.expect_silence();
    server.open_gate();
    let answer = client.receive();
    assert_piggybacked(&first, &answer);
    let again = client.ask(&second);
    assert_piggybacked(&second, &again);
    assert_eq!(code(&again), ResponseType::Changed);
    assert_eq!(again.payload, answer.payload);
    // Another message under that name is none of it.
    let other = server.device.signed(9, b"[]");
    let refused = client.ask(&client.post("dev-1", &other));
    assert_eq!(code(&refused), ResponseType::Unauthorized);
    assert_eq!(server.kept().len(), 1);
    assert_eq!(server.stats().repeated_messages, 2);
}
