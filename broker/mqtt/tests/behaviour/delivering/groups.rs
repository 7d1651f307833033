//! Shared subscriptions: members that come, go and stay away.

use mqtt::codec::Qos;
use transport::Protocol;

use crate::harness::TestBroker;
use crate::harness::client::Client;

const GROUP: &str = "$share/g/open/#";

fn member(broker: &TestBroker, id: &str, seconds: u32) -> Client {
    let (mut client, _) = Client::kept(broker.mqtt, Protocol::V5, id, seconds);
    assert_eq!(client.subscribe(GROUP, Qos::AtLeastOnce), 1);
    client
}

fn publish(broker: &TestBroker, numbers: std::ops::Range<usize>) {
    for n in numbers {
        broker.log.publish(&broker.handle, "open/x", &n.to_string());
    }
}

fn take(client: &mut Client) -> usize {
    let received = client.receive();
    let message = received.publish();
    client.acknowledge(message.packet_id);
    std::str::from_utf8(message.payload)
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn each_message_goes_to_one_member() {
    let broker = TestBroker::start();
    let (mut one, mut two) = (member(&broker, "one", 0), member(&broker, "two", 0));
    let mut own = broker.device("own");
    own.subscribe("open/#", Qos::AtLeastOnce);
    publish(&broker, 0..100);
    let mut seen: Vec<_> = (0..50).map(|_| take(&mut one)).collect();
    seen.extend((0..50).map(|_| take(&mut two)));
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..100));
    assert!((0..100).all(|n| take(&mut own) == n));
    one.expect_silence();
    two.expect_silence();
}

#[test]
fn a_member_that_leaves_passes_on_what_it_had() {
    let broker = TestBroker::start();
    let mut leaves = member(&broker, "leaves", 0);
    // In flight as far as the window goes, and the rest queued.
    publish(&broker, 0..150);
    for _ in 0..100 {
        leaves.receive().publish();
    }
    let mut stays = member(&broker, "stays", 0);
    drop(leaves);
    let mut seen: Vec<_> = (0..150).map(|_| take(&mut stays)).collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..150));
    stays.expect_silence();
    broker.until_stats("one is left", |stats| stats.subscriptions == 1);
}

#[test]
fn a_member_that_is_away_gets_none_and_the_others_get_its_queue() {
    let broker = TestBroker::start();
    let mut away = member(&broker, "away", 3_600);
    publish(&broker, 0..150);
    for _ in 0..100 {
        away.receive().publish();
    }
    let mut stays = member(&broker, "stays", 0);
    drop(away);
    // What was queued goes to the other at once.
    let mut seen: Vec<_> = (0..50).map(|_| take(&mut stays)).collect();
    broker.until_stats("it waits", |stats| stats.waiting_sessions == 1);
    publish(&broker, 150..170);
    seen.extend((0..20).map(|_| take(&mut stays)));
    stays.expect_silence();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(100..170));
    // What it had in flight is still its own.
    let (mut away, present) = Client::kept(broker.mqtt, Protocol::V5, "away", 0);
    assert!(present);
    assert!((0..100).all(|n| take(&mut away) == n));
    away.expect_silence();
}

#[test]
fn the_end_of_a_session_that_waits_passes_its_messages_on() {
    let broker = TestBroker::start();
    let mut expires = member(&broker, "expires", 1);
    publish(&broker, 0..10);
    for _ in 0..10 {
        expires.receive().publish();
    }
    let mut stays = member(&broker, "stays", 0);
    drop(expires);
    let mut seen: Vec<_> = (0..10).map(|_| take(&mut stays)).collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..10));
    stays.expect_silence();
}

#[test]
fn a_revoked_member_passes_its_messages_on() {
    let broker = TestBroker::start();
    let mut revoked = member(&broker, "revoked", 3_600);
    publish(&broker, 0..10);
    for _ in 0..10 {
        revoked.receive().publish();
    }
    let mut stays = member(&broker, "stays", 0);
    broker.access.revoke("revoked");
    broker.handle.revalidate();
    let mut seen: Vec<_> = (0..10).map(|_| take(&mut stays)).collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..10));
}
