//! From the platform and from other clients to subscribers.

use mqtt::Config;
use mqtt::codec::{
    Packet, Properties, Property, PropertyList, Qos, RetainHandling, SubscribeOptions, Unsubscribe,
    raw_filters,
};
use transport::Protocol;

use crate::harness::client::{Client, connect, list};
use crate::harness::{TestBroker, live};

#[test]
fn wildcards_reach_from_any_thread_in_order() {
    let broker = TestBroker::start();
    let mut all = broker.device("all");
    let mut speed = Client::v311(broker.mqtt, "speed");
    assert_eq!(all.subscribe("open/#", Qos::AtMostOnce), 0);
    assert_eq!(
        speed.subscribe("open/+/traffic/flow/+/speed", Qos::AtLeastOnce),
        1
    );
    let handle = broker.handle.clone();
    std::thread::spawn(move || {
        for n in 0..500 {
            let payload = format!("{n}");
            handle.publish([
                live("open/seoul/traffic/flow/d/speed", payload.clone()),
                live("open/seoul/traffic/flow/d/volume", payload),
            ]);
        }
    });
    for n in 0..500 {
        for field in ["speed", "volume"] {
            let received = all.receive();
            let message = received.publish();
            assert_eq!(message.topic, format!("open/seoul/traffic/flow/d/{field}"));
            assert_eq!(
                (message.payload, message.qos),
                (format!("{n}").as_bytes(), Qos::AtMostOnce)
            );
        }
        let received = speed.receive();
        let message = received.publish();
        assert_eq!(
            (message.payload, message.qos),
            (format!("{n}").as_bytes(), Qos::AtLeastOnce)
        );
        assert!(!message.retain);
        speed.acknowledge(message.packet_id);
    }
    assert_eq!(broker.total(|listener| listener.dropped), 0);
}

#[test]
fn the_window_holds_messages_back_until_they_are_acknowledged() {
    let broker = TestBroker::start();
    let receive_maximum = list(Property::ReceiveMaximum(2));
    let mut client = Client::connected(
        broker.mqtt,
        &mqtt::codec::Connect {
            properties: receive_maximum.as_properties(),
            ..connect(Protocol::V5, "d")
        },
    );
    client.subscribe("open/#", Qos::AtLeastOnce);
    for n in 0..5 {
        broker.publish("open/x", format!("{n}"));
    }
    let mut in_flight = Vec::new();
    for n in 0..2 {
        let received = client.receive();
        assert_eq!(received.publish().payload, format!("{n}").as_bytes());
        in_flight.push(received.publish().packet_id);
    }
    client.expect_silence();
    for n in 2..5 {
        client.acknowledge(in_flight.remove(0));
        let received = client.receive();
        assert_eq!(received.publish().payload, format!("{n}").as_bytes());
        in_flight.push(received.publish().packet_id);
    }
    client.expect_silence();
}

#[test]
fn overlapping_subscriptions_give_one_copy_with_all_identifiers() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    for (filter, qos, id) in [
        ("open/#", Qos::AtMostOnce, 1),
        ("open/a", Qos::AtLeastOnce, 2),
    ] {
        let id = list(Property::SubscriptionId(id));
        client.subscribe_with(filter, SubscribeOptions::qos(qos), id.as_properties());
    }
    broker.publish("open/a", "x");
    let received = client.receive();
    let message = received.publish();
    assert_eq!(message.qos, Qos::AtLeastOnce);
    let mut ids: Vec<_> = message.properties.iter().collect();
    ids.sort_by_key(|it| format!("{it:?}"));
    assert_eq!(
        ids,
        [Property::SubscriptionId(1), Property::SubscriptionId(2)]
    );
    client.expect_silence();
}

#[test]
fn retained_messages_come_with_the_subscription_as_asked() {
    let broker = TestBroker::start();
    broker
        .retained
        .messages
        .lock()
        .insert("open/a".into(), "1".into());
    broker
        .retained
        .messages
        .lock()
        .insert("open/b".into(), "2".into());
    let mut client = broker.device("d");
    let options = |retain_handling| SubscribeOptions {
        retain_handling,
        ..SubscribeOptions::qos(Qos::AtLeastOnce)
    };
    let expect = |client: &mut Client, handling, messages: &[(&str, &str)]| {
        client.subscribe_with("open/#", options(handling), Properties::NONE);
        for (topic, payload) in messages {
            let received = client.receive();
            let message = received.publish();
            assert_eq!(
                (message.topic, message.payload),
                (*topic, payload.as_bytes())
            );
            assert!(message.retain);
            client.acknowledge(message.packet_id);
        }
        client.expect_silence();
    };
    let both = [("open/a", "1"), ("open/b", "2")];
    expect(&mut client, RetainHandling::Never, &[]);
    expect(&mut client, RetainHandling::OnlyIfNew, &[]);
    expect(&mut client, RetainHandling::Always, &both);
    let mut fresh = broker.device("fresh");
    expect(&mut fresh, RetainHandling::OnlyIfNew, &both);
}

