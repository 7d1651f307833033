//! A PUBACK means durable: never earlier, in order, and not at all on a fault.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use domain::batch::Resent;
use mqtt::Config;
use mqtt::codec::{Packet, Properties, Property, Publish, Qos, ReasonCode};
use transport::EventKind;

use crate::harness::client::{Client, list, offset_of, telemetry};
use crate::harness::{TestBroker, until};

#[test]
fn no_puback_before_the_commit() {
    let broker = TestBroker::start();
    broker.sink.hold();
    let mut v5 = broker.device("d5");
    let mut v311 = Client::v311(broker.mqtt, "d3");
    v5.publish(&telemetry("d5"), 1, b"a");
    v311.publish(&telemetry("d3"), 1, b"a");
    broker.sink.until_staged(2);
    v5.expect_silence();
    v311.expect_silence();
    broker.sink.release();
    let received = v5.receive();
    assert_eq!(
        (received.puback().packet_id, received.puback().reason),
        (1, ReasonCode::SUCCESS)
    );
    assert_eq!(v311.receive().puback().packet_id, 1);
}

#[test]
fn acknowledgements_keep_the_order_of_the_messages() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    for round in 0..20u16 {
        for n in 1..=100 {
            client.publish(&telemetry("d"), round * 100 + n, b"x");
        }
        let mut last_offset = 0;
        for n in 1..=100 {
            let received = client.receive();
            let ack = received.puback();
            assert_eq!(ack.packet_id, round * 100 + n);
            let offset = offset_of(&ack).unwrap();
            assert!(offset > last_offset);
            last_offset = offset;
        }
    }
    broker.until_stats("all are counted", |stats| {
        stats.listeners[0].acknowledged == 2_000
    });
}

#[test]
fn a_refusal_waits_for_earlier_messages_to_be_durable() {
    let broker = TestBroker::start();
    broker.sink.hold();
    let mut client = broker.device("d");
    client.publish(&telemetry("d"), 1, b"a");
    client.publish("devices/other/telemetry", 2, b"b");
    client.publish(&telemetry("d"), 3, b"c");
    broker.sink.until_staged(2);
    client.expect_silence();
    broker.sink.release();
    for (id, reason) in [(1, 0x00), (2, 0x87), (3, 0x00)] {
        let received = client.receive();
        assert_eq!(
            (received.puback().packet_id, received.puback().reason.0),
            (id, reason)
        );
    }
}

#[test]
fn many_messages_share_a_commit() {
    let broker = TestBroker::start();
    broker.sink.hold();
    let mut clients: Vec<_> = (0..20).map(|n| broker.device(&format!("d{n}"))).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        client.publish(&telemetry(&format!("d{n}")), 1, b"a");
        client.publish(&telemetry(&format!("d{n}")), 2, b"b");
    }
    broker.sink.until_staged(40);
    broker.sink.release();
    for client in &mut clients {
        assert_eq!(client.receive().puback().packet_id, 1);
        assert_eq!(client.receive().puback().packet_id, 2);
    }
    // At most the one under way and the one after it, on each of two workers.
    assert!(broker.sink.commits.load(Ordering::Relaxed) <= 4);
}

#[test]
fn a_fault_of_the_sink_closes_without_acknowledging() {
    let broker = TestBroker::start();
    broker.sink.hold();
    let mut v5 = broker.device("d5");
    let mut v311 = Client::v311(broker.mqtt, "d3");
    v5.publish(&telemetry("d5"), 1, b"a");
    v311.publish(&telemetry("d3"), 1, b"a");
    broker.sink.until_staged(2);
    broker.sink.fail();
    broker.sink.release();
    v5.expect_end(ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR);
    v311.expect_end(ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR);
    assert_eq!(broker.total(|listener| listener.acknowledged), 0);
    until("it is recorded", || {
        broker.access.count(EventKind::SinkFault) == 2
    });
}

#[test]
fn an_unreadable_payload_is_told_to_mqtt_5_only() {
    let broker = TestBroker::start();
    let mut v5 = broker.device("d5");
    v5.publish(&telemetry("d5"), 7, b"unreadable");
    let received = v5.receive();
    assert_eq!(received.puback().reason, ReasonCode::PAYLOAD_FORMAT_INVALID);
    assert!(offset_of(&received.puback()).is_some());
    let mut v311 = Client::v311(broker.mqtt, "d3");
    v311.publish(&telemetry("d3"), 7, b"unreadable");
    assert_eq!(v311.receive().puback().packet_id, 7);
}

#[test]
fn the_sink_sees_what_was_sent() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    client.publish(&telemetry("d"), 0, b"quiet");
    let content_type = list(Property::ContentType("application/senml+json"));
    client.send(&Packet::Publish(Publish {
        duplicate: true,
        qos: Qos::AtLeastOnce,
        retain: true,
        topic: &telemetry("d"),
        packet_id: 5,
        properties: content_type.as_properties(),
        payload: b"[]",
    }));
    assert_eq!(client.receive().puback().packet_id, 5);
    let messages = broker.sink.messages.lock().clone();
    assert_eq!(messages[0].payload, b"quiet");
    assert_eq!(
        (messages[0].resent, &messages[0].content_type),
        (Resent::No, &None)
    );
    assert_eq!(messages[1].topic, telemetry("d"));
    assert_eq!(messages[1].resent, Resent::Maybe);
    assert_eq!(
        messages[1].content_type.as_deref(),
        Some("application/senml+json")
    );
}

