//! What may not be published is acknowledged without effect, and the connection
//! stays: common libraries send again for ever what was not acknowledged.

use std::time::{Duration, Instant};

use mqtt::Config;
use mqtt::codec::{Ack, Packet, Properties, Publish, Qos, ReasonCode, kind};
use transport::{EventKind, Protocol, RejectCause};

use crate::harness::client::{Client, connect, telemetry};
use crate::harness::{TestBroker, until};

const BOTH: [Protocol; 2] = [Protocol::V311, Protocol::V5];
const EACH_QOS: [Qos; 3] = [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce];

fn publish(protocol: Protocol, topic: &str, qos: Qos, packet_id: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Publish {
        duplicate: false,
        qos,
        retain: true,
        topic,
        packet_id: if qos == Qos::AtMostOnce { 0 } else { packet_id },
        properties: Properties::NONE,
        payload,
    }
    .encode(protocol, &mut bytes);
    bytes
}

/// Kind, identifier and reason of the next acknowledgement.
fn answer(client: &mut Client) -> (u8, u16, ReasonCode) {
    match client.receive().packet() {
        Packet::PubAck(ack) => (kind::PUBACK, ack.packet_id, ack.reason),
        Packet::PubRec(ack) => (kind::PUBREC, ack.packet_id, ack.reason),
        Packet::PubComp(ack) => (kind::PUBCOMP, ack.packet_id, ack.reason),
        other => panic!("no acknowledgement: {other:?}"),
    }
}

/// What a refused message of QoS 1 or 2 gets, to the end of its exchange.
fn expect_refusal(client: &mut Client, protocol: Protocol, qos: Qos, id: u16, reason: ReasonCode) {
    let told = match protocol {
        Protocol::V311 => ReasonCode::SUCCESS,
        Protocol::V5 => reason,
    };
    match qos {
        Qos::AtMostOnce => {}
        Qos::AtLeastOnce => assert_eq!(answer(client), (kind::PUBACK, id, told)),
        Qos::ExactlyOnce => {
            assert_eq!(answer(client), (kind::PUBREC, id, told));
            if protocol == Protocol::V311 {
                client.send(&Packet::PubRel(Ack {
                    packet_id: id,
                    reason: ReasonCode::SUCCESS,
                    properties: Properties::NONE,
                }));
                assert_eq!(answer(client), (kind::PUBCOMP, id, ReasonCode::SUCCESS));
            }
        }
    }
}

#[test]
fn a_topic_of_another_is_answered_and_told_once() {
    for protocol in BOTH {
        for qos in EACH_QOS {
            let broker = TestBroker::start();
            let mut client = Client::connected(broker.mqtt, &connect(protocol, "d"));
            for id in 1..=5 {
                client.send_bytes(&publish(protocol, "status/d", qos, id, b"x"));
                let reason = ReasonCode::NOT_AUTHORIZED;
                expect_refusal(&mut client, protocol, qos, id, reason);
            }
            client.ping();
            // What is allowed gets through after it.
            client.publish(&telemetry("d"), 9, b"y");
            assert_eq!(client.receive().puback().packet_id, 9);
            assert_eq!(broker.sink.payloads(), ["y"]);
            assert_eq!(broker.access.count(EventKind::PublishDenied), 1);
            assert_eq!(broker.total(|it| it.publishes_denied), 5);
            assert_eq!(broker.total(|it| it.protocol_errors), 0);
        }
    }
}

#[test]
fn a_refusal_waits_for_what_was_sent_before_it() {
    for protocol in BOTH {
        let broker = TestBroker::start();
        broker.sink.hold();
        let mut client = Client::connected(broker.mqtt, &connect(protocol, "d"));
        client.publish(&telemetry("d"), 1, b"a");
        client.send_bytes(&publish(protocol, "status/d", Qos::ExactlyOnce, 2, b"b"));
        client.send_bytes(&publish(
            protocol,
            "devices/d/telemetri",
            Qos::AtLeastOnce,
            3,
            b"c",
        ));
        client.publish(&telemetry("d"), 4, b"d");
        broker.sink.until_staged(3);
        client.expect_silence();
        broker.sink.release();
        let ids: Vec<_> = (0..4).map(|_| answer(&mut client).1).collect();
        assert_eq!(ids, [1, 2, 3, 4]);
    }
}

