//! Limits of one client and of all together: what is beyond them is refused,
//! waits, or takes the place of the oldest.

use std::time::{Duration, Instant};

use mqtt::Config;
use mqtt::codec::{Connect, Property, Qos, ReasonCode};
use transport::Protocol;

use crate::harness::client::{Client, connect, list, telemetry};
use crate::harness::{TestBroker, until};

#[test]
fn a_flood_of_aliases_keeps_what_was_granted() {
    let broker = TestBroker::with(Config {
        topic_aliases: 4,
        ..Config::default()
    });
    let mut client = broker.device("d");
    let topic = telemetry("d");
    // The same few again and again are no more than these few.
    for n in 0..2_000u16 {
        let alias = list(Property::TopicAlias(n % 4 + 1));
        client.publish_with(&topic, 0, b"x", alias.as_properties());
    }
    client.ping();
    for alias in 1..=4 {
        let alias = list(Property::TopicAlias(alias));
        client.publish_with("", 1, b"x", alias.as_properties());
        assert!(!client.receive().puback().reason.is_failure());
    }
    let beyond = list(Property::TopicAlias(5));
    client.publish_with(&topic, 0, b"x", beyond.as_properties());
    client.expect_end(ReasonCode::TOPIC_ALIAS_INVALID);
    // An alias ends with its connection.
    let mut client = broker.device("d");
    let alias = list(Property::TopicAlias(1));
    client.publish_with("", 1, b"x", alias.as_properties());
    client.expect_end(ReasonCode::PROTOCOL_ERROR);
    assert_eq!(broker.sink.messages.lock().len(), 2_004);
}

#[test]
fn aliases_towards_a_client_are_as_many_as_it_takes() {
    let broker = TestBroker::start();
    let aliases = list(Property::TopicAliasMaximum(2));
    let wish = Connect {
        properties: aliases.as_properties(),
        ..connect(Protocol::V5, "d")
    };
    let mut client = Client::connected(broker.mqtt, &wish);
    client.subscribe("open/#", Qos::AtMostOnce);
    for n in 0..50 {
        broker
            .log
            .publish(&broker.handle, &format!("open/{}", n % 5), "x");
    }
    let mut names = [None, None];
    for n in 0..50 {
        let received = client.receive();
        let message = received.publish();
        let alias = message.properties.iter().find_map(|it| match it {
            Property::TopicAlias(alias) => Some(usize::from(alias)),
            _ => None,
        });
        assert!(alias.is_none_or(|it| it == 1 || it == 2), "{alias:?}");
        if let Some(alias) = alias.filter(|_| !message.topic.is_empty()) {
            names[alias - 1] = Some(message.topic.to_owned());
        }
        let topic = match message.topic {
            "" => names[alias.unwrap() - 1].clone().unwrap(),
            topic => topic.to_owned(),
        };
        assert_eq!(topic, format!("open/{}", n % 5));
    }
}

#[test]
fn subscriptions_are_counted_over_packets_and_connections() {
    for protocol in [Protocol::V311, Protocol::V5] {
        let broker = TestBroker::with(Config {
            subscriptions_per_session: 5,
            ..Config::default()
        });
        let beyond = match protocol {
            Protocol::V311 => 0x80,
            Protocol::V5 => ReasonCode::QUOTA_EXCEEDED.0,
        };
        let (mut client, _) = Client::kept(broker.mqtt, protocol, "d", 3_600);
        for n in 0..5 {
            assert_eq!(client.subscribe(&format!("open/{n}"), Qos::AtLeastOnce), 1);
        }
        assert_eq!(client.subscribe("open/5", Qos::AtLeastOnce), beyond);
        drop(client);
        let (mut client, present) = Client::kept(broker.mqtt, protocol, "d", 3_600);
        assert!(present);
        assert_eq!(client.subscribe("open/5", Qos::AtLeastOnce), beyond);
        // One that stands is only replaced.
        assert_eq!(client.subscribe("open/4", Qos::AtMostOnce), 0);
        assert_eq!(broker.log.sessions.of("d").unwrap().subscriptions.len(), 5);
        broker.until_stats("five stand", |stats| stats.subscriptions == 5);
    }
}

