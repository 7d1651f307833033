//! Sessions of the platform's realm: what their client missed comes from the
//! log, once and in order, and goes over to live.

mod ends;
mod slow;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mqtt::Config;
use mqtt::codec::{Packet, Property, PropertyList, Qos};
use transport::Protocol;

use crate::harness::client::{Client, list, telemetry};
use crate::harness::{TestBroker, until};

const BOTH: [Protocol; 2] = [Protocol::V311, Protocol::V5];

/// A session on `open/#` that waits.
fn away(broker: &TestBroker, protocol: Protocol, id: &str) {
    let (mut client, present) = Client::kept(broker.mqtt, protocol, id, 3_600);
    assert!(!present);
    assert_eq!(client.subscribe("open/#", Qos::AtLeastOnce), 1);
    drop(client);
    broker.until_stats("it waits", |stats| stats.waiting_sessions == 1);
}

fn back(broker: &TestBroker, protocol: Protocol, id: &str) -> Client {
    let (client, present) = Client::kept(broker.mqtt, protocol, id, 3_600);
    assert!(present);
    client
}

fn publish(broker: &TestBroker, numbers: std::ops::Range<usize>) {
    for n in numbers {
        broker.log.publish(&broker.handle, "open/x", &n.to_string());
    }
}

/// Receives these and no others, and acknowledges each.
fn expect(client: &mut Client, numbers: std::ops::Range<usize>) {
    for n in numbers {
        let received = client.receive();
        let message = received.publish();
        assert_eq!(std::str::from_utf8(message.payload).unwrap(), n.to_string());
        client.acknowledge(message.packet_id);
    }
}

fn restarted(broker: &TestBroker) -> TestBroker {
    broker.stop();
    crate::sessions::lifecycle::stopped(broker);
    TestBroker::on(broker.log.clone(), Config::default(), None)
}

#[test]
fn what_was_missed_comes_once_and_goes_over_to_live_under_load() {
    for protocol in BOTH {
        let broker = TestBroker::start();
        away(&broker, protocol, "d");
        publish(&broker, 0..100);
        let (received, enough) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let publisher = std::thread::spawn({
            let (log, handle) = (broker.log.clone(), broker.handle.clone());
            let (received, enough) = (received.clone(), enough.clone());
            move || {
                let mut n = 100;
                while !enough.load(Ordering::Acquire) {
                    // Never so far ahead that the subscriber cannot catch up.
                    if n < received.load(Ordering::Acquire) + 150 {
                        log.publish(&handle, "open/x", &n.to_string());
                        n += 1;
                    } else {
                        std::thread::yield_now();
                    }
                }
                n
            }
        });
        // Away and back while the publisher goes on.
        let mut next = 0;
        for _ in 0..10 {
            let mut client = back(&broker, protocol, "d");
            for _ in 0..150 {
                expect(&mut client, next..next + 1);
                next += 1;
                received.store(next, Ordering::Release);
            }
            // All its acknowledgements are in.
            client.say_goodbye();
            while client.try_receive().is_some() {}
        }
        enough.store(true, Ordering::Release);
        let total = publisher.join().unwrap();
        let mut client = back(&broker, protocol, "d");
        for n in next..total {
            let received = client.receive();
            let message = received.publish();
            assert_eq!(message.payload, n.to_string().as_bytes());
            client.acknowledge(message.packet_id);
        }
        client.expect_silence();
    }
}

#[test]
fn messages_in_flight_come_again_and_then_the_others() {
    for protocol in BOTH {
        let broker = TestBroker::start();
        away(&broker, protocol, "d");
        publish(&broker, 0..10);
        let mut client = back(&broker, protocol, "d");
        let mut ids = Vec::new();
        for n in 0..10 {
            let received = client.receive();
            let message = received.publish();
            assert_eq!(
                (message.payload, message.duplicate),
                (n.to_string().as_bytes(), false)
            );
            ids.push(message.packet_id);
        }
        for packet_id in &ids[..4] {
            client.acknowledge(*packet_id);
        }
        client.ping();
        drop(client);
        broker.until_stats("it waits", |stats| stats.waiting_sessions == 1);
        publish(&broker, 10..15);
        let mut client = back(&broker, protocol, "d");
        for (n, packet_id) in ids.iter().enumerate().skip(4) {
            let received = client.receive();
            let message = received.publish();
            assert_eq!(message.payload, n.to_string().as_bytes());
            assert_eq!((message.duplicate, message.packet_id), (true, *packet_id));
            client.acknowledge(*packet_id);
        }
        expect(&mut client, 10..15);
        client.expect_silence();
    }
}

