//! An answer means durable: what waits for the disk, and what failed there.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use coap::Config;
use coap_lite::{MessageClass, MessageType, ResponseType};

use crate::harness::{TestDevice, TestServer, code, generous, wait_until};

#[test]
fn a_device_has_a_share_of_what_waits_for_the_disk() {
    let server = TestServer::with(&Config {
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

/// The promise of the platform: an answer means durable.
#[test]
fn no_answer_comes_before_the_commit() {
    let server = TestServer::with(&Config {
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
