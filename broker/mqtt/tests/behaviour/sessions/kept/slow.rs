//! Subscribers that are slow or flooded: what has no room comes later.

use mqtt::Config;
use mqtt::codec::Qos;
use transport::Protocol;

use super::{BOTH, away, back, expect, publish};
use crate::harness::TestBroker;
use crate::harness::client::Client;

#[test]
fn a_slow_subscriber_of_qos_1_falls_back_to_the_log_and_loses_nothing() {
    for protocol in BOTH {
        let broker = TestBroker::with(Config {
            queue_messages: 32,
            ..Config::default()
        });
        let (mut client, _) = Client::kept(broker.mqtt, protocol, "slow", 0);
        client.subscribe("open/#", Qos::AtLeastOnce);
        publish(&broker, 0..2_000);
        let info = broker.handle.connection("slow").unwrap();
        assert!(info.queued <= 32 && info.dropped == 0, "{info:?}");
        expect(&mut client, 0..2_000);
        publish(&broker, 2_000..2_010);
        expect(&mut client, 2_000..2_010);
        client.expect_silence();
        assert_eq!(broker.total(|listener| listener.dropped), 0);
    }
}

/// The queue is full by its bytes long before it is by its messages.
#[test]
fn a_slow_subscriber_of_large_messages_loses_nothing_either() {
    let broker = TestBroker::with(Config {
        queue_bytes: 20_000,
        delivery_window: 10,
        ..Config::default()
    });
    let mut client = broker.device("slow");
    client.subscribe("open/#", Qos::AtLeastOnce);
    let large = |n: usize| format!("{n:01000}");
    for n in 0..200 {
        broker.log.publish(&broker.handle, "open/x", &large(n));
    }
    for n in 0..200 {
        let received = client.receive();
        assert_eq!(received.publish().payload, large(n).as_bytes(), "{n}");
        client.acknowledge(received.publish().packet_id);
    }
    assert_eq!(broker.total(|listener| listener.dropped), 0);
}

/// A page of the log has more messages, or more bytes, than the queue may hold;
/// at last more in one message alone.
#[test]
fn what_of_a_page_has_no_room_in_the_queue_comes_later() {
    let usual = Config::default();
    for (queue_messages, queue_bytes) in [
        (5, usual.queue_bytes),
        (1, usual.queue_bytes),
        (usual.queue_messages, 3_500),
        (usual.queue_messages, 10),
    ] {
        let broker = TestBroker::with(Config {
            queue_messages,
            queue_bytes,
            ..Config::default()
        });
        away(&broker, Protocol::V5, "d");
        let large = |n: usize| format!("{n:01000}");
        for n in 0..100 {
            broker.log.publish(&broker.handle, "open/x", &large(n));
        }
        let mut client = back(&broker, Protocol::V5, "d");
        for n in 0..110 {
            if n == 100 {
                client.ping();
                for n in 100..110 {
                    broker.log.publish(&broker.handle, "open/x", &large(n));
                }
            }
            let received = client.receive();
            assert_eq!(received.publish().payload, large(n).as_bytes(), "{n}");
            client.acknowledge(received.publish().packet_id);
        }
        client.expect_silence();
        assert_eq!(broker.total(|listener| listener.dropped), 0);
    }
}

/// Messages of QoS 0 are no reason to lose those of QoS 1.
#[test]
fn a_flood_of_qos_0_pushes_no_message_of_qos_1_out() {
    let broker = TestBroker::with(Config {
        queue_messages: 50,
        delivery_window: 10,
        ..Config::default()
    });
    let mut client = broker.device("slow");
    client.subscribe("open/one/#", Qos::AtLeastOnce);
    client.subscribe("open/zero/#", Qos::AtMostOnce);
    for n in 0..30 {
        broker
            .log
            .publish(&broker.handle, "open/one/x", &n.to_string());
    }
    for _ in 0..500 {
        broker.log.publish(&broker.handle, "open/zero/x", "flood");
    }
    let mut next = 0;
    while next < 30 {
        let received = client.receive();
        let message = received.publish();
        if message.qos == Qos::AtLeastOnce {
            assert_eq!(message.payload, next.to_string().as_bytes());
            client.acknowledge(message.packet_id);
            next += 1;
        }
    }
}
