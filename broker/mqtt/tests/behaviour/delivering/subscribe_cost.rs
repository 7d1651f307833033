//! What a SUBSCRIBE may cost its worker: a bounded look at its filters, and
//! retained messages in turns, whatever the packet holds and however much is
//! retained.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mqtt::Config;
use mqtt::codec::{
    FilterList, Packet, Properties, Qos, ReasonCode, Subscribe, SubscribeOptions, Unsubscribe,
    raw_filters,
};
use transport::{EventKind, Protocol};

use crate::harness::client::{Client, connect, telemetry};
use crate::harness::{TestBroker, until};

/// As many short ones as fit into one packet of 72 KiB.
const MANY: usize = 7_900;
/// And longer ones.
const LONGER: usize = 4_000;

fn subscribe_all(client: &mut Client, filters: impl Iterator<Item = String>) -> Vec<u8> {
    let options = SubscribeOptions::qos(Qos::AtMostOnce);
    let list = filters.fold(FilterList::default(), |list, it| list.with(&it, options));
    client.send(&Packet::Subscribe(Subscribe::new(
        7,
        Properties::NONE,
        &list,
    )));
    client.receive().suback().codes.to_vec()
}

#[test]
fn a_filter_that_is_repeated_is_looked_up_once() {
    for protocol in [Protocol::V311, Protocol::V5] {
        let broker = TestBroker::start();
        for n in 0..3 {
            let mut messages = broker.retained.messages.lock();
            messages.insert(format!("open/{n}"), "x".into());
        }
        let mut client = Client::connected(broker.mqtt, &connect(protocol, "d"));
        let codes = subscribe_all(&mut client, (0..MANY).map(|_| "open/#".to_owned()));
        assert_eq!(codes, vec![0; MANY]);
        for n in 0..3 {
            assert_eq!(client.receive().publish().topic, format!("open/{n}"));
        }
        client.ping();
        assert_eq!(broker.access.filters_asked.load(Ordering::Relaxed), 1);
        assert_eq!(broker.retained.looks.load(Ordering::Relaxed), 1);
        assert_eq!(broker.handle.stats().subscriptions, 1);
    }
}

#[test]
fn of_a_filter_that_is_repeated_the_last_options_hold() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    let list = [Qos::AtMostOnce, Qos::AtLeastOnce]
        .into_iter()
        .fold(FilterList::default(), |list, qos| {
            list.with("open/a", SubscribeOptions::qos(qos))
        });
    client.send(&Packet::Subscribe(Subscribe::new(
        7,
        Properties::NONE,
        &list,
    )));
    assert_eq!(client.receive().suback().codes, [0, 1]);
    broker.publish("open/a", "x");
    assert_eq!(client.receive().publish().qos, Qos::AtLeastOnce);
}

#[test]
fn filters_past_the_limit_of_a_packet_are_refused_unseen() {
    for protocol in [Protocol::V311, Protocol::V5] {
        let broker = TestBroker::with(Config {
            filters_per_packet: 100,
            filters_per_second: 0,
            subscriptions_per_session: 1_000,
            ..Config::default()
        });
        let mut client = Client::connected(broker.mqtt, &connect(protocol, "d"));
        let codes = subscribe_all(&mut client, (0..LONGER).map(|n| format!("open/{n}")));
        let beyond = match protocol {
            Protocol::V311 => 0x80,
            Protocol::V5 => ReasonCode::QUOTA_EXCEEDED.0,
        };
        assert_eq!(codes[..100], [0; 100]);
        assert_eq!(codes[100..], vec![beyond; LONGER - 100]);
        assert_eq!(broker.access.filters_asked.load(Ordering::Relaxed), 100);
        // Those of further packets are looked at again.
        let codes = subscribe_all(&mut client, (100..150).map(|n| format!("open/{n}")));
        assert_eq!(codes, [0; 50]);
        assert_eq!(broker.handle.stats().subscriptions, 150);
    }
}

