//! QoS 2 from clients, and packet identifiers in both directions: none leaks,
//! none is used twice, and none runs out.

use mqtt::Config;
use mqtt::codec::{Ack, Packet, Properties, Publish, Qos, ReasonCode};
use transport::Protocol;

use crate::harness::client::{Client, telemetry};
use crate::harness::{TestBroker, until};

const BOTH: [Protocol; 2] = [Protocol::V311, Protocol::V5];

fn publish(client: &mut Client, id: &str, packet_id: u16, duplicate: bool) {
    client.send(&Packet::Publish(Publish {
        duplicate,
        qos: Qos::ExactlyOnce,
        retain: false,
        topic: &telemetry(id),
        packet_id,
        properties: Properties::NONE,
        payload: format!("{packet_id}").as_bytes(),
    }));
}

fn expect_pubrec(client: &mut Client, packet_id: u16) {
    match client.receive().packet() {
        Packet::PubRec(ack) => {
            assert_eq!((ack.packet_id, ack.reason.is_failure()), (packet_id, false));
        }
        other => panic!("no PUBREC: {other:?}"),
    }
}

fn release(client: &mut Client, packet_id: u16) {
    client.send(&Packet::PubRel(Ack {
        packet_id,
        reason: ReasonCode::SUCCESS,
        properties: Properties::NONE,
    }));
    match client.receive().packet() {
        Packet::PubComp(ack) => {
            assert_eq!(
                (ack.packet_id, ack.reason),
                (packet_id, ReasonCode::SUCCESS)
            );
        }
        other => panic!("no PUBCOMP: {other:?}"),
    }
}

#[test]
fn identifiers_that_are_never_released_are_bounded() {
    for protocol in BOTH {
        let broker = TestBroker::with(Config {
            unreleased_messages: 10,
            ..Config::default()
        });
        let (mut client, _) = Client::kept(broker.mqtt, protocol, "d", 3_600);
        for packet_id in 1..=10 {
            publish(&mut client, "d", packet_id, false);
            expect_pubrec(&mut client, packet_id);
        }
        publish(&mut client, "d", 11, false);
        client.expect_end(ReasonCode::RECEIVE_MAXIMUM_EXCEEDED);
        // Nor does another connection make room: the session has them still.
        let (mut client, present) = Client::kept(broker.mqtt, protocol, "d", 3_600);
        assert!(present);
        assert_eq!(broker.log.sessions.of("d").unwrap().received.len(), 10);
        publish(&mut client, "d", 3, true);
        expect_pubrec(&mut client, 3);
        release(&mut client, 3);
        publish(&mut client, "d", 11, false);
        expect_pubrec(&mut client, 11);
        publish(&mut client, "d", 12, false);
        client.expect_end(ReasonCode::RECEIVE_MAXIMUM_EXCEEDED);
        assert_eq!(broker.sink.messages.lock().len(), 11, "{protocol:?}");
    }
}

#[test]
fn identifiers_that_are_released_are_forgotten() {
    for protocol in BOTH {
        let broker = TestBroker::with(Config {
            unreleased_messages: 2,
            receive_maximum: 2,
            ..Config::default()
        });
        let (mut client, _) = Client::kept(broker.mqtt, protocol, "d", 3_600);
        for round in 0..300u16 {
            let packet_id = round % 7 + 1;
            publish(&mut client, "d", packet_id, false);
            expect_pubrec(&mut client, packet_id);
            release(&mut client, packet_id);
        }
        assert_eq!(broker.sink.messages.lock().len(), 300);
        assert!(broker.log.sessions.of("d").unwrap().received.is_empty());
    }
}

#[test]
fn a_message_that_comes_again_after_a_takeover_or_a_restart_is_stored_once() {
    let broker = TestBroker::start();
    let (mut first, _) = Client::kept(broker.mqtt, Protocol::V5, "d", 3_600);
    publish(&mut first, "d", 7, false);
    expect_pubrec(&mut first, 7);
    let (mut second, present) = Client::kept(broker.mqtt, Protocol::V5, "d", 3_600);
    assert!(present);
    publish(&mut second, "d", 7, true);
    expect_pubrec(&mut second, 7);
    assert_eq!(broker.sink.payloads(), ["7"]);
    broker.stop();
    crate::sessions::lifecycle::stopped(&broker);
    let broker = TestBroker::on(broker.log, Config::default(), None);
    let (mut third, present) = Client::kept(broker.mqtt, Protocol::V5, "d", 3_600);
    assert!(present);
    publish(&mut third, "d", 7, true);
    expect_pubrec(&mut third, 7);
    release(&mut third, 7);
    assert!(broker.sink.payloads().is_empty());
    publish(&mut third, "d", 7, false);
    expect_pubrec(&mut third, 7);
    assert_eq!(broker.sink.payloads(), ["7"]);
}

#[test]
fn a_subscriber_that_never_acknowledges_gets_its_window_and_no_more() {
    const WINDOW: u16 = 20;
    for protocol in BOTH {
        let broker = TestBroker::with(Config {
            delivery_window: WINDOW,
            queue_messages: 50,
            ..Config::default()
        });
        let mut mute = Client::connected(
            broker.mqtt,
            &crate::harness::client::connect(protocol, "mute"),
        );
        mute.subscribe("open/#", Qos::AtLeastOnce);
        let mut publisher = broker.device("publisher");
        for n in 0..500 {
            broker.log.publish(&broker.handle, "open/x", &n.to_string());
        }
        publisher.publish(&telemetry("publisher"), 1, b"x");
        assert!(!publisher.receive().puback().reason.is_failure());
        let mut ids = Vec::new();
        for n in 0..WINDOW {
            let received = mute.receive();
            let message = received.publish();
            assert_eq!(message.payload, n.to_string().as_bytes());
            ids.push(message.packet_id);
        }
        mute.ping();
        mute.expect_silence();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), usize::from(WINDOW));
        let info = broker.handle.connection("mute").unwrap();
        assert!(info.queued <= 50 && info.dropped == 0, "{info:?}");
        // One that is acknowledged makes room for one.
        mute.acknowledge(ids[0]);
        assert_eq!(
            mute.receive().publish().payload,
            WINDOW.to_string().as_bytes()
        );
        mute.expect_silence();
    }
}

#[test]
fn an_identifier_in_flight_is_not_given_to_another_message() {
    const ROUND: usize = 90;
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    client.subscribe("open/#", Qos::AtLeastOnce);
    broker
        .log
        .publish(&broker.handle, "open/x", "kept in flight");
    let taken = client.receive().publish().packet_id;
    // Past all 65,535 identifiers.
    for _ in 0..=usize::from(u16::MAX) / ROUND {
        for _ in 0..ROUND {
            broker.log.publish(&broker.handle, "open/x", "x");
        }
        for _ in 0..ROUND {
            let packet_id = client.receive().publish().packet_id;
            assert!(packet_id != 0 && packet_id != taken);
            client.acknowledge(packet_id);
        }
    }
    until("nothing waits", || {
        broker
            .handle
            .connection("d")
            .is_some_and(|it| it.queued == 0)
    });
}
