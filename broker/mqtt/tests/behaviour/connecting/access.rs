//! Rights: at PUBLISH, at SUBSCRIBE, and when they change.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mqtt::codec::{Qos, ReasonCode};
use transport::{EventKind, Protocol};

use crate::harness::client::{Client, connect, telemetry};
use crate::harness::{TestBroker, until};

#[test]
fn nobody_publishes_as_another() {
    let broker = TestBroker::start();
    let mut v5 = broker.device("a");
    v5.publish(&telemetry("b"), 1, b"x");
    assert_eq!(v5.receive().puback().reason, ReasonCode::NOT_AUTHORIZED);
    v5.publish(&telemetry("b"), 0, b"x");
    v5.ping();
    let mut v311 = Client::v311(broker.mqtt, "a3");
    v311.publish(&telemetry("b"), 1, b"x");
    assert_eq!(v311.receive().puback().packet_id, 1);
    v311.ping();
    assert!(broker.sink.messages.lock().is_empty());
    until("denials are recorded", || {
        broker.access.count(EventKind::PublishDenied) >= 2
    });
}

#[test]
fn a_denied_filter_is_told_and_the_others_stand() {
    let broker = TestBroker::start();
    for filter in [
        "devices/b/desired",
        "#",
        "+/b/desired",
        "$SYS/#",
        "devices/+/desired",
    ] {
        assert_eq!(
            broker.device("a").subscribe(filter, Qos::AtLeastOnce),
            0x87,
            "{filter}"
        );
        let mut v311 = Client::v311(broker.mqtt, "a");
        assert_eq!(v311.subscribe(filter, Qos::AtLeastOnce), 0x80, "{filter}");
    }
    let mut client = broker.device("a");
    assert_eq!(client.subscribe("devices/a/desired", Qos::AtLeastOnce), 1);
    assert_eq!(client.subscribe("open/#", Qos::AtMostOnce), 0);
    assert_eq!(client.subscribe("open/seoul/#", Qos::ExactlyOnce), 2);
    assert_eq!(client.subscribe("$share/g/open/#", Qos::AtLeastOnce), 1);
    assert_eq!(
        client.subscribe("$share/g/devices/b/desired", Qos::AtLeastOnce),
        0x87
    );
    assert_eq!(client.subscribe("$share/g/#", Qos::AtLeastOnce), 0x87);
    assert_eq!(client.subscribe("$share/+/open/#", Qos::AtLeastOnce), 0x8F);
    assert_eq!(client.subscribe("open/#/x", Qos::AtLeastOnce), 0x8F);
    until("denials are recorded", || {
        broker.access.count(EventKind::SubscribeDenied) == 12
    });
}

#[test]
fn a_right_is_asked_once_until_rights_change() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    let publish = |client: &mut Client, count: u16| {
        for id in 1..=count {
            client.publish(&telemetry("d"), id, b"x");
            assert!(!client.receive().puback().reason.is_failure());
        }
    };
    publish(&mut client, 50);
    assert_eq!(broker.access.rights_asked.load(Ordering::Relaxed), 1);
    broker.access.changed();
    publish(&mut client, 50);
    assert_eq!(broker.access.rights_asked.load(Ordering::Relaxed), 2);
}

#[test]
fn a_revoked_device_is_out_within_a_second() {
    let broker = TestBroker::start();
    let mut v5 = broker.device("d");
    let mut v311 = Client::v311(broker.mqtt, "d3");
    let mut other = broker.device("other");
    broker.access.revoke("d");
    broker.access.revoke("d3");
    let started = Instant::now();
    broker.handle.revalidate();
    v5.expect_end(ReasonCode::ADMINISTRATIVE_ACTION);
    v311.expect_closed();
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    other.ping();
    assert!(broker.handle.connection("other").is_some());
    until("it is gone", || broker.handle.connection("d").is_none());
}

#[test]
fn a_revoked_device_cannot_publish_even_before_it_is_out() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    client.publish(&telemetry("d"), 1, b"x");
    assert!(!client.receive().puback().reason.is_failure());
    broker.access.revoke("d");
    client.publish(&telemetry("d"), 2, b"x");
    assert_eq!(client.receive().puback().reason, ReasonCode::NOT_AUTHORIZED);
    assert_eq!(broker.sink.messages.lock().len(), 1);
}

#[test]
fn a_lost_right_to_a_subscription_ends_the_connection() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    assert_eq!(client.subscribe("open/seoul/#", Qos::AtMostOnce), 0);
    broker
        .access
        .closed_filters
        .lock()
        .insert("open/seoul/#".into());
    broker.handle.revalidate();
    client.expect_end(ReasonCode::NOT_AUTHORIZED);
    broker.until_stats("the subscription is gone", |stats| stats.subscriptions == 0);
}

#[test]
fn a_session_is_taken_over_by_its_owner_only() {
    let broker = TestBroker::start();
    let login = |user, client_id| {
        let base = connect(Protocol::V5, user);
        let connect = mqtt::codec::Connect { client_id, ..base };
        Client::connected(broker.mqtt, &connect)
    };
    let mut first = login("owner", "same");
    let mut stranger = login("stranger", "same");
    let mut beside = login("owner", "another");
    first.ping();
    let mut second = login("owner", "same");
    first.expect_end(ReasonCode::SESSION_TAKEN_OVER);
    for client in [&mut stranger, &mut beside, &mut second] {
        client.ping();
    }
    until("it is recorded", || broker.access.saw(EventKind::TakenOver));
    broker.until_stats("three are left", |stats| {
        stats.listeners[0].connections == 3
    });
}

#[test]
fn a_takeover_while_publishing_loses_nothing_that_was_acknowledged() {
    let broker = TestBroker::start();
    let mut acknowledged = 0;
    for round in 0..30 {
        let mut client = broker.device("d");
        for id in 1..=20 {
            client.publish(&telemetry("d"), id, format!("{round}/{id}").as_bytes());
        }
        if round % 2 == 0 {
            for _ in 0..10 {
                assert!(!client.receive().puback().reason.is_failure());
                acknowledged += 1;
            }
        }
        // The next round takes the session while this one's are on their way.
        std::mem::forget(client);
    }
    let stored = broker.sink.payloads();
    assert!(stored.len() >= acknowledged);
    for round in (0..30).step_by(2) {
        for id in 1..=10 {
            assert!(stored.contains(&format!("{round}/{id}")));
        }
    }
    broker.until_stats("one is left", |stats| stats.listeners[0].connections == 1);
}
