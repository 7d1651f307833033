//! Messages that are sent again: requests by the client, answers by the server.

use std::time::Duration;

use coap::Config;
use coap_lite::MessageType;

use crate::harness::{TestServer, assert_piggybacked, generous, wait_until};

#[test]
fn a_separate_answer_is_sent_until_it_is_acknowledged_or_given_up() {
    let server = TestServer::with(&Config {
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
        if acknowledged {
            let [high, low] = [answer[2], answer[3]];
            client.socket.send(&[0x60, 0, high, low]).unwrap();
        } else {
            assert_eq!(client.receive_bytes(), answer, "and once more");
            server.until(|stats| stats.unacknowledged == 1);
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
