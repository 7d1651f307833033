//! Wills with a delay: when they are published, and when they are not.

use mqtt::codec::{Connect, Packet, Property, PropertyList, Qos, ReasonCode, Will};
use transport::Protocol;

use crate::harness::TestBroker;
use crate::harness::client::{Client, connect, list, telemetry};

/// Connects with a will; `delay` and `expiry` in seconds.
fn with_will(broker: &TestBroker, id: &str, delay: u32, expiry: u32, clean_start: bool) -> Client {
    let (delay, expiry) = (
        list(Property::WillDelay(delay)),
        list(Property::SessionExpiry(expiry)),
    );
    let topic = telemetry(id);
    let wish = Connect {
        clean_start,
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

fn published(broker: &TestBroker) -> Vec<String> {
    let messages = broker.sink.messages.lock();
    messages.iter().map(|it| it.principal.clone()).collect()
}

fn until_waiting(broker: &TestBroker, count: u64) {
    broker.until_stats("they wait", |stats| stats.waiting_sessions == count);
}

#[test]
fn a_client_that_is_back_in_time_cancels_its_will() {
    let broker = TestBroker::start();
    drop(with_will(&broker, "back", 1, 3_600, false));
    until_waiting(&broker, 1);
    let (mut back, present) = Client::kept(broker.mqtt, Protocol::V5, "back", 3_600);
    assert!(present);
    drop(with_will(&broker, "away", 1, 3_600, false));
    broker.sink.until_staged(1);
    assert_eq!(published(&broker), ["away"]);
    back.ping();
}

#[test]
fn a_session_that_ends_first_publishes_its_will() {
    let broker = TestBroker::start();
    // By its time, by a clean start, and at once without a session.
    drop(with_will(&broker, "expires", 3_600, 1, false));
    broker.sink.until_staged(1);
    drop(with_will(&broker, "cleaned", 3_600, 3_600, false));
    until_waiting(&broker, 1);
    let mut anew = broker.device("cleaned");
    anew.ping();
    broker.sink.until_staged(2);
    drop(with_will(&broker, "none", 3_600, 0, true));
    broker.sink.until_staged(3);
    assert_eq!(published(&broker), ["expires", "cleaned", "none"]);
}

#[test]
fn a_goodbye_drops_the_will_or_asks_for_it() {
    let broker = TestBroker::start();
    let mut polite = with_will(&broker, "polite", 0, 3_600, false);
    polite.say_goodbye();
    polite.expect_closed();
    let mut asking = with_will(&broker, "asking", 0, 3_600, false);
    let none = PropertyList::default();
    asking.send(&Packet::Disconnect(mqtt::codec::Disconnect {
        reason: ReasonCode::DISCONNECT_WITH_WILL,
        properties: none.as_properties(),
    }));
    asking.expect_closed();
    broker.sink.until_staged(1);
    assert_eq!(published(&broker), ["asking"]);
}

#[test]
fn a_takeover_publishes_the_will_unless_the_session_goes_on_in_time() {
    let broker = TestBroker::start();
    let mut first = with_will(&broker, "d", 1, 3_600, false);
    let mut second = with_will(&broker, "d", 1, 3_600, false);
    first.expect_end(ReasonCode::SESSION_TAKEN_OVER);
    second.ping();
    let mut anew = with_will(&broker, "d", 0, 0, true);
    second.expect_end(ReasonCode::SESSION_TAKEN_OVER);
    anew.ping();
    broker.sink.until_staged(1);
    assert_eq!(published(&broker), ["d"]);
}

/// Within a second nothing is left of it: connected, or waiting.
#[test]
fn revocation_purges_will_and_session() {
    let broker = TestBroker::start();
    let mut standing = with_will(&broker, "standing", 1, 3_600, false);
    standing.subscribe("open/#", Qos::AtLeastOnce);
    let mut waiting = with_will(&broker, "waiting", 1, 3_600, false);
    waiting.subscribe("open/#", Qos::AtLeastOnce);
    drop(waiting);
    until_waiting(&broker, 1);
    broker.access.revoke("standing");
    broker.access.revoke("waiting");
    let started = std::time::Instant::now();
    broker.handle.revalidate();
    standing.expect_end(ReasonCode::ADMINISTRATIVE_ACTION);
    broker.until_stats("both are gone", |stats| {
        stats.waiting_sessions == 0
            && stats.subscriptions == 0
            && stats.listeners[0].connections == 0
    });
    crate::harness::until("the store was told", || {
        broker.log.sessions.kept.lock().is_empty()
    });
    let elapsed = started.elapsed();
    assert!(elapsed < std::time::Duration::from_secs(1), "{elapsed:?}");
    // Theirs would have been due before this one's.
    drop(with_will(&broker, "bystander", 1, 3_600, false));
    broker.sink.until_staged(1);
    assert_eq!(published(&broker), ["bystander"]);
}
