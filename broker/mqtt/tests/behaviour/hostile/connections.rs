//! Connections that are silent or too many, and what is recorded of hostile ones.

use std::time::Duration;

use mqtt::Config;
use mqtt::codec::ReasonCode;
use transport::{EventKind, Protocol};

use super::raw::{message, packet};
use crate::harness::client::{Client, connect};
use crate::harness::{TestBroker, until};

#[test]
fn a_huge_packet_before_connect() {
    let broker = TestBroker::start();
    let mut client = Client::open(broker.mqtt, Protocol::V5);
    client.try_send_bytes(&[0x10, 0xFF, 0xFF, 0xFF, 0x7F]);
    client.try_send_bytes(&vec![0; 1024 * 1024]);
    client.expect_closed();
}

#[test]
fn another_packet_before_connect() {
    let broker = TestBroker::start();
    for bytes in [
        &[0xC0, 0][..],
        &[0xE0, 0],
        &[0x30, 3, 0, 1, b'a'],
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        let mut client = Client::open(broker.mqtt, Protocol::V5);
        client.send_bytes(bytes);
        client.expect_closed();
    }
    until("they are recorded", || {
        broker.access.events.lock().len() >= 4
    });
}

#[test]
fn silent_connections_give_way_to_newer_ones() {
    let config = Config {
        handshakes_in_flight: 20,
        connect_deadline: Duration::from_secs(3_600),
        ..Config::default()
    };
    let broker = TestBroker::with(config);
    let silent: Vec<_> = (0..60)
        .map(|_| Client::open(broker.mqtt, Protocol::V5))
        .collect();
    for n in 0..20 {
        broker.device(&format!("d{n}")).ping();
    }
    let handshakes = broker.total(|listener| listener.handshakes);
    assert!(handshakes <= 20, "{handshakes} in flight");
    drop(silent);
}

#[test]
fn connections_beyond_the_limit_are_closed() {
    let broker = TestBroker::with(Config {
        max_connections: 5,
        ..Config::default()
    });
    let mut clients: Vec<_> = (0..5).map(|n| broker.device(&format!("d{n}"))).collect();
    let mut sixth = Client::open(broker.mqtt, Protocol::V5);
    sixth.try_send_bytes(&[0x10]);
    sixth.expect_closed();
    clients.pop();
    broker.until_stats("a place is free", |stats| {
        stats.listeners[0].connections == 4
    });
    until("a new one gets in", || {
        let mut client = Client::open(broker.mqtt, Protocol::V5);
        let mut bytes = Vec::new();
        connect(Protocol::V5, "new").encode(&mut bytes);
        client.try_send_bytes(&bytes);
        client
            .try_receive()
            .is_some_and(|it| it.connack().code == 0)
    });
}

#[test]
fn what_was_wrong_is_recorded_without_passwords() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    client.send_bytes(&packet(0x30, &message(Protocol::V5, b"bad\0topic")));
    client.expect_end(ReasonCode::MALFORMED_PACKET);
    // A CONNECT that breaks off inside its properties, with a password after it.
    let mut broken = Client::open(broker.mqtt, Protocol::V5);
    broken.send_bytes(&packet(
        0x10,
        b"\x00\x04MQTT\x05\xC2\x00\x00\x05\xFF\x00\x00\x00\x00pass",
    ));
    assert_eq!(broken.receive().connack().code, 0x81);
    broken.expect_closed();
    until("both are recorded", || {
        broker.access.saw(EventKind::ProtocolError) && broker.access.saw(EventKind::Refused)
    });
    let events = broker.access.events.lock();
    let head = |kind| {
        events
            .iter()
            .find(|it| it.0 == kind)
            .map(|it| it.2.clone())
            .unwrap()
    };
    assert!(
        head(EventKind::ProtocolError)
            .windows(3)
            .any(|it| it == b"bad")
    );
    assert!(!head(EventKind::Refused).windows(4).any(|it| it == b"pass"));
}
