//! Packets whose length is wrong, too great, or longer than what follows.

use mqtt::Config;
use mqtt::codec::{Properties, Publish, Qos, ReasonCode};
use transport::Protocol;

use super::raw::both;
use crate::harness::TestBroker;
use crate::harness::client::telemetry;

#[test]
fn a_length_of_five_bytes() {
    let broker = TestBroker::start();
    both(&broker, ReasonCode::MALFORMED_PACKET, |_| {
        vec![0x30, 0x80, 0x80, 0x80, 0x80, 0x01]
    });
}

#[test]
fn a_length_with_needless_bytes() {
    let broker = TestBroker::start();
    both(&broker, ReasonCode::MALFORMED_PACKET, |_| {
        vec![0xC0, 0x80, 0x00]
    });
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_the_body() {
    let broker = TestBroker::start();
    both(&broker, ReasonCode::PACKET_TOO_LARGE, |_| {
        vec![0x30, 0xFF, 0xFF, 0xFF, 0x7F]
    });
}

#[test]
fn a_length_beyond_the_data_waits_for_it_and_ends_with_the_connection() {
    let broker = TestBroker::start();
    let mut client = broker.device("hostile");
    client.send_bytes(&[0x30, 0x7F, 0x00, 0x01, b'a']);
    client.expect_silence();
    drop(client);
    broker.until_stats("it is gone", |stats| stats.listeners[0].connections == 0);
    assert!(broker.sink.messages.lock().is_empty());
}

#[test]
fn a_packet_byte_by_byte_is_a_packet() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    let mut bytes = Vec::new();
    Publish {
        duplicate: false,
        qos: Qos::AtLeastOnce,
        retain: false,
        topic: &telemetry("d"),
        packet_id: 1,
        properties: Properties::NONE,
        payload: b"slowly",
    }
    .encode(Protocol::V5, &mut bytes);
    for byte in bytes {
        client.send_bytes(&[byte]);
    }
    assert_eq!(client.receive().puback().packet_id, 1);
    assert_eq!(broker.sink.payloads(), ["slowly"]);
}

#[test]
fn the_largest_packet_is_taken_and_of_one_byte_more_only_the_beginning() {
    let broker = TestBroker::start();
    let max = Config::default().max_packet;
    for (extra, taken) in [(0, true), (1, false)] {
        let mut client = broker.device("d");
        let topic = telemetry("d");
        // First byte, three of length, two of the topic's, id and properties.
        let payload = vec![b'x'; max - 1 - 3 - 2 - topic.len() - 2 - 1 + extra];
        let mut bytes = Vec::new();
        Publish {
            duplicate: false,
            qos: Qos::AtLeastOnce,
            retain: false,
            topic: &topic,
            packet_id: 1,
            properties: Properties::NONE,
            payload: &payload,
        }
        .encode(Protocol::V5, &mut bytes);
        assert_eq!(bytes.len(), max + extra);
        client.try_send_bytes(&bytes);
        let received = client.receive();
        let reason = received.puback().reason;
        if taken {
            assert_eq!(reason, ReasonCode::SUCCESS);
        } else {
            assert_eq!(reason, ReasonCode::PAYLOAD_FORMAT_INVALID);
        }
    }
    let lengths: Vec<_> = broker
        .sink
        .messages
        .lock()
        .iter()
        .map(|it| it.payload.len())
        .collect();
    assert!(lengths[0] > 64 * 1024 && lengths[1] == 256, "{lengths:?}");
}