#[test]
fn more_in_flight_than_announced_is_refused() {
    let broker = TestBroker::with(Config {
        receive_maximum: 3,
        ..Config::default()
    });
    broker.sink.hold();
    let mut client = broker.device("d");
    for id in 1..=4 {
        client.publish(&telemetry("d"), id, b"x");
    }
    client.expect_end(ReasonCode::RECEIVE_MAXIMUM_EXCEEDED);
}

#[test]
fn while_the_sink_is_full_who_publishes_waits_and_nobody_else() {
    let broker = TestBroker::start();
    let (mut publisher, mut other) = (broker.device("d"), broker.device("other"));
    broker.sink.set_full(true);
    publisher.publish(&telemetry("d"), 0, b"quiet");
    publisher.publish(&telemetry("d"), 1, b"x");
    other.ping();
    other.subscribe("open/#", Qos::AtMostOnce);
    publisher.expect_silence();
    assert!(broker.sink.payloads().is_empty());
    broker.sink.set_full(false);
    assert_eq!(publisher.receive().puback().packet_id, 1);
    assert_eq!(broker.sink.payloads(), ["quiet", "x"]);
}

/// However many wait: each of the two workers asks for all of its own, fifty
/// times a second.
#[test]
fn who_waits_for_a_full_sink_costs_nothing_meanwhile() {
    const PUBLISHERS: u64 = 60;
    const LOOKS: u64 = 10;
    let broker = TestBroker::start();
    let received = || broker.total(|listener| listener.bytes_in);
    let mut publishers: Vec<_> = (10..10 + PUBLISHERS)
        .map(|number| broker.device(&format!("d{number}")))
        .collect();
    let publish = |number: usize, client: &mut Client| {
        client.publish(&telemetry(&format!("d{}", number + 10)), 1, b"x");
    };
    // What each publishes is as long as this.
    let before = received();
    publish(0, &mut publishers[0]);
    assert_eq!(publishers[0].receive().puback().packet_id, 1);
    let length = received() - before;
    broker.sink.set_full(true);
    for (number, client) in publishers.iter_mut().enumerate() {
        publish(number, client);
    }
    until("all wait", || {
        received() == before + (1 + PUBLISHERS) * length
    });
    let asked = || broker.sink.asked_if_full.load(Ordering::Relaxed);
    let (first, since) = (asked(), Instant::now());
    until("it is asked", || asked() >= first + LOOKS);
    // A slow machine takes longer.
    assert!(since.elapsed() >= Duration::from_millis(60));
    // One that goes away meanwhile is waited for by nobody.
    drop(publishers.pop());
    broker.sink.set_full(false);
    for client in &mut publishers {
        assert_eq!(client.receive().puback().packet_id, 1);
    }
}

/// Messages that are not read from the socket when they are staged: one that
/// waited for the sink, and one that was dropped as too large.
#[test]
fn postponed_and_oversized_messages_wait_for_a_full_sink_too() {
    let broker = TestBroker::start();
    let (mut postponed, mut large) = (broker.device("d"), broker.device("large"));
    postponed.publish(&telemetry("d"), 1, b"new");
    until("it waits", || broker.sink.postponed() == 1);
    broker.sink.set_full(true);
    broker.sink.prepare(Ok(()));
    large.publish(&telemetry("large"), 1, &[b'x'; 80_000]);
    postponed.expect_silence();
    large.expect_silence();
    assert!(broker.sink.payloads().is_empty());
    broker.sink.set_full(false);
    assert_eq!(postponed.receive().puback().packet_id, 1);
    let received = large.receive();
    assert_eq!(received.puback().reason, ReasonCode::PAYLOAD_FORMAT_INVALID);
    assert_eq!(broker.sink.messages.lock().len(), 2);
    for (client, id) in [(&mut postponed, "d"), (&mut large, "large")] {
        client.publish(&telemetry(id), 2, b"x");
        assert_eq!(client.receive().puback().packet_id, 2);
    }
}

#[test]
fn a_flood_of_3_1_1_is_read_no_further_than_the_limit() {
    const MESSAGES: u16 = 20_000;
    const READ_AT_ONCE: usize = 140 * 1024;
    let broker = TestBroker::with(Config {
        uncommitted_messages: 100,
        ..Config::default()
    });
    broker.sink.hold();
    let mut client = Client::v311(broker.mqtt, "d");
    let mut sending = Client::over(client.stream.try_clone().unwrap(), client.protocol);
    let payload = [b'x'; 500];
    let sender = std::thread::spawn(move || {
        for id in 1..=MESSAGES {
            sending.publish(&telemetry("d"), id, &payload);
        }
    });
    broker.sink.until_staged(100);
    // What it takes next it would take at once; ten pings of another client
    // are ten turns of each worker.
    for n in 0..10 {
        broker.device(&format!("other{n}")).ping();
    }
    let staged = broker.sink.messages.lock().len();
    assert!(staged <= 100 + READ_AT_ONCE / 500, "{staged} staged");
    broker.sink.release();
    for id in 1..=MESSAGES {
        assert_eq!(client.receive().puback().packet_id, id);
    }
    sender.join().unwrap();
}

#[test]
fn messages_before_a_goodbye_are_kept() {
    let broker = TestBroker::start();
    broker.sink.hold();
    let mut client = broker.device("d");
    client.publish_with(&telemetry("d"), 1, b"last", Properties::NONE);
    client.say_goodbye();
    client.expect_closed();
    broker.sink.release();
    until("it is durable", || {
        broker.sink.committed.load(Ordering::Relaxed) == 1
    });
}