#[test]
fn more_retained_messages_than_a_queue_holds_all_arrive() {
    const COUNT: usize = 30_000;
    let broker = TestBroker::start();
    for n in 0..COUNT {
        broker
            .retained
            .messages
            .lock()
            .insert(format!("open/{n:05}"), format!("{n}").into());
    }
    let mut client = broker.device("d");
    client.subscribe("open/#", Qos::AtMostOnce);
    for n in 0..COUNT {
        let received = client.receive();
        assert_eq!(received.publish().topic, format!("open/{n:05}"));
    }
    assert_eq!(broker.total(|listener| listener.dropped), 0);
}

#[test]
fn unsubscribed_is_silent_and_told_what_was_there() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    client.subscribe("open/a", Qos::AtMostOnce);
    let raw = raw_filters(&["open/a", "open/b"]);
    client.send(&Packet::Unsubscribe(Unsubscribe::new(
        4,
        Properties::NONE,
        &raw,
    )));
    let received = client.receive();
    match received.packet() {
        Packet::UnsubAck(ack) => assert_eq!((ack.packet_id, ack.codes), (4, &[0x00, 0x11][..])),
        other => panic!("{other:?}"),
    }
    broker.publish("open/a", "x");
    client.expect_silence();
    broker.until_stats("none is left", |stats| stats.subscriptions == 0);
}

#[test]
fn a_message_larger_than_the_client_takes_is_left_out() {
    let broker = TestBroker::start();
    let small = list(Property::MaximumPacketSize(60));
    let mut client = Client::connected(
        broker.mqtt,
        &mqtt::codec::Connect {
            properties: small.as_properties(),
            ..connect(Protocol::V5, "d")
        },
    );
    client.subscribe("open/#", Qos::AtLeastOnce);
    broker.publish("open/a", "x".repeat(100));
    broker.publish("open/a", "fits");
    assert_eq!(client.receive().publish().payload, b"fits");
    broker.until_stats("it is counted", |stats| stats.listeners[0].dropped == 1);
}

#[test]
fn the_unprotected_listener_routes_between_its_clients() {
    let broker = TestBroker::start();
    let mut sender = Client::v5(broker.unprotected, "sender");
    let mut receiver = Client::v311(broker.unprotected, "receiver");
    receiver.subscribe("TopicA/+", Qos::AtLeastOnce);
    let no_local = SubscribeOptions {
        no_local: true,
        ..SubscribeOptions::qos(Qos::AtLeastOnce)
    };
    sender.subscribe_with("TopicA/#", no_local, Properties::NONE);
    let mut echo = Client::v5(broker.unprotected, "echo");
    let as_published = SubscribeOptions {
        retain_as_published: true,
        ..SubscribeOptions::qos(Qos::AtLeastOnce)
    };
    echo.subscribe_with("#", as_published, Properties::NONE);
    let properties = PropertyList::default()
        .with(Property::User("a", "b"))
        .with(Property::ContentType("text/plain"))
        .with(Property::TopicAlias(3));
    sender.publish_with("TopicA/B", 1, b"hello", properties.as_properties());
    assert_eq!(sender.receive().puback().packet_id, 1);
    assert_eq!(receiver.receive().publish().payload, b"hello");
    let received = echo.receive();
    let passed: Vec<_> = received.publish().properties.iter().collect();
    assert_eq!(
        passed,
        [
            Property::User("a", "b"),
            Property::ContentType("text/plain")
        ]
    );
    sender.expect_silence();
    assert!(broker.sink.messages.lock().is_empty());
}

#[test]
fn subscribers_of_a_closed_connection_are_forgotten() {
    let broker = TestBroker::with(Config::default());
    for n in 0..20 {
        let mut client = broker.device(&format!("d{n}"));
        client.subscribe("open/#", Qos::AtMostOnce);
        client.subscribe(&format!("open/{n}"), Qos::AtMostOnce);
    }
    broker.until_stats("none is left", |stats| {
        stats.subscriptions == 0 && stats.listeners[0].connections == 0
    });
}
