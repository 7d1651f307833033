//! A CoAP server on a real socket: what a device that behaves gets.

use std::sync::atomic::Ordering::Relaxed;

use coap_lite::{MessageType, ResponseType};
use domain::payload::ContentFormat;
use domain::{DeviceId, Offset, Timestamp};
use sdk::Es256Key;
use sdk::coap::SignedTelemetry;

use crate::harness::{PAYLOAD, TestServer, assert_piggybacked, code};

#[test]
fn telemetry_is_answered_by_a_receipt_on_the_ack() {
    let server = TestServer::start();
    let client = server.client();
    let body = server.device.body(1);
    let request = client.post("dev-1", &body);
    // Ahead of the machine's: the receipt goes by the clock that the readings go by.
    let now = Timestamp::from_micros(4_000_000_000_000_000);
    server.sink.clock.store(now.as_micros(), Relaxed);
    let answer = client.ask(&request);
    assert_piggybacked(&request, &answer);
    assert_eq!(code(&answer), ResponseType::Changed);
    let receipt = server.receipt(&answer, &body);
    assert_eq!(receipt.offset, Offset::new(1));
    assert_eq!(receipt.time, now);
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
