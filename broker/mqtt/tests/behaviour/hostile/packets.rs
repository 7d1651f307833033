//! Input that nobody sends by accident. Each ends with the right reason, and
//! the broker goes on serving.

use std::time::Duration;

use mqtt::Config;
use mqtt::codec::{
    FilterList, Packet, Properties, Property, PropertyList, Publish, Qos, ReasonCode, Subscribe,
    SubscribeOptions,
};
use transport::{EventKind, Protocol};

use crate::harness::client::{Client, connect, telemetry};
use crate::harness::{TestBroker, until};

fn both(broker: &TestBroker, reason: ReasonCode, bytes: impl Fn(Protocol) -> Vec<u8>) {
    for protocol in [Protocol::V311, Protocol::V5] {
        let mut client = Client::connected(broker.mqtt, &connect(protocol, "hostile"));
        client.try_send_bytes(&bytes(protocol));
        client.expect_end(reason);
    }
    broker.device("bystander").ping();
}

/// A packet whose length is right.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    while length > 127 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend_from_slice(body);
    bytes
}

/// The body of a PUBLISH of QoS 0.
fn message(protocol: Protocol, topic: &[u8]) -> Vec<u8> {
    let mut body = (topic.len() as u16).to_be_bytes().to_vec();
    body.extend_from_slice(topic);
    if protocol == Protocol::V5 {
        body.push(0);
    }
    body
}

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

#[test]
fn a_flood_of_user_properties() {
    let broker = TestBroker::start();
    let mut list = PropertyList::default();
    for _ in 0..5_000 {
        list.push(Property::User("a", "b"));
    }
    let mut client = broker.device("d");
    client.publish_with(&telemetry("d"), 1, b"x", list.as_properties());
    client.expect_end(ReasonCode::PROTOCOL_ERROR);
}

#[test]
fn properties_that_are_twice_unknown_or_elsewhere() {
    let broker = TestBroker::start();
    let twice = PropertyList::default()
        .with(Property::ContentType("a"))
        .with(Property::ContentType("b"));
    let elsewhere = PropertyList::default().with(Property::ReceiveMaximum(3));
    let from_a_client = PropertyList::default().with(Property::SubscriptionId(3));
    for list in [twice, elsewhere, from_a_client] {
        let mut client = broker.device("d");
        client.publish_with(&telemetry("d"), 1, b"x", list.as_properties());
        client.expect_end(ReasonCode::PROTOCOL_ERROR);
    }
    let mut client = broker.device("d");
    client.send_bytes(&packet(0x30, b"\x00\x01a\x02\x7F\x00"));
    client.expect_end(ReasonCode::MALFORMED_PACKET);
}

#[test]
fn subscriptions_beyond_the_limit() {
    let broker = TestBroker::with(Config {
        subscriptions_per_session: 50,
        ..Config::default()
    });
    let mut client = broker.device("d");
    let mut filters = FilterList::default();
    for n in 0..100 {
        filters = filters.with(&format!("open/{n}"), SubscribeOptions::qos(Qos::AtMostOnce));
    }
    client.send(&Packet::Subscribe(Subscribe::new(
        1,
        Properties::NONE,
        &filters,
    )));
    let received = client.receive();
    let codes = received.suback().codes;
    assert_eq!(
        (&codes[..50], &codes[50..]),
        (&[0; 50][..], &[0x97; 50][..])
    );
    assert_eq!(broker.handle.stats().subscriptions, 50);
}

#[test]
fn subscription_identifiers_out_of_range_or_twice() {
    let broker = TestBroker::start();
    let zero = PropertyList::default().with(Property::SubscriptionId(0));
    let mut twice = PropertyList::default();
    for id in 1..50 {
        twice.push(Property::SubscriptionId(id));
    }
    for list in [zero, twice] {
        let mut client = broker.device("d");
        let filters = FilterList::default().with("open/#", SubscribeOptions::qos(Qos::AtMostOnce));
        client.send(&Packet::Subscribe(Subscribe::new(
            1,
            list.as_properties(),
            &filters,
        )));
        client.expect_end(ReasonCode::PROTOCOL_ERROR);
    }
}

#[test]
fn a_subscribe_or_unsubscribe_without_a_filter_or_with_reserved_bits() {
    let broker = TestBroker::start();
    let empty = |first: u8| {
        move |protocol: Protocol| match protocol {
            Protocol::V311 => packet(first, &[0, 1]),
            Protocol::V5 => packet(first, &[0, 1, 0]),
        }
    };
    both(&broker, ReasonCode::PROTOCOL_ERROR, empty(0x82));
    both(&broker, ReasonCode::PROTOCOL_ERROR, empty(0xA2));
    both(&broker, ReasonCode::MALFORMED_PACKET, empty(0x80));
    both(
        &broker,
        ReasonCode::MALFORMED_PACKET,
        |protocol| match protocol {
            Protocol::V311 => packet(0x82, &[0, 1, 0, 1, b'a', 0xFC]),
            Protocol::V5 => packet(0x82, &[0, 1, 0, 0, 1, b'a', 0xC0]),
        },
    );
}

