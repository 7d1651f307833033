//! Another connection comes for the session while the first still publishes
//! or is delivered to. The new one wins, and nothing acknowledged is lost.

use std::collections::HashSet;
use std::thread::ThreadId;

use mqtt::codec::{Auth, Connect, Packet, Property, PropertyList, Qos, ReasonCode};
use transport::{EventKind, Protocol};

use crate::harness::client::{Client, connect, list, telemetry};
use crate::harness::{TestBroker, until};

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
            let filters = mqtt::codec::FilterList::default().with(
                &format!("open/{round}/{n}"),
                mqtt::codec::SubscribeOptions::qos(Qos::AtLeastOnce),
            );
            let none = mqtt::codec::Properties::NONE;
            mqtt::codec::Subscribe::new(n + 1, none, &filters).encode(Protocol::V5, &mut bytes);
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

/// A client that was challenged and has not answered: it comes for its session
/// when the test says so, on a worker that the test knows.
fn challenged_on(broker: &TestBroker, name: &str, wanted: impl Fn(ThreadId) -> bool) -> Client {
    let wishes = PropertyList::default()
        .with(Property::SessionExpiry(3_600))
        .with(Property::AuthenticationMethod("reverse"));
    loop {
        let mut client = Client::open(broker.mqtt, Protocol::V5);
        client.send(&Packet::Connect(Connect {
            clean_start: false,
            properties: wishes.as_properties(),
            ..connect(Protocol::V5, name)
        }));
        assert!(matches!(client.receive().packet(), Packet::Auth(_)));
        if wanted(broker.access.worker_of(name)) {
            return client;
        }
    }
}

fn answer(client: &mut Client) {
    let answer = PropertyList::default()
        .with(Property::AuthenticationMethod("reverse"))
        .with(Property::AuthenticationData(b"egnellahc"));
    client.send(&Packet::Auth(Auth {
        reason: ReasonCode::CONTINUE_AUTHENTICATION,
        properties: answer.as_properties(),
    }));
}

/// Until the broker has taken the answer, and what it led to.
fn until_admitted(broker: &TestBroker, count: usize, bystander: &mut Client) {
    until("the answer is taken", || {
        broker.access.origins.lock().len() == count
    });
    bystander.ping();
}

/// What a connection is told that came for the session and did not get it.
fn expect_taken_over(client: &mut Client) {
    let received = client.receive();
    assert_eq!(received.connack().code, 0);
    client.expect_end(ReasonCode::SESSION_TAKEN_OVER);
}

/// The one that came first asks last, since its worker is held meanwhile.
#[test]
fn of_connections_that_wait_for_a_session_the_newest_gets_it() {
    let broker = TestBroker::start();
    let mut holder = begin(&broker, Protocol::V5, false);
    holder.subscribe("open/#", Qos::AtLeastOnce);
    let held = broker.access.worker_of("d");
    let mut oldest = challenged_on(&broker, "d", |it| it == held);
    let mut others = [(); 3].map(|()| challenged_on(&broker, "d", |it| it != held));
    let mut bystander = challenged_on(&broker, "bystander", |it| it != held);
    answer(&mut bystander);
    assert_eq!(bystander.receive().connack().code, 0);
    let admitted = broker.access.origins.lock().len();
    // The session's connection is about to let go of it.
    broker.access.gate.hold(held);
    answer(&mut oldest);
    broker.access.gate.until_it_stands();
    for (number, client) in others.iter_mut().enumerate() {
        answer(client);
        until_admitted(&broker, admitted + 2 + number, &mut bystander);
    }
    broker.access.gate.let_pass_once();
    let [second, third, newest] = &mut others;
    assert!(newest.receive().connack().session_present);
    broker.access.gate.until_it_stands();
    broker.access.gate.open();
    holder.expect_end(ReasonCode::SESSION_TAKEN_OVER);
    for client in [&mut oldest, second, third] {
        expect_taken_over(client);
    }
    newest.ping();
    assert_eq!(broker.access.count(EventKind::TakenOver), 4);
    broker.until_stats("the newest goes on with the subscription", |stats| {
        stats.listeners[0].connections == 2 && stats.subscriptions == 1
    });
}

/// MQTT 5 knows no DISCONNECT before CONNACK.
#[test]
fn who_is_taken_over_before_its_session_is_durable_is_accepted_first() {
    let broker = TestBroker::start();
    let expiry = list(Property::SessionExpiry(3_600));
    let wish = Connect {
        clean_start: false,
        properties: expiry.as_properties(),
        ..connect(Protocol::V5, "d")
    };
    broker.log.sessions.hold();
    let mut older = Client::open(broker.mqtt, Protocol::V5);
    older.send(&Packet::Connect(wish.clone()));
    until("it waits", || broker.log.sessions.of("d").is_some());
    let mut newer = Client::open(broker.mqtt, Protocol::V5);
    newer.send(&Packet::Connect(wish));
    expect_taken_over(&mut older);
    broker.log.sessions.release();
    assert!(newer.receive().connack().session_present);
    newer.ping();
}
