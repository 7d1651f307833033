//! Topics that are none, too large, or longer than their packet.

use mqtt::codec::ReasonCode;
use transport::EventKind;

use super::raw::{both, message, packet};
use crate::harness::TestBroker;
use crate::harness::client::Client;

#[test]
fn topics_that_are_none() {
    let broker = TestBroker::start();
    for topic in ["a/+", "a/#"] {
        both(&broker, ReasonCode::TOPIC_NAME_INVALID, |protocol| {
            packet(0x30, &message(protocol, topic.as_bytes()))
        });
    }
    both(&broker, ReasonCode::PROTOCOL_ERROR, |protocol| {
        packet(0x30, &message(protocol, b""))
    });
    for topic in [&b"a\0b"[..], b"\xFF\xFE", b"\xED\xA0\x80", b"\xC0\xAF"] {
        both(&broker, ReasonCode::MALFORMED_PACKET, |protocol| {
            packet(0x30, &message(protocol, topic))
        });
    }
}

/// Well formed, and refused for want of room: the connection stays.
#[test]
fn topics_that_are_too_large() {
    let broker = TestBroker::start();
    let slashes = "/".repeat(65_535);
    let long = "x".repeat(513);
    let deep = ["x"; 17].join("/");
    for topic in [&slashes, &long, &deep] {
        let mut v5 = broker.device("v5");
        v5.publish(topic, 1, b"x");
        assert_eq!(v5.receive().puback().reason, ReasonCode::TOPIC_NAME_INVALID);
        v5.ping();
        let mut v311 = Client::v311(broker.mqtt, "v311");
        v311.publish(topic, 1, b"x");
        assert_eq!(v311.receive().puback().packet_id, 1);
        v311.ping();
    }
    assert!(broker.sink.messages.lock().is_empty());
    assert_eq!(broker.access.count(EventKind::PublishDenied), 6);
}

#[test]
fn a_topic_longer_than_its_packet() {
    let broker = TestBroker::start();
    both(&broker, ReasonCode::MALFORMED_PACKET, |_| {
        packet(0x30, &[0xFF, 0xFF, b'a'])
    });
}