#[test]
fn a_restart_between_loses_nothing_and_repeats_what_was_in_flight() {
    for protocol in BOTH {
        let broker = TestBroker::start();
        away(&broker, protocol, "d");
        publish(&broker, 0..20);
        let mut client = back(&broker, protocol, "d");
        expect(&mut client, 0..15);
        // Five are in flight, and five more come while the platform is down.
        for n in 15..20 {
            assert_eq!(client.receive().publish().payload, n.to_string().as_bytes());
        }
        client.ping();
        let broker = restarted(&broker);
        for n in 20..25 {
            broker.log.append("open/x", &n.to_string());
        }
        assert_eq!(broker.handle.stats().waiting_sessions, 1);
        let mut client = back(&broker, protocol, "d");
        publish(&broker, 25..30);
        expect(&mut client, 15..30);
        client.expect_silence();
        // And again, with everything acknowledged.
        client.ping();
        let broker = restarted(&broker);
        let mut client = back(&broker, protocol, "d");
        publish(&broker, 30..31);
        expect(&mut client, 30..31);
        client.expect_silence();
    }
}

#[test]
fn the_position_is_saved_while_the_connection_stands() {
    let broker = TestBroker::with(Config {
        connect_deadline: std::time::Duration::from_millis(400),
        ..Config::default()
    });
    let (mut client, _) = Client::kept(broker.mqtt, Protocol::V5, "d", 3_600);
    client.subscribe("open/#", Qos::AtLeastOnce);
    publish(&broker, 0..10);
    let position = |broker: &TestBroker| broker.log.sessions.of("d").unwrap().position;
    let mut last = 0;
    for n in 0..10 {
        let received = client.receive();
        last = received.publish().packet_id;
        if n < 9 {
            client.acknowledge(last);
        }
    }
    let offset = |broker: &TestBroker| position(broker).offset().get();
    until("all but the last is saved", || offset(&broker) == 9);
    client.acknowledge(last);
    until("the last is saved", || offset(&broker) == 10);
}

/// Subscription identifiers, and only the subscriptions that stand.
#[test]
fn a_subscription_is_kept_with_its_identifier_and_goes_when_it_is_cancelled() {
    let broker = TestBroker::start();
    let (mut client, _) = Client::kept(broker.mqtt, Protocol::V5, "d", 3_600);
    for (id, filter) in [(3, "open/a"), (4, "open/b")] {
        let id = list(Property::SubscriptionId(id));
        let options = mqtt::codec::SubscribeOptions::qos(Qos::AtLeastOnce);
        client.subscribe_with(filter, options, id.as_properties());
    }
    let raw = mqtt::codec::raw_filters(&["open/b"]);
    client.send(&Packet::Unsubscribe(mqtt::codec::Unsubscribe::new(
        5,
        mqtt::codec::Properties::NONE,
        &raw,
    )));
    assert!(matches!(client.receive().packet(), Packet::UnsubAck(_)));
    let broker = restarted(&broker);
    broker.log.append("open/b", "not wanted");
    broker.log.append("open/a", "missed");
    let mut client = back(&broker, Protocol::V5, "d");
    let received = client.receive();
    let message = received.publish();
    let id = PropertyList::default().with(Property::SubscriptionId(3));
    assert_eq!((message.topic, message.payload), ("open/a", &b"missed"[..]));
    assert_eq!(message.properties, id.as_properties());
    client.acknowledge(message.packet_id);
    client.expect_silence();
    // A publisher was never held up by any of it.
    client.publish(&telemetry("d"), 1, b"x");
    assert_eq!(client.receive().puback().packet_id, 1);
}