#[test]
fn a_refusal_on_the_devices_own_topic_becomes_durable() {
    for protocol in BOTH {
        for qos in EACH_QOS {
            let broker = TestBroker::start();
            let mut client = Client::connected(broker.mqtt, &connect(protocol, "d"));
            let topic = "devices/d/telemetri";
            for id in 1..=3 {
                client.send_bytes(&publish(protocol, topic, qos, id, b"x"));
                let reason = ReasonCode::NOT_AUTHORIZED;
                expect_refusal(&mut client, protocol, qos, id, reason);
            }
            client.ping();
            let rejects = broker.sink.rejects.lock().clone();
            assert_eq!(rejects, vec![(topic.to_owned(), RejectCause::Topic); 3]);
            assert_eq!(broker.access.count(EventKind::PublishDenied), 1);
        }
    }
}

#[test]
fn a_publish_beyond_the_limit_is_dropped_and_answered() {
    let most = Config::default().dropped_packet;
    for protocol in BOTH {
        for qos in EACH_QOS {
            let broker = TestBroker::start();
            let mut client = Client::connected(broker.mqtt, &connect(protocol, "d"));
            for (id, size) in [(1, 80_000), (2, most - 64), (3, 75_000)] {
                let mut payload = vec![b'x'; size];
                payload[..5].copy_from_slice(b"begin");
                client.send_bytes(&publish(protocol, &telemetry("d"), qos, id, &payload));
                let reason = ReasonCode::PAYLOAD_FORMAT_INVALID;
                expect_refusal(&mut client, protocol, qos, id, reason);
            }
            client.publish(&telemetry("d"), 9, b"small");
            assert_eq!(client.receive().puback().packet_id, 9);
            let messages = broker.sink.messages.lock();
            let kept: Vec<_> = messages.iter().map(|it| it.payload.len()).collect();
            assert_eq!(kept, [256, 256, 256, 5]);
            assert!(
                messages[..3]
                    .iter()
                    .all(|it| it.payload.starts_with(b"begin"))
            );
            let rejects = broker.sink.rejects.lock();
            assert!(
                rejects
                    .iter()
                    .all(|(_, cause)| *cause == RejectCause::TooLarge)
            );
            assert_eq!(broker.access.count(EventKind::TooLarge), 3);
            assert_eq!(broker.total(|it| it.publishes_too_large), 3);
        }
    }
}

/// Its pieces come slowly, and packets stand in one piece with its ends.
#[test]
fn a_large_publish_comes_in_pieces_of_any_size() {
    let broker = TestBroker::start();
    for (n, size) in [1_usize, 7, 255, 4_096, 100_000].into_iter().enumerate() {
        let mut client = Client::v311(broker.mqtt, &format!("d{n}"));
        let topic = telemetry(&format!("d{n}"));
        let mut bytes = publish(Protocol::V311, &topic, Qos::AtLeastOnce, 1, b"before");
        let large = vec![b'x'; 74_000];
        bytes.extend(publish(Protocol::V311, &topic, Qos::AtLeastOnce, 2, &large));
        bytes.extend(publish(
            Protocol::V311,
            &topic,
            Qos::AtLeastOnce,
            3,
            b"after",
        ));
        // The first bytes one by one, then in larger pieces: 74,000 single
        // writes would only be slow.
        let (head, rest) = bytes.split_at(600);
        for piece in head.chunks(size).chain(rest.chunks(size.max(1_000))) {
            client.send_bytes(piece);
        }
        let ids: Vec<_> = (0..3).map(|_| answer(&mut client).1).collect();
        assert_eq!(ids, [1, 2, 3]);
    }
}

