//! A CoAP server on a real socket: what a device that behaves gets.

#![allow(clippy::unwrap_used)]

mod coap_harness;

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use broker::coap::CoapConfig;
use coap_harness::{PAYLOAD, TestServer, assert_piggybacked, code, generous, wait_until};
use coap_lite::{CoapOption, MessageClass, MessageType, Packet, ResponseType};
use domain::{Offset, Timestamp};

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
