//! Messages for which the sink has to write something first: each waits alone,
//! and nothing of its own connection overtakes it.

use domain::Timestamp;
use mqtt::codec::{Connect, Packet, Properties, Property, Publish, Qos, ReasonCode, Will};
use transport::{EventKind, Protocol, SinkFault};

use crate::harness::client::{Client, connect, list, telemetry};
use crate::harness::{TestBroker, until};

/// Connections beside the one that waits: some on each of two workers.
const OTHERS: usize = 8;

fn publish(client: &mut Client, topic: &str, qos: Qos, packet_id: u16, payload: &[u8]) {
    client.send(&Packet::Publish(Publish {
        duplicate: false,
        qos,
        retain: false,
        topic,
        packet_id,
        properties: Properties::NONE,
        payload,
    }));
}

fn until_postponed(broker: &TestBroker, count: usize) {
    until("they wait", || broker.sink.postponed() == count);
}

#[test]
fn others_are_served_and_the_order_of_its_own_stays() {
    for protocol in [Protocol::V5, Protocol::V311] {
        let broker = TestBroker::start();
        let mut client = Client::connected(broker.mqtt, &connect(protocol, "d"));
        for (number, payload) in ["a", "new", "b", "new too"].iter().enumerate() {
            let id = u16::try_from(number).unwrap() + 1;
            client.publish(&telemetry("d"), id, payload.as_bytes());
        }
        assert_eq!(client.receive().puback().packet_id, 1);
        until_postponed(&broker, 1);
        for number in 0..OTHERS {
            let id = format!("other-{number}");
            let mut other = broker.device(&id);
            other.publish(&telemetry(&id), 1, b"x");
            assert_eq!(other.receive().puback().packet_id, 1);
            other.ping();
        }
        client.expect_silence();
        broker.sink.prepare(Ok(()));
        for id in 2..=4 {
            assert_eq!(client.receive().puback().packet_id, id);
        }
        client.ping();
        let mut own = broker.sink.payloads();
        own.retain(|payload| payload != "x");
        assert_eq!(own, ["a", "new", "b", "new too"]);
        assert_eq!(broker.sink.postponed(), 0);
        let expected = 4 + OTHERS as u64;
        broker.until_stats("each is counted once", |stats| {
            stats.listeners[0].messages_in == expected
        });
    }
}

#[test]
fn at_qos_0_and_2_it_is_stored_once_and_what_follows_waits() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    publish(&mut client, &telemetry("d"), Qos::AtMostOnce, 0, b"new 0");
    publish(&mut client, &telemetry("d"), Qos::ExactlyOnce, 7, b"new 2");
    until_postponed(&broker, 1);
    client.expect_silence();
    broker.sink.prepare(Ok(()));
    match client.receive().packet() {
        Packet::PubRec(ack) => assert_eq!((ack.packet_id, ack.reason.is_failure()), (7, false)),
        other => panic!("no PUBREC: {other:?}"),
    }
    assert_eq!(broker.sink.payloads(), ["new 0", "new 2"]);
}

/// An alias that the message set, and one that it uses.
#[test]
fn its_topic_alias_still_holds() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    let alias = list(Property::TopicAlias(1));
    client.publish_with(&telemetry("d"), 1, b"a", alias.as_properties());
    client.publish_with("", 2, b"new", alias.as_properties());
    assert_eq!(client.receive().puback().packet_id, 1);
    until_postponed(&broker, 1);
    broker.sink.prepare(Ok(()));
    assert_eq!(client.receive().puback().packet_id, 2);
    let messages = broker.sink.messages.lock();
    assert!(messages.iter().all(|it| it.topic == telemetry("d")));
}

#[test]
fn its_silence_is_not_held_against_it() {
    let broker = TestBroker::start();
    let mut client = Client::connected(
        broker.mqtt,
        &Connect {
            keep_alive: 1,
            ..connect(Protocol::V5, "d")
        },
    );
    client.publish(&telemetry("d"), 1, b"new");
    until_postponed(&broker, 1);
    // Another that is as silent is put out meanwhile.
    let mut silent = Client::connected(
        broker.mqtt,
        &Connect {
            keep_alive: 1,
            ..connect(Protocol::V5, "silent")
        },
    );
    silent.expect_end(ReasonCode::KEEP_ALIVE_TIMEOUT);
    broker.sink.prepare(Ok(()));
    assert_eq!(client.receive().puback().packet_id, 1);
    client.ping();
}

