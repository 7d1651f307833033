//! How a session ends, and what is left of it.

use mqtt::Config;
use mqtt::codec::{Packet, Property, Qos};
use transport::Protocol;

use super::{BOTH, away, publish};
use crate::harness::client::{Client, list};
use crate::harness::{TestBroker, until};

#[test]
fn a_session_ends_when_its_time_is_over() {
    let broker = TestBroker::start();
    let (mut client, _) = Client::kept(broker.mqtt, Protocol::V5, "d", 1);
    client.subscribe("open/#", Qos::AtLeastOnce);
    drop(client);
    until("the store was told", || {
        broker.log.sessions.kept.lock().is_empty()
    });
    broker.until_stats("none waits", |stats| stats.waiting_sessions == 0);
    let (mut client, present) = Client::kept(broker.mqtt, Protocol::V5, "d", 3_600);
    assert!(!present);
    publish(&broker, 0..1);
    client.expect_silence();
    // The last word shortens it.
    let none = list(Property::SessionExpiry(0));
    client.send(&Packet::Disconnect(mqtt::codec::Disconnect {
        reason: mqtt::codec::ReasonCode::SUCCESS,
        properties: none.as_properties(),
    }));
    client.expect_closed();
    until("the store was told", || {
        broker.log.sessions.kept.lock().is_empty()
    });
    let (_, present) = Client::kept(broker.mqtt, Protocol::V5, "d", 0);
    assert!(!present);
}

#[test]
fn time_passes_for_a_session_while_the_platform_is_down() {
    let broker = TestBroker::start();
    away(&broker, Protocol::V5, "d");
    broker.stop();
    crate::sessions::lifecycle::stopped(&broker);
    for session in broker.log.sessions.kept.lock().values_mut() {
        let long_ago = session.detached.unwrap().as_micros() - 3_601 * 1_000_000;
        session.detached = Some(domain::Timestamp::from_micros(long_ago));
    }
    let broker = TestBroker::on(broker.log, Config::default(), None);
    until("the store was told", || {
        broker.log.sessions.kept.lock().is_empty()
    });
    let (_, present) = Client::kept(broker.mqtt, Protocol::V5, "d", 0);
    assert!(!present);
}

#[test]
fn a_clean_start_leaves_nothing_of_the_last_session() {
    for protocol in BOTH {
        let broker = TestBroker::start();
        away(&broker, protocol, "d");
        publish(&broker, 0..5);
        let mut client =
            Client::connected(broker.mqtt, &crate::harness::client::connect(protocol, "d"));
        publish(&broker, 5..10);
        client.ping();
        client.expect_silence();
        until("the store was told", || {
            broker.log.sessions.kept.lock().is_empty()
        });
        assert_eq!(broker.handle.stats().subscriptions, 0);
    }
}
