//! Messages for which the sink has to write something first.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use coap::Config;
use coap_lite::{MessageClass, MessageType, ResponseType};

use crate::harness::{Kept, PAYLOAD, TestDevice, TestServer, code, generous, wait_until};

/// What the sink has to write something for holds up nobody else: pings,
/// repetitions and other devices are answered meanwhile, and it is answered once.
#[test]
fn a_message_that_waits_for_the_sink_holds_up_no_other() {
    let server = TestServer::with(&Config {
        piggyback_window: Duration::from_secs(2),
        ..generous()
    });
    let (client, other) = (server.client(), server.client());
    server.sink.prepared.send_replace(false);
    let waiting = server.device.signed(1, br#"[{"n":"new","v":1}]"#);
    let request = client.post("dev-1", &waiting);
    client.send(&request);
    let empty = client.receive();
    assert_eq!(empty.header.get_type(), MessageType::Acknowledgement);
    assert_eq!(empty.header.code, MessageClass::Empty);
    let device = TestDevice::new("dev-2");
    server.register(&device);
    let answer = other.ask(&other.post("dev-2", &device.body(2)));
    assert_eq!(code(&answer), ResponseType::Changed);
    // The same bytes in a request of their own: answered to the first.
    other.send(&other.post("dev-1", &waiting));
    other.expect_silence();
    server.sink.prepared.send_replace(true);
    let answer = client.receive();
    let [high, low] = answer.header.message_id.to_be_bytes();
    client.socket.send(&[0x60, 0, high, low]).unwrap();
    assert_eq!(code(&answer), ResponseType::Changed);
    server.receipt(&answer, &waiting);
    client.expect_silence();
    assert_eq!(server.kept().len(), 2);
    server.until(|stats| stats.accepted == 2);
}

/// The sink takes a device's sequences within a window: those that come later
/// must not move it past the one that waits.
#[test]
fn later_messages_of_its_device_follow_a_postponed_one_in_order() {
    let server = TestServer::start();
    let client = server.client();
    server.sink.prepared.send_replace(false);
    let new: &[u8] = br#"[{"n":"new","v":1}]"#;
    let payloads = [PAYLOAD, new, PAYLOAD, PAYLOAD, new, PAYLOAD];
    for (sequence, payload) in (0..).zip(payloads) {
        let body = server.device.signed(sequence, payload);
        client.send(&client.post("dev-1", &body));
    }
    wait_until(|| server.sink.prepared.receiver_count() > 0);
    assert_eq!(code(&client.receive()), ResponseType::Changed);
    client.expect_silence();
    assert_eq!(server.kept().len(), 1);
    server.sink.prepared.send_replace(true);
    for _ in 1..payloads.len() {
        assert_eq!(code(&client.receive()), ResponseType::Changed);
    }
    let kept = server.kept();
    assert!(kept.iter().map(|it| it.sequence).eq(0..6), "{kept:?}");
    // Nothing waits any more.
    let answer = client.ask(&client.post("dev-1", &server.device.body(6)));
    assert_eq!(code(&answer), ResponseType::Changed);
}

/// The one that waits for the sink, and the one that waits for that.
#[test]
fn messages_that_wait_keep_the_time_when_they_came() {
    let server = TestServer::start();
    let client = server.client();
    let set_time = |micros| server.sink.clock.store(micros, Relaxed);
    server.sink.prepared.send_replace(false);
    set_time(1);
    let payloads: [&[u8]; 2] = [br#"[{"n":"new","v":1}]"#, PAYLOAD];
    for (sequence, payload) in (0..).zip(payloads) {
        let body = server.device.signed(sequence, payload);
        client.send(&client.post("dev-1", &body));
    }
    wait_until(|| server.sink.prepared.receiver_count() > 0);
    client.expect_silence();
    set_time(2);
    server.sink.prepared.send_replace(true);
    for _ in 0..2 {
        assert_eq!(code(&client.receive()), ResponseType::Changed);
    }
    let answer = client.ask(&client.post("dev-1", &server.device.body(2)));
    assert_eq!(code(&answer), ResponseType::Changed);
    let received = |it: &Kept| it.received.as_micros();
    assert!(server.kept().iter().map(received).eq([1, 1, 2]));
}
