//! A CoAP server on a real socket: what a device that behaves gets.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use coap::CoapConfig;
use coap_lite::{CoapOption, MessageClass, MessageType, Packet, ResponseType};
use coset::{CborSerializable as _, CoseSign1, TaggedCborSerializable as _, iana};
use domain::payload::ContentFormat;
use domain::{DeviceId, Offset, Timestamp};
use sdk::coap::SignedTelemetry;
use sdk::{Es256Key, Signer as _};

use crate::harness::{
    PAYLOAD, TestDevice, TestServer, assert_piggybacked, code, generous, wait_until,
};

#[test]
fn telemetry_is_answered_by_a_receipt_on_the_ack() {
    let server = TestServer::start();
    let client = server.client();
    let body = server.device.body(1);
    let request = client.post("dev-1", &body);
    let answer = client.ask(&request);
    assert_piggybacked(&request, &answer);
    assert_eq!(code(&answer), ResponseType::Changed);
    let receipt = server.receipt(&answer, &body);
    assert_eq!(receipt.offset, Offset::new(1));
    assert!(receipt.time > Timestamp::from_micros(1_700_000_000_000_000));
    let [kept] = &server.kept()[..] else {
        panic!("one message was sent");
    };
    assert_eq!(kept.topic, "devices/dev-1/telemetry");
    assert_eq!(kept.payload, PAYLOAD);
    assert_eq!(kept.content_type.as_deref(), Some("application/senml+json"));
    assert_eq!((kept.boot_epoch, kept.sequence), (3, 1));
    assert_eq!(
        kept.time,
        Some(Timestamp::from_micros(1_700_000_000_000_000))
    );
    assert_eq!(kept.signed, body);
    server.until(|stats| stats.accepted == 1);
}

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
            let (device, mut cose) = match on_p256 {
                true => {
                    let telemetry = SignedTelemetry {
                        device: &id,
                        boot_epoch: 1,
                        sequence,
                        time: Timestamp::from_micros(1_700_000_000_000_000),
                        format: ContentFormat::SenmlJson,
                        payload: PAYLOAD,
                    };
                    (&id, telemetry.sign(&es256).unwrap())
                }
                false => (&server.device.id, server.device.body(sequence)),
            };
            let mut message = CoseSign1::from_slice(&cose).unwrap();
            message.protected.original_data = None;
            message.protected.header.alg = Some(coset::Algorithm::Assigned(algorithm));
            let signed = message.tbs_data(&sdk::coap::external_aad(device));
            message.signature = match on_p256 {
                true => es256.signature(&signed).to_vec(),
                false => server.device.key.sign(&signed).to_vec(),
            };
            cose = match tagged {
                true => message.to_tagged_vec().unwrap(),
                false => message.to_vec().unwrap(),
            };
            let answer = client.ask(&client.post(device.as_str(), &cose));
            assert_eq!(
                code(&answer),
                ResponseType::Changed,
                "{algorithm:?} {tagged}"
            );
            server.receipt(&answer, &cose);
            let read = match tagged {
                true => CoseSign1::from_tagged_slice(&answer.payload),
                false => CoseSign1::from_slice(&answer.payload),
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

/// A key of one kind proves nothing under the other's name.
#[test]
fn a_device_is_verified_by_its_own_kind_of_key_only() {
    let server = TestServer::start();
    let client = server.client();
    let es256 = Es256Key::generate().unwrap();
    server.register_es256("dev-es", &es256);
    let stranger = Es256Key::generate().unwrap();
    for (device, key) in [("dev-1", &es256), ("dev-es", &stranger)] {
        let id = DeviceId::new(device).unwrap();
        let body = SignedTelemetry {
            device: &id,
            boot_epoch: 1,
            sequence: 1,
            time: Timestamp::from_micros(1_700_000_000_000_000),
            format: ContentFormat::SenmlJson,
            payload: PAYLOAD,
        }
        .sign(key)
        .unwrap();
        let answer = client.ask(&client.post(device, &body));
        assert_eq!(code(&answer), ResponseType::Unauthorized, "{device}");
    }
    assert_eq!(server.stage_calls(), 0);
}

#[test]
fn two_long_bodies_of_one_endpoint_come_at_once() {
    let server = TestServer::start();
    let client = server.client();
    let other = TestDevice::new("dev-2");
    server.register(&other);
    let bodies = [1, 2].map(|sequence| {
        let mut payload = vec![b' '; 3_000];
        payload[..PAYLOAD.len()].copy_from_slice(PAYLOAD);
        match sequence {
            1 => server.device.signed(sequence, &payload),
            _ => other.signed(sequence, &payload),
        }
    });
    let paths = ["dev-1", "dev-2"];
    let parts = bodies
        .each_ref()
        .map(|body| blocks(body, 6).collect::<Vec<_>>());
    for at in 0..parts[0].len() {
        for (device, parts) in paths.iter().zip(&parts) {
            let (block, chunk) = &parts[at];
            let request = block_request(&client.post(device, &[]), block, chunk);
            let answer = client.ask(&request);
            // The size that it came in, never a smaller one.
            assert_eq!(answer.get_first_option(CoapOption::Block1), Some(block));
            let expected = match at + 1 == parts.len() {
                true => ResponseType::Changed,
                false => ResponseType::Continue,
            };
            assert_eq!(code(&answer), expected, "{device} {at}");
        }
    }
    assert_eq!(server.kept().len(), 2);
}

#[test]
fn a_device_has_a_share_of_what_waits_for_the_disk() {
    let server = TestServer::with(&CoapConfig {
        uncommitted_messages_per_device: 2,
        ..generous()
    });
    let client = server.client();
    let other = TestDevice::new("dev-2");
    server.register(&other);
    server.shut_gate();
    for sequence in 0..2 {
        client.send(&client.post("dev-1", &server.device.body(sequence)));
    }
    let answer = client.ask(&client.post("dev-1", &server.device.body(2)));
    assert_eq!(code(&answer), ResponseType::ServiceUnavailable);
    client.send(&client.post("dev-2", &other.body(1)));
    wait_until(|| server.stage_calls() == 3);
    server.open_gate();
    for _ in 0..3 {
        assert_eq!(code(&client.receive()), ResponseType::Changed);
    }
    let answer = client.ask(&client.post("dev-1", &server.device.body(2)));
    assert_eq!(code(&answer), ResponseType::Changed);
}

#[test]
fn a_non_confirmable_request_gets_a_non_confirmable_answer() {
    let server = TestServer::start();
    let client = server.client();
    let body = server.device.body(1);
    let mut request = client.post("dev-1", &body);
    request.header.set_type(MessageType::NonConfirmable);
    let answer = client.ask(&request);
    assert_eq!(answer.header.get_type(), MessageType::NonConfirmable);
    assert_eq!(answer.get_token(), request.get_token());
    server.receipt(&answer, &body);
}

#[test]
fn a_payload_that_nobody_can_read_is_4_00_with_a_receipt() {
    let server = TestServer::start();
    let client = server.client();
    let body = server.device.signed(1, b"unreadable");
    let answer = client.ask(&client.post("dev-1", &body));
    assert_eq!(code(&answer), ResponseType::BadRequest);
    server.receipt(&answer, &body);
    assert_eq!(server.kept().len(), 1);
    assert_eq!(server.stats().unreadable_payloads, 1);
}

/// The promise of the platform: an answer means durable.
#[test]
fn no_answer_comes_before_the_commit() {
    let server = TestServer::with(&CoapConfig {
        piggyback_window: Duration::from_millis(40),
        ..generous()
    });
    let client = server.client();
    server.shut_gate();
    let body = server.device.body(1);
    let request = client.post("dev-1", &body);
    client.send(&request);
    let empty = client.receive();
    assert_eq!(empty.header.get_type(), MessageType::Acknowledgement);
    assert_eq!(empty.header.code, MessageClass::Empty);
    assert_eq!(empty.header.message_id, request.header.message_id);
    assert_eq!(server.stats().accepted, 0);
    // A repetition is acknowledged again, and handled by nobody.
    client.send(&request);
    assert_eq!(client.receive().header.code, MessageClass::Empty);
    assert_eq!(server.stage_calls(), 1);

    server.open_gate();
    let answer = client.receive();
    assert_eq!(answer.header.get_type(), MessageType::Confirmable);
    assert_eq!(answer.get_token(), request.get_token());
    assert_eq!(code(&answer), ResponseType::Changed);
    server.receipt(&answer, &body);
    assert_eq!(server.stats().separate_answers, 1);
}

#[test]
fn a_separate_answer_is_sent_until_it_is_acknowledged_or_given_up() {
    let server = TestServer::with(&CoapConfig {
        piggyback_window: Duration::from_millis(20),
        ack_timeout: Duration::from_millis(30),
        max_retransmit: 2,
        ..generous()
    });
    for acknowledged in [false, true] {
        let client = server.client();
        server.shut_gate();
        let body = server.device.body(u64::from(acknowledged));
        client.send(&client.post("dev-1", &body));
        client.receive();
        server.open_gate();
        let answer = client.receive_bytes();
        assert_eq!(client.receive_bytes(), answer, "sent again");
        match acknowledged {
            true => {
                let [high, low] = [answer[2], answer[3]];
                client.socket.send(&[0x60, 0, high, low]).unwrap();
            }
            false => {
                assert_eq!(client.receive_bytes(), answer, "and once more");
                server.until(|stats| stats.unacknowledged == 1);
            }
        }
    }
}

#[test]
fn a_request_that_comes_again_runs_once() {
    let server = TestServer::start();
    let client = server.client();
    let request = client.post("dev-1", &server.device.body(1));
    client.send(&request);
    let first = client.receive_bytes();
    for _ in 0..3 {
        client.send(&request);
        assert_eq!(client.receive_bytes(), first);
    }
    assert_eq!(server.stage_calls(), 1);
    assert_eq!(server.stats().duplicates, 3);
    // Another endpoint has message ids of its own.
    let other = server.client();
    other.ask(&other.post("dev-1", &server.device.body(2)));
    assert_eq!(server.stage_calls(), 2);
}

#[test]
fn a_repetition_while_the_first_is_under_way_runs_nothing() {
    let server = TestServer::start();
    let client = server.client();
    server.shut_gate();
    let request = client.post("dev-1", &server.device.body(1));
    client.send(&request);
    wait_until(|| server.stage_calls() == 1);
    for _ in 0..5 {
        client.send(&request);
    }
    client.expect_silence();
    server.open_gate();
    assert_piggybacked(&request, &client.receive());
    assert_eq!(server.stage_calls(), 1);
}

#[test]
fn a_non_confirmable_repetition_is_passed_over() {
    let server = TestServer::start();
    let client = server.client();
    let mut request = client.post("dev-1", &server.device.body(1));
    request.header.set_type(MessageType::NonConfirmable);
    client.ask(&request);
    client.send(&request);
    client.expect_silence();
    assert_eq!(server.stage_calls(), 1);
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

#[test]
fn many_devices_at_once_are_all_answered() {
    const MESSAGES: u64 = 500;
    let server = TestServer::start();
    let client = server.client();
    let mut bodies = std::collections::HashMap::new();
    for sequence in 0..MESSAGES {
        let body = server.device.body(sequence);
        let request = client.post("dev-1", &body);
        bodies.insert(request.header.message_id, body);
        client.send(&request);
        // No more under way than any kernel's default buffer holds.
        if sequence % 50 == 49 {
            for _ in 0..50 {
                let answer = client.receive();
                let body = bodies.remove(&answer.header.message_id).unwrap();
                server.receipt(&answer, &body);
            }
        }
    }
    assert!(bodies.is_empty());
    assert_eq!(server.kept().len() as u64, MESSAGES);
}

#[test]
fn a_shutdown_answers_what_was_taken_in() {
    let mut server = TestServer::start();
    let client = server.client();
    server.shut_gate();
    let body = server.device.body(1);
    client.send(&client.post("dev-1", &body));
    wait_until(|| server.stage_calls() == 1);
    server.begin_shutdown();
    server.open_gate();
    server.receipt(&client.receive(), &body);
    server.wait_stopped();
}

#[test]
fn a_sink_that_fails_acknowledges_nothing() {
    let server = TestServer::start();
    let client = server.client();
    server.shut_gate();
    let at_commit = client.post("dev-1", &server.device.body(1));
    client.send(&at_commit);
    wait_until(|| server.stage_calls() == 1);
    server.sink.failing.store(true, Relaxed);
    server.open_gate();
    let answer = client.receive();
    assert_eq!(code(&answer), ResponseType::ServiceUnavailable);
    assert!(answer.payload.is_empty());
    let at_stage = client.ask(&client.post("dev-1", &server.device.body(2)));
    assert_eq!(code(&at_stage), ResponseType::ServiceUnavailable);
    assert_eq!(server.stats().accepted, 0);
}

fn blocks(body: &[u8], size_exponent: u8) -> impl Iterator<Item = (Vec<u8>, &[u8])> {
    let size = 16 << size_exponent;
    let count = body.len().div_ceil(size);
    body.chunks(size).enumerate().map(move |(number, chunk)| {
        let more = u32::from(number + 1 < count);
        let bits = (number as u32) << 4 | more << 3 | u32::from(size_exponent);
        let bytes = bits.to_be_bytes();
        (
            bytes[bytes.iter().take_while(|byte| **byte == 0).count()..].to_vec(),
            chunk,
        )
    })
}

fn block_request(request: &Packet, block: &[u8], chunk: &[u8]) -> Packet {
    let mut request = request.clone();
    request.clear_option(CoapOption::Block1);
    request.set_option(CoapOption::Block1, [block.to_vec()].into());
    request.payload = chunk.to_vec();
    request
}

#[test]
fn a_long_body_comes_in_blocks() {
    let server = TestServer::start();
    // 60 KiB in the smallest blocks has block numbers beyond 12 bits.
    for (sequence, payload_bytes, size_exponent) in [(1, 3_000, 6), (2, 900, 2), (3, 64_800, 0)] {
        let client = server.client();
        let mut payload = vec![b' '; payload_bytes];
        payload[..PAYLOAD.len()].copy_from_slice(PAYLOAD);
        let body = server.device.signed(sequence, &payload);
        let count = body.len().div_ceil(16 << size_exponent);
        for (number, (block, chunk)) in blocks(&body, size_exponent).enumerate() {
            let request = block_request(&client.post("dev-1", &[]), &block, chunk);
            let answer = client.ask(&request);
            assert_piggybacked(&request, &answer);
            assert_eq!(answer.get_first_option(CoapOption::Block1), Some(&block));
            match number + 1 == count {
                false => assert_eq!(code(&answer), ResponseType::Continue),
                true => {
                    assert_eq!(code(&answer), ResponseType::Changed);
                    server.receipt(&answer, &body);
                    // The last block may come again, too.
                    client.send(&request);
                    assert_eq!(client.receive(), answer);
                }
            }
        }
        assert_eq!(server.kept().last().unwrap().payload, payload);
    }
    assert_eq!(server.stage_calls(), 3);
}