#[test]
fn denied_filters_of_a_packet_are_one_event() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    let codes = subscribe_all(&mut client, (0..90).map(|n| format!("devices/x{n}/#")));
    assert_eq!(codes, [ReasonCode::NOT_AUTHORIZED.0; 90]);
    let events = broker.access.events.lock();
    let denied: Vec<_> = events
        .iter()
        .filter(|(kind, ..)| *kind == EventKind::SubscribeDenied)
        .map(|(_, reason, _)| reason.as_str())
        .collect();
    assert_eq!(
        denied,
        ["may not subscribe to devices/x0/#, nor to 89 more filters of the packet"]
    );
}

#[test]
fn a_long_unsubscribe_takes_what_stands() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    let shared = |n: usize| format!("$share/g/open/{n}");
    subscribe_all(&mut client, (0..60).map(|n| format!("open/{n}")));
    subscribe_all(&mut client, (0..20).map(shared));
    let names: Vec<String> = (40..LONGER)
        .map(|n| format!("open/{n}"))
        .chain((10..40).map(shared))
        // Twice: the second time it is gone.
        .chain(["open/59".to_owned()])
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let raw = raw_filters(&names);
    client.send(&Packet::Unsubscribe(Unsubscribe::new(
        8,
        Properties::NONE,
        &raw,
    )));
    let received = client.receive();
    let codes = match received.packet() {
        Packet::UnsubAck(ack) => ack.codes.to_vec(),
        other => panic!("{other:?}"),
    };
    let stood = codes.iter().filter(|code| **code == 0).count();
    assert_eq!((codes.len(), stood), (names.len(), 30));
    assert_eq!((codes[0], codes[19], codes[20]), (0, 0, 0x11));
    assert_eq!(codes.last(), Some(&0x11));
    broker.until_stats("fifty are left", |stats| stats.subscriptions == 50);
    broker.publish("open/39", "there");
    broker.publish("open/40", "gone");
    assert_eq!(client.receive().publish().payload, b"there");
    client.expect_silence();
}

/// Entries without an end: others of the same worker are served between two
/// turns, and a turn looks at no more than it may.
#[test]
fn a_look_without_an_end_holds_nobody_up() {
    let broker = TestBroker::start();
    broker.retained.endless.store(true, Ordering::Relaxed);
    // On each of the workers, whoever comes to which.
    let mut greedy: Vec<_> = (0..8)
        .map(|n| {
            let mut client = broker.device(&format!("greedy-{n}"));
            assert_eq!(client.subscribe("open/#", Qos::AtMostOnce), 0);
            client
        })
        .collect();
    for n in 0..8 {
        let id = format!("d{n}");
        let mut device = broker.device(&id);
        device.publish(&telemetry(&id), 1, b"x");
        assert_eq!(device.receive().puback().packet_id, 1);
        device.ping();
    }
    greedy.iter_mut().for_each(Client::ping);
    let work = broker.handle.stats().work;
    assert_eq!(work.subscribes, 8);
    assert!(
        work.retained_turns > 8 && work.retained_steps <= work.retained_turns * 1_024,
        "{work:?}"
    );
    // What was subscribed to no longer is looked for no longer.
    for mut client in greedy.drain(..4) {
        let raw = raw_filters(&["open/#"]);
        client.send(&Packet::Unsubscribe(Unsubscribe::new(
            8,
            Properties::NONE,
            &raw,
        )));
        client.receive();
        drop(client);
    }
    drop(greedy);
    until("the looks end with their connections", || {
        let turns = || broker.handle.stats().work.retained_turns;
        let before = turns();
        std::thread::sleep(Duration::from_millis(100));
        broker.handle.stats().listeners[0].connections == 0 && turns() == before
    });
}