#[test]
fn packet_identifier_0() {
    let broker = TestBroker::start();
    both(
        &broker,
        ReasonCode::PROTOCOL_ERROR,
        |protocol| match protocol {
            Protocol::V311 => packet(0x32, &[0, 1, b'a', 0, 0]),
            Protocol::V5 => packet(0x32, &[0, 1, b'a', 0, 0, 0]),
        },
    );
}

#[test]
fn qos_3() {
    let broker = TestBroker::start();
    both(&broker, ReasonCode::MALFORMED_PACKET, |protocol| {
        packet(0x36, &message(protocol, b"a"))
    });
    assert!(broker.sink.messages.lock().is_empty());
}

#[test]
fn pubrels_for_nothing_leave_nothing_behind() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    for id in 1..=1_000u16 {
        client.send_bytes(&packet(0x62, &id.to_be_bytes()));
        match client.receive().packet() {
            Packet::PubComp(ack) => {
                assert_eq!(
                    (ack.packet_id, ack.reason),
                    (id, ReasonCode::PACKET_IDENTIFIER_NOT_FOUND)
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn acknowledgements_for_nothing_are_ignored() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    for id in 1..=1_000 {
        client.acknowledge(id);
    }
    client.ping();
}

#[test]
fn a_second_connect_and_packets_that_only_a_server_sends() {
    let broker = TestBroker::start();
    both(&broker, ReasonCode::PROTOCOL_ERROR, |protocol| {
        let mut bytes = Vec::new();
        connect(protocol, "hostile").encode(&mut bytes);
        bytes
    });
    both(&broker, ReasonCode::PROTOCOL_ERROR, |_| vec![0xD0, 0]);
    let mut client = broker.device("d");
    client.send_bytes(&[0xF0, 0]);
    client.expect_end(ReasonCode::PROTOCOL_ERROR);
    let mut client = Client::v311(broker.mqtt, "d");
    client.send_bytes(&[0xF0, 0]);
    client.expect_closed();
}

#[test]
fn packets_after_disconnect_are_not_taken() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    let mut bytes = vec![0xE0, 0];
    bytes.extend(packet(
        0x30,
        &message(Protocol::V5, telemetry("d").as_bytes()),
    ));
    client.send_bytes(&bytes);
    client.expect_closed();
    until("it is gone", || broker.handle.connection("d").is_none());
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
        match taken {
            true => assert_eq!(reason, ReasonCode::SUCCESS),
            false => assert_eq!(reason, ReasonCode::PAYLOAD_FORMAT_INVALID),
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

/// Publishing, taking over and subscribing at once, from many sides.
#[test]
fn a_storm_of_takeovers_and_subscriptions() {
    let broker = TestBroker::start();
    let address = broker.mqtt;
    let storm: Vec<_> = (0..8)
        .map(|thread| {
            std::thread::spawn(move || {
                for round in 0..40 {
                    let protocol = [Protocol::V311, Protocol::V5][round % 2];
                    let mut client = Client::open(address, protocol);
                    let mut bytes = Vec::new();
                    connect(protocol, "contested").encode(&mut bytes);
                    client.protocol = protocol;
                    let filters = FilterList::default().with(
                        &format!("open/{thread}/#"),
                        SubscribeOptions::qos(Qos::AtLeastOnce),
                    );
                    Subscribe::new(1, Properties::NONE, &filters).encode(protocol, &mut bytes);
                    for packet_id in 1..20 {
                        Publish {
                            duplicate: false,
                            qos: Qos::AtLeastOnce,
                            retain: false,
                            topic: &telemetry("contested"),
                            packet_id,
                            properties: Properties::NONE,
                            payload: b"x",
                        }
                        .encode(protocol, &mut bytes);
                    }
                    client.try_send_bytes(&bytes);
                    if round % 3 == 0 {
                        client.try_receive();
                    }
                }
            })
        })
        .collect();
    for _ in 0..500 {
        broker.publish("open/3/x", "y");
        broker.handle.revalidate();
    }
    for thread in storm {
        thread.join().unwrap();
    }
    broker.until_stats("all have gone", |stats| {
        let listener = &stats.listeners[0];
        listener.connections == 0 && listener.handshakes == 0 && stats.subscriptions == 0
    });
    broker.device("bystander").ping();
}
