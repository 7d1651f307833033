//! Rights that are lost while something waits: a retained message, a will, a
//! subscription of a session that is away.

use mqtt::Config;
use mqtt::codec::{Packet, Properties, Property, Qos, ReasonCode, Will};
use transport::{EventKind, Protocol};

use crate::harness::client::{Client, connect, list, telemetry};
use crate::harness::{TestBroker, until};

const BOTH: [Protocol; 2] = [Protocol::V311, Protocol::V5];

#[test]
fn nothing_retained_is_delivered_without_the_right() {
    for protocol in BOTH {
        let broker = TestBroker::start();
        let retained = &broker.retained.messages;
        retained
            .lock()
            .insert("open/seoul/x".into(), "latest".into());
        retained
            .lock()
            .insert("devices/b/desired".into(), "secret".into());
        let denied = match protocol {
            Protocol::V311 => 0x80,
            Protocol::V5 => ReasonCode::NOT_AUTHORIZED.0,
        };
        let mut client = Client::connected(broker.mqtt, &connect(protocol, "a"));
        assert_eq!(client.subscribe("open/seoul/#", Qos::AtLeastOnce), 1);
        assert_eq!(client.receive().publish().payload, b"latest");
        assert_eq!(client.subscribe("devices/b/#", Qos::AtLeastOnce), denied);
        assert_eq!(client.subscribe("$share/g/#", Qos::AtLeastOnce), denied);
        assert_eq!(client.subscribe("+/b/desired", Qos::AtLeastOnce), denied);
        broker
            .access
            .closed_filters
            .lock()
            .insert("open/seoul/#".into());
        broker.access.changed();
        assert_eq!(client.subscribe("open/seoul/#", Qos::AtLeastOnce), denied);
        client.expect_silence();
    }
}

/// A client whose will goes to its own telemetry.
fn with_will(broker: &TestBroker, id: &str, delay: u32) -> Client {
    let (delay, expiry) = (
        list(Property::WillDelay(delay)),
        list(Property::SessionExpiry(3_600)),
    );
    let topic = telemetry(id);
    let wish = mqtt::codec::Connect {
        properties: expiry.as_properties(),
        will: Some(Will {
            properties: delay.as_properties(),
            topic: &topic,
            payload: b"gone",
            qos: Qos::AtLeastOnce,
            retain: false,
        }),
        ..connect(Protocol::V5, id)
    };
    Client::connected(broker.mqtt, &wish)
}

#[test]
fn a_will_whose_topic_was_lost_meanwhile_is_not_published() {
    for delay in [0, 1] {
        let broker = TestBroker::start();
        let topic_lost = with_will(&broker, "topic-lost", delay);
        let revoked = with_will(&broker, "revoked", delay);
        let stays = with_will(&broker, "stays", delay);
        if delay > 0 {
            drop((topic_lost, revoked));
            broker.until_stats("both wait", |stats| stats.waiting_sessions == 2);
            broker
                .access
                .closed_topics
                .lock()
                .insert(telemetry("topic-lost"));
            broker.access.revoke("revoked");
        } else {
            broker
                .access
                .closed_topics
                .lock()
                .insert(telemetry("topic-lost"));
            broker.access.revoke("revoked");
            drop((topic_lost, revoked));
            broker.until_stats("both are gone", |stats| stats.listeners[0].connections == 1);
        }
        // This one is due last.
        drop(stays);
        broker.sink.until_staged(1);
        let messages = broker.sink.messages.lock().clone();
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert_eq!(messages[0].principal, "stays");
    }
}

#[test]
fn a_session_that_was_away_comes_back_without_what_it_lost() {
    for protocol in BOTH {
        let broker = TestBroker::start();
        let (mut client, _) = Client::kept(broker.mqtt, protocol, "d", 3_600);
        client.subscribe("open/seoul/#", Qos::AtLeastOnce);
        client.subscribe("open/busan/#", Qos::AtLeastOnce);
        drop(client);
        broker.until_stats("it waits", |stats| stats.waiting_sessions == 1);
        broker
            .log
            .publish(&broker.handle, "open/seoul/x", "missed and lost");
        broker.log.publish(&broker.handle, "open/busan/x", "missed");
        broker
            .access
            .closed_filters
            .lock()
            .insert("open/seoul/#".into());
        broker.access.changed();
        let (mut client, present) = Client::kept(broker.mqtt, protocol, "d", 3_600);
        assert!(present);
        broker
            .log
            .publish(&broker.handle, "open/seoul/x", "live and lost");
        broker.log.publish(&broker.handle, "open/busan/x", "live");
        for expected in ["missed", "live"] {
            let received = client.receive();
            assert_eq!(received.publish().payload, expected.as_bytes());
            client.acknowledge(received.publish().packet_id);
        }
        client.expect_silence();
        let kept = broker.log.sessions.of("d").unwrap().subscriptions;
        let filters: Vec<_> = kept.iter().map(|it| &*it.filter).collect();
        assert_eq!(filters, ["open/busan/#"]);
        assert_eq!(broker.handle.stats().subscriptions, 1);
    }
}

#[test]
fn a_right_lost_over_a_restart_is_lost() {
    let broker = TestBroker::start();
    let (mut client, _) = Client::kept(broker.mqtt, Protocol::V5, "d", 3_600);
    client.subscribe("open/seoul/#", Qos::AtLeastOnce);
    drop(client);
    broker.stop();
    crate::sessions::lifecycle::stopped(&broker);
    broker.log.append("open/seoul/x", "missed");
    let broker = TestBroker::on(broker.log, Config::default(), None);
    broker
        .access
        .closed_filters
        .lock()
        .insert("open/seoul/#".into());
    let (mut client, present) = Client::kept(broker.mqtt, Protocol::V5, "d", 3_600);
    assert!(present);
    client.ping();
    client.expect_silence();
    assert!(
        broker
            .log
            .sessions
            .of("d")
            .unwrap()
            .subscriptions
            .is_empty()
    );
}

/// Who waits for a session to be free is asked again when it is.
#[test]
fn an_heir_that_is_revoked_while_it_waits_gets_nothing() {
    let broker = TestBroker::start();
    let (mut first, _) = Client::kept(broker.mqtt, Protocol::V5, "d", 3_600);
    first.subscribe("open/#", Qos::AtMostOnce);
    // It does not read: its last words wait, and its session with them.
    let payload = "x".repeat(60_000);
    for _ in 0..300 {
        broker.log.publish(&broker.handle, "open/x", &payload);
    }
    until("the socket is full", || {
        broker
            .handle
            .connection("d")
            .is_some_and(|it| it.queued > 0)
    });
    let mut successor = Client::open(broker.mqtt, Protocol::V5);
    successor.send(&Packet::Connect(mqtt::codec::Connect {
        clean_start: false,
        properties: Properties::NONE,
        ..connect(Protocol::V5, "d")
    }));
    broker.until_stats("it is heard", |stats| stats.listeners[0].bytes_in > 60);
    broker.access.revoke("d");
    broker.handle.revalidate();
    assert_eq!(
        successor.receive().connack().code,
        ReasonCode::NOT_AUTHORIZED.0
    );
    successor.expect_closed();
    broker.until_stats("nobody is left", |stats| {
        stats.listeners[0].connections == 0
            && stats.waiting_sessions == 0
            && stats.subscriptions == 0
    });
    assert!(broker.log.sessions.kept.lock().is_empty());
    assert!(broker.access.saw(EventKind::Refused));
}