/// A subscriber that does not read is sent what its socket holds, and then
/// costs nothing until it reads: then all of it comes.
#[test]
fn who_does_not_read_has_no_turns() {
    const COUNT: usize = 40_000;
    let payload = vec![b'x'; 1_000];
    let broker = TestBroker::start();
    for n in 0..COUNT {
        let mut messages = broker.retained.messages.lock();
        messages.insert(format!("open/{n:05}"), payload.clone().into());
    }
    let mut client = broker.device("slow");
    assert_eq!(client.subscribe("open/#", Qos::AtMostOnce), 0);
    let steps = || broker.retained.steps.load(Ordering::Relaxed);
    until("its socket is full", || {
        let before = steps();
        std::thread::sleep(Duration::from_millis(200));
        before > 0 && steps() == before
    });
    assert!(steps() < COUNT as u64, "all of it is held somewhere");
    for n in 0..COUNT {
        assert_eq!(client.receive().publish().topic, format!("open/{n:05}"));
    }
    client.expect_silence();
}

#[test]
fn retained_messages_come_before_what_is_live() {
    const COUNT: usize = 2_000;
    let broker = TestBroker::start();
    for n in 0..COUNT {
        let mut messages = broker.retained.messages.lock();
        messages.insert(format!("open/{n:05}"), "state".into());
    }
    let mut client = broker.device("d");
    assert_eq!(client.subscribe("open/#", Qos::AtLeastOnce), 1);
    broker.log.publish(&broker.handle, "open/00000", "change");
    for n in 0..COUNT {
        let received = client.receive();
        let message = received.publish();
        assert_eq!((message.retain, message.payload), (true, &b"state"[..]));
        assert_eq!(message.topic, format!("open/{n:05}"));
        client.acknowledge(message.packet_id);
    }
    let received = client.receive();
    assert_eq!(received.publish().payload, b"change");
    assert!(!received.publish().retain);
}

#[test]
fn who_subscribes_again_and_again_is_read_more_slowly() {
    let broker = TestBroker::with(Config {
        filters_per_second: 20,
        filter_burst: 10,
        ..Config::default()
    });
    let (mut busy, mut other) = (broker.device("busy"), broker.device("other"));
    let started = Instant::now();
    let mut bytes = Vec::new();
    for packet_id in 1..=30 {
        let options = SubscribeOptions::qos(Qos::AtMostOnce);
        let filters = FilterList::default().with("open/#", options);
        Subscribe::new(packet_id, Properties::NONE, &filters).encode(Protocol::V5, &mut bytes);
    }
    busy.send_bytes(&bytes);
    other.ping();
    for packet_id in 1..=30 {
        let received = busy.receive();
        assert_eq!(received.suback().packet_id, packet_id);
        assert_eq!(received.suback().codes, [0]);
    }
    busy.ping();
    // Thirty at twenty a second, less a burst of ten.
    let elapsed = started.elapsed();
    assert!(elapsed > Duration::from_millis(900), "{elapsed:?}");
}

#[test]
fn the_subscriptions_of_an_account_are_counted_over_its_sessions() {
    let broker = TestBroker::with(Config {
        subscriptions_per_account: 5,
        subscriptions: 8,
        ..Config::default()
    });
    let as_one = |client_id| {
        let base = connect(Protocol::V5, "one");
        Client::connected(broker.mqtt, &mqtt::codec::Connect { client_id, ..base })
    };
    let full = ReasonCode::QUOTA_EXCEEDED.0;
    let (mut a, mut b) = (as_one("a"), as_one("b"));
    let codes = subscribe_all(&mut a, (0..3).map(|n| format!("open/{n}")));
    assert_eq!(codes, [0; 3]);
    let codes = subscribe_all(&mut b, (0..3).map(|n| format!("open/{n}")));
    assert_eq!(codes, [0, 0, full]);
    // One that stands is only replaced.
    assert_eq!(b.subscribe("open/1", Qos::AtLeastOnce), 1);
    // All together have a limit too.
    let mut other = broker.device("other");
    let codes = subscribe_all(&mut other, (0..4).map(|n| format!("open/{n}")));
    assert_eq!(codes, [0, 0, 0, full]);
    // What ends is free again.
    drop(a);
    broker.until_stats("five are left", |stats| stats.subscriptions == 5);
    until("there is room", || {
        b.subscribe("open/2", Qos::AtMostOnce) == 0
    });
}
