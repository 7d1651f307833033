//! Another connection comes for the session while the first still publishes
//! or is delivered to. The new one wins, and nothing acknowledged is lost.

use std::collections::HashSet;

use broker::Protocol;
use broker::mqtt::codec::{Connect, Packet, Property, Qos, ReasonCode};

use crate::client::{Client, connect, list, telemetry};
use crate::harness::TestBroker;

const ROUNDS: usize = 40;
const EACH: u16 = 50;

fn begin(broker: &TestBroker, protocol: Protocol, clean_start: bool) -> Client {
    let expiry = list(Property::SessionExpiry(3_600));
    let base = connect(protocol, "d");
    let wish = Connect {
        clean_start,
        properties: match protocol {
            Protocol::V5 => expiry.as_properties(),
            Protocol::V311 => base.properties,
        },
        ..base
    };
    Client::connected(broker.mqtt, &wish)
}

/// What the first connection still hears, until it is closed.
fn acknowledged(client: &mut Client, round: usize, seen: &mut HashSet<String>) {
    while let Some(received) = client.try_receive() {
        match received.packet() {
            Packet::PubAck(ack) => {
                assert!(!ack.reason.is_failure());
                let first = seen.insert(format!("{round}/{}", ack.packet_id));
                assert!(first, "{round}/{} twice", ack.packet_id);
            }
            Packet::Disconnect(it) => assert_eq!(it.reason, ReasonCode::SESSION_TAKEN_OVER),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_was_acknowledged_is_stored_and_acknowledged_once() {
    for protocol in [Protocol::V311, Protocol::V5] {
        for clean_start in [true, false] {
            let broker = TestBroker::start();
            let mut seen = HashSet::new();
            // Connections land on either worker.
            let mut last: Option<(usize, Client)> = None;
            for round in 0..ROUNDS {
                let mut client = begin(&broker, protocol, clean_start);
                if let Some((before, mut client)) = last.take() {
                    acknowledged(&mut client, before, &mut seen);
                }
                for packet_id in 1..=EACH {
                    let payload = format!("{round}/{packet_id}");
                    client.publish(&telemetry("d"), packet_id, payload.as_bytes());
                }
                last = Some((round, client));
            }
            let (round, mut client) = last.unwrap();
            for packet_id in 1..=EACH {
                assert_eq!(client.receive().puback().packet_id, packet_id);
                seen.insert(format!("{round}/{packet_id}"));
            }
            client.ping();
            let stored = broker.sink.payloads();
            let distinct: HashSet<_> = stored.iter().cloned().collect();
            assert_eq!(distinct.len(), stored.len(), "stored twice");
            assert!(seen.is_subset(&distinct), "acknowledged and not stored");
            broker.until_stats("the newest is left", |stats| {
                stats.listeners[0].connections == 1
            });
        }
    }
}

/// The subscriber changes its connection again and again; its session does not.
#[test]
fn a_subscriber_that_is_taken_over_misses_nothing() {
    let broker = TestBroker::start();
    let mut client = begin(&broker, Protocol::V5, false);
    client.subscribe("open/#", Qos::AtLeastOnce);
    let publisher = std::thread::spawn({
        let (log, handle) = (broker.log.clone(), broker.handle.clone());
        move || (0..4_000).for_each(|n| log.publish(&handle, "open/x", &n.to_string()))
    });
    let mut next = 0;
    while next < 4_000 {
        for _ in 0..100.min(4_000 - next) {
            let received = client.receive();
            let Packet::Publish(message) = received.packet() else {
                panic!("{:?}", received.packet())
            };
            let number: usize = std::str::from_utf8(message.payload)
                .unwrap()
                .parse()
                .unwrap();
            // What was in flight comes again, as such.
            assert!(
                number == next || number < next && message.duplicate,
                "{number}, {next}"
            );
            client.acknowledge(message.packet_id);
            next = next.max(number + 1);
        }
        let newer = begin(&broker, Protocol::V5, false);
        let mut older = std::mem::replace(&mut client, newer);
        let mut reason = None;
        while let Some(received) = older.try_receive() {
            if let Packet::Disconnect(it) = received.packet() {
                reason = Some(it.reason);
            }
        }
        assert_eq!(reason, Some(ReasonCode::SESSION_TAKEN_OVER));
    }
    publisher.join().unwrap();
    broker.until_stats("one subscription stands", |stats| stats.subscriptions == 1);
    assert_eq!(broker.total(|listener| listener.dropped), 0);
}

/// A clean start beside a kept session: the store has the new one only.
#[test]
fn what_the_old_connection_still_asks_for_is_not_the_new_sessions() {
    let broker = TestBroker::start();
    for round in 0..30 {
        let mut old = begin(&broker, Protocol::V5, true);
        let mut bytes = Vec::new();
        for n in 0..20 {
            let filters = broker::mqtt::codec::FilterList::default().with(
                &format!("open/{round}/{n}"),
                broker::mqtt::codec::SubscribeOptions::qos(Qos::AtLeastOnce),
            );
            let none = broker::mqtt::codec::Properties::NONE;
            broker::mqtt::codec::Subscribe::new(n + 1, none, &filters)
                .encode(Protocol::V5, &mut bytes);
        }
        old.send_bytes(&bytes);
        let mut new = begin(&broker, Protocol::V5, true);
        new.subscribe("open/new", Qos::AtLeastOnce);
        while old.try_receive().is_some() {}
        let kept = broker.log.sessions.of("d").unwrap().subscriptions;
        let filters: Vec<_> = kept.iter().map(|it| &*it.filter).collect();
        assert_eq!(filters, ["open/new"], "{round}");
        broker.until_stats("one stands", |stats| stats.subscriptions == 1);
    }
}