/// Connects with a session that outlives the connection, closes it, and waits
/// until the session is without one.
fn leave(broker: &TestBroker, owner: &str, client_id: &str) {
    let expiry = list(Property::SessionExpiry(3_600));
    let wish = Connect {
        client_id,
        clean_start: false,
        properties: expiry.as_properties(),
        ..connect(Protocol::V5, owner)
    };
    let mut client = Client::connected(broker.mqtt, &wish);
    client.subscribe("open/#", Qos::AtLeastOnce);
    drop(client);
    broker.until_stats("it waits", |stats| stats.listeners[0].connections == 0);
}

fn waits(broker: &TestBroker, owner: &str, client_id: &str) -> bool {
    let kept = broker.log.sessions.kept.lock();
    let is = |key: &transport::SessionKey| *key.owner == *owner && *key.client_id == *client_id;
    kept.keys().any(is)
}

#[test]
fn of_too_many_sessions_the_one_that_waited_longest_ends() {
    let broker = TestBroker::with(Config {
        waiting_sessions_per_owner: 3,
        waiting_sessions: 5,
        ..Config::default()
    });
    for n in 0..6 {
        leave(&broker, "greedy", &format!("c{n}"));
    }
    until("three of one owner are left", || {
        broker.log.sessions.kept.lock().len() == 3
    });
    for n in 0..6 {
        assert_eq!(waits(&broker, "greedy", &format!("c{n}")), n >= 3, "{n}");
    }
    for n in 0..4 {
        leave(&broker, &format!("other-{n}"), "c");
    }
    until("five are left", || {
        broker.log.sessions.kept.lock().len() == 5
    });
    assert_eq!(broker.handle.stats().waiting_sessions, 5);
    assert!(!waits(&broker, "greedy", "c3") && !waits(&broker, "greedy", "c4"));
    assert!(waits(&broker, "greedy", "c5") && waits(&broker, "other-3", "c"));
    // It is gone for its owner too.
    let (_, present) = Client::kept(broker.mqtt, Protocol::V5, "greedy", 0);
    assert!(!present);
}

#[test]
fn who_publishes_too_fast_is_read_more_slowly_and_loses_nothing() {
    let broker = TestBroker::with(Config {
        messages_per_second: 50,
        message_burst: 10,
        ..Config::default()
    });
    let mut fast = broker.device("fast");
    let mut other = broker.device("other");
    let started = Instant::now();
    for packet_id in 1..=60 {
        fast.publish(&telemetry("fast"), packet_id, b"x");
    }
    for packet_id in 1..=60 {
        let received = fast.receive();
        assert_eq!(received.puback().packet_id, packet_id);
        assert!(!received.puback().reason.is_failure());
    }
    // Another owner's rate is its own.
    other.publish(&telemetry("other"), 1, b"x");
    assert_eq!(other.receive().puback().packet_id, 1);
    // 60 messages at 50 a second, less a burst of 10.
    fast.ping();
    let elapsed = started.elapsed();
    assert!(elapsed > Duration::from_millis(900), "{elapsed:?}");
    assert_eq!(broker.sink.messages.lock().len(), 61);
}

#[test]
fn the_rate_is_one_for_all_connections_of_an_owner() {
    let broker = TestBroker::with(Config {
        messages_per_second: 50,
        message_burst: 10,
        ..Config::default()
    });
    let started = Instant::now();
    let mut clients: Vec<_> = ["a", "b", "c", "d", "e", "f"]
        .into_iter()
        .map(|client_id| {
            let base = connect(Protocol::V5, "fast");
            Client::connected(broker.mqtt, &Connect { client_id, ..base })
        })
        .collect();
    for client in &mut clients {
        for packet_id in 1..=10 {
            client.publish(&telemetry("fast"), packet_id, b"x");
            client.receive().puback();
        }
    }
    for client in &mut clients {
        client.ping();
    }
    let elapsed = started.elapsed();
    assert!(elapsed > Duration::from_millis(900), "{elapsed:?}");
    assert_eq!(broker.sink.messages.lock().len(), 60);
}

#[test]
fn a_client_that_is_not_read_is_not_taken_for_silent() {
    let broker = TestBroker::with(Config {
        messages_per_second: 10,
        message_burst: 1,
        ..Config::default()
    });
    let wish = Connect {
        keep_alive: 1,
        ..connect(Protocol::V5, "d")
    };
    let mut client = Client::connected(broker.mqtt, &wish);
    for packet_id in 1..=31 {
        client.publish(&telemetry("d"), packet_id, b"x");
    }
    for packet_id in 1..=31 {
        assert_eq!(client.receive().puback().packet_id, packet_id);
    }
    // Read only when its rest of three seconds is over.
    client.ping();
}
