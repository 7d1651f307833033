//! Input that nobody sends by accident. Each ends with the right reason, and
//! the broker goes on serving.

use mqtt::Config;
use mqtt::codec::{
    FilterList, Packet, Properties, Publish, Qos, ReasonCode, Subscribe, SubscribeOptions,
};
use transport::Protocol;

use super::raw::{both, message, packet};
use crate::harness::client::{Client, connect, telemetry};
use crate::harness::{TestBroker, until};

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
fn pubrels_for_nothing_are_answered_not_found() {
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