#[test]
fn what_is_larger_still_ends_the_connection() {
    let config = Config::default();
    for protocol in BOTH {
        let broker = TestBroker::start();
        let mut client = Client::connected(broker.mqtt, &connect(protocol, "d"));
        let payload = vec![b'x'; config.dropped_packet];
        let bytes = publish(protocol, &telemetry("d"), Qos::AtLeastOnce, 1, &payload);
        client.try_send_bytes(&bytes[..100]);
        client.expect_end(ReasonCode::PACKET_TOO_LARGE);
        // No publish, or topic and properties that are too large by themselves.
        let mut client = Client::connected(broker.mqtt, &connect(protocol, "d"));
        client.try_send_bytes(&[0x82, 0x80, 0x80, 0x05]);
        client.expect_end(ReasonCode::PACKET_TOO_LARGE);
        // Before CONNECT the small limit holds.
        let mut client = Client::open(broker.mqtt, protocol);
        client.try_send_bytes(&bytes[..100]);
        client.expect_closed();
        assert!(broker.sink.messages.lock().is_empty());
    }
}

#[test]
fn what_was_promised_to_suites_holds_on_their_listener() {
    let broker = TestBroker::start();
    let mut client = Client::v5(broker.unprotected, "d");
    let bytes = publish(Protocol::V5, "a", Qos::AtLeastOnce, 1, &[b'x'; 80_000]);
    client.try_send_bytes(&bytes);
    client.expect_end(ReasonCode::PACKET_TOO_LARGE);
}

/// Whoever is told that it is out asks at once why.
#[test]
fn an_event_is_there_before_its_answer_leaves() {
    let broker = TestBroker::start();
    *broker.access.record_slowly.lock() = Some(Duration::from_millis(150));
    let mut refused = Client::open(broker.mqtt, Protocol::V5);
    let wrong = mqtt::codec::Connect {
        password: Some(b"wrong"),
        ..connect(Protocol::V5, "d")
    };
    refused.send(&Packet::Connect(wrong));
    assert_ne!(refused.receive().connack().code, 0);
    assert_eq!(broker.access.count(EventKind::Refused), 1);

    let mut broken = broker.device("broken");
    broken.send_bytes(&[0xF3, 0]);
    assert_eq!(
        broken.receive().disconnect().reason,
        ReasonCode::MALFORMED_PACKET
    );
    assert_eq!(broker.access.count(EventKind::ProtocolError), 1);

    let mut kicked = broker.device("kicked");
    broker.access.revoke("kicked");
    broker.handle.revalidate();
    kicked.expect_end(ReasonCode::ADMINISTRATIVE_ACTION);
    assert_eq!(broker.access.count(EventKind::Kicked), 1);

    let mut first = broker.device("same");
    let _second = broker.device("same");
    first.expect_end(ReasonCode::SESSION_TAKEN_OVER);
    assert_eq!(broker.access.count(EventKind::TakenOver), 1);

    let mut denied = broker.device("denied");
    denied.publish("status/denied", 1, b"x");
    assert_eq!(answer(&mut denied).2, ReasonCode::NOT_AUTHORIZED);
    assert_eq!(broker.access.count(EventKind::PublishDenied), 1);
}

/// Nobody says that rights have changed: its right ends by the clock.
#[test]
fn a_right_that_ends_by_itself_ends_the_connection_within_a_second_or_so() {
    let broker = TestBroker::start();
    let mut stays = broker.device("stays");
    *broker.access.lasts.lock() = Some(Duration::from_millis(300));
    let mut ends = broker.device("ends");
    let mut renewed = broker.device("renewed");
    ends.subscribe("open/#", Qos::AtMostOnce);
    broker.access.revoked.lock().insert("ends".to_owned());
    let begun = Instant::now();
    ends.expect_end(ReasonCode::ADMINISTRATIVE_ACTION);
    let waited = begun.elapsed();
    // One look a second; a busy machine may be late.
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    until("it is recorded", || {
        broker.access.count(EventKind::Kicked) == 1
    });
    stays.ping();
    renewed.ping();
}