#[test]
fn one_that_ends_meanwhile_leaves_nothing() {
    let broker = TestBroker::start();
    let mut first = broker.device("d");
    first.publish(&telemetry("d"), 1, b"new 1");
    until_postponed(&broker, 1);
    // The same client comes back and sends it again.
    let mut second = broker.device("d");
    first.expect_end(ReasonCode::SESSION_TAKEN_OVER);
    second.publish(&telemetry("d"), 1, b"new 1");
    until_postponed(&broker, 2);
    let mut outcast = broker.device("outcast");
    outcast.publish(&telemetry("outcast"), 1, b"new 2");
    until_postponed(&broker, 3);
    broker.access.revoke("outcast");
    broker.handle.revalidate();
    outcast.expect_end(ReasonCode::ADMINISTRATIVE_ACTION);
    broker.sink.prepare(Ok(()));
    assert_eq!(second.receive().puback().packet_id, 1);
    until_postponed(&broker, 0);
    assert_eq!(broker.sink.payloads(), ["new 1"]);
}

#[test]
fn a_fault_ends_its_connection_and_no_other() {
    let busy = (SinkFault::Busy, ReasonCode::SERVER_BUSY);
    let gone = SinkFault::failed("the disk is gone");
    for (fault, code) in [busy, (gone, ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR)] {
        let broker = TestBroker::start();
        let mut client = broker.device("d");
        let mut other = broker.device("other");
        client.publish(&telemetry("d"), 1, b"new");
        until_postponed(&broker, 1);
        broker.sink.prepare(Err(fault));
        client.expect_end(code);
        until("it is told", || broker.access.saw(EventKind::SinkFault));
        other.publish(&telemetry("other"), 1, b"x");
        assert_eq!(other.receive().puback().packet_id, 1);
        assert_eq!(broker.sink.payloads(), ["x"]);
    }
}

/// With a will that waits for the sink.
fn with_will<'a>(id: &'a str, topic: &'a str) -> Connect<'a> {
    Connect {
        will: Some(Will {
            qos: Qos::AtLeastOnce,
            retain: false,
            properties: Properties::NONE,
            topic,
            payload: b"new will",
        }),
        ..connect(Protocol::V5, id)
    }
}

#[test]
fn a_will_waits_as_well() {
    let broker = TestBroker::start();
    let topic = telemetry("d");
    let connect = with_will("d", &topic);
    drop(Client::connected(broker.mqtt, &connect));
    until_postponed(&broker, 1);
    broker.sink.prepare(Ok(()));
    broker.sink.until_staged(1);
    assert_eq!(broker.sink.payloads(), ["new will"]);
}

/// What the sink is told of when each message came, in order.
fn received(broker: &TestBroker) -> Vec<Timestamp> {
    let messages = broker.sink.messages.lock();
    messages.iter().map(|message| message.received).collect()
}

#[test]
fn it_keeps_the_time_when_it_came() {
    let broker = TestBroker::start();
    let (came, later) = (Timestamp::from_micros(1), Timestamp::from_micros(2));
    broker.sink.set_time(came);
    let topic = telemetry("leaves");
    let leaves = with_will("leaves", &topic);
    drop(Client::connected(broker.mqtt, &leaves));
    until_postponed(&broker, 1);
    let mut client = broker.device("d");
    client.publish(&telemetry("d"), 1, b"new");
    until_postponed(&broker, 2);
    broker.sink.set_time(later);
    broker.sink.prepare(Ok(()));
    assert_eq!(client.receive().puback().packet_id, 1);
    broker.sink.until_staged(2);
    // Nor does the next one have its time.
    client.publish(&telemetry("d"), 2, b"known");
    assert_eq!(client.receive().puback().packet_id, 2);
    assert_eq!(received(&broker), [came, came, later]);
}
