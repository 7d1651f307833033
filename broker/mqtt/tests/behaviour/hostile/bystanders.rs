//! Whatever one client does, the others are served (docs/decisions/0007).

use mqtt::Config;
use mqtt::codec::{Packet, Properties, Property, Qos};
use transport::Protocol;

use crate::connecting::tls;
use crate::harness::TestBroker;
use crate::harness::client::{Client, connect, list};

#[test]
fn unusual_client_ids_are_taken_and_taken_over() {
    let broker = TestBroker::start();
    for id in ["한강", "a/b", " ", "a.b", "0", "A B"] {
        for _ in 0..2 {
            let base = connect(Protocol::V5, "owner");
            let connect = mqtt::codec::Connect {
                client_id: id,
                ..base
            };
            Client::connected(broker.mqtt, &connect).ping();
        }
    }
    broker.device("bystander").ping();
}

#[test]
fn a_topic_in_korean_is_routed() {
    let broker = TestBroker::start();
    let mut subscriber = Client::v311(broker.unprotected, "subscriber");
    subscriber.subscribe("#", Qos::AtMostOnce);
    let mut publisher = Client::v311(broker.unprotected, "publisher");
    publisher.publish("river/온도", 1, "22.5".as_bytes());
    assert_eq!(publisher.receive().puback().packet_id, 1);
    assert_eq!(subscriber.receive().publish().topic, "river/온도");
}

/// The message that it had not acknowledged is its own loss.
#[test]
fn a_group_member_that_leaves_with_messages_in_flight_harms_nobody() {
    let broker = TestBroker::start();
    let mut stays = Client::v5(broker.unprotected, "stays");
    stays.subscribe("t", Qos::AtMostOnce);
    for round in 0..10 {
        let mut leaves = Client::open(broker.unprotected, Protocol::V311);
        let id = format!("leaves-{round}");
        let connect = connect(Protocol::V311, &id);
        leaves.send(&Packet::Connect(connect));
        assert_eq!(leaves.receive().connack().code, 0);
        leaves.subscribe("$share/g/t", Qos::AtLeastOnce);
        let mut publisher = Client::v5(broker.unprotected, "publisher");
        publisher.publish("t", 1, format!("{round}").as_bytes());
        assert_eq!(publisher.receive().puback().packet_id, 1);
        assert_eq!(leaves.receive().publish().qos, Qos::AtLeastOnce);
        drop(leaves);
        assert_eq!(
            stays.receive().publish().payload,
            format!("{round}").as_bytes()
        );
    }
}

#[test]
fn silent_connections_on_the_tls_port_block_nobody() {
    let (certificate, server) = tls::certificate();
    let broker = TestBroker::with_tls(Config::default(), Some(server));
    let address = broker.mqtts.unwrap();
    let silent: Vec<_> = (0..20)
        .map(|_| Client::open(address, Protocol::V5))
        .collect();
    tls::client(address, &certificate, "d").ping();
    drop(silent);
}

#[test]
fn aliased_topics_arrive_under_their_own_names() {
    let broker = TestBroker::start();
    let mut subscriber = Client::v5(broker.unprotected, "subscriber");
    subscriber.subscribe("a/#", Qos::AtMostOnce);
    let mut publisher = Client::v5(broker.unprotected, "publisher");
    for (alias, topic) in [(1, "a/one"), (2, "a/two")] {
        let alias = list(Property::TopicAlias(alias));
        publisher.publish_with(topic, 0, topic.as_bytes(), alias.as_properties());
    }
    for (alias, topic) in [(2, "a/two"), (1, "a/one")] {
        let alias = list(Property::TopicAlias(alias));
        publisher.publish_with("", 0, topic.as_bytes(), alias.as_properties());
    }
    for topic in ["a/one", "a/two", "a/two", "a/one"] {
        let received = subscriber.receive();
        let message = received.publish();
        assert_eq!((message.topic, message.payload), (topic, topic.as_bytes()));
    }
}

#[test]
fn an_empty_message_that_is_not_retained_is_a_message() {
    let broker = TestBroker::start();
    let mut publisher = Client::v5(broker.unprotected, "publisher");
    publisher.send(&Packet::Publish(mqtt::codec::Publish {
        duplicate: false,
        qos: Qos::AtLeastOnce,
        retain: true,
        topic: "t",
        packet_id: 1,
        properties: Properties::NONE,
        payload: b"kept",
    }));
    publisher.publish("t", 2, b"");
    for packet_id in [1, 2] {
        assert_eq!(publisher.receive().puback().packet_id, packet_id);
    }
    let mut subscriber = Client::v5(broker.unprotected, "subscriber");
    subscriber.subscribe("t", Qos::AtMostOnce);
    assert_eq!(subscriber.receive().publish().payload, b"kept");
    publisher.publish("t", 3, b"");
    assert_eq!(subscriber.receive().publish().payload, b"");
}
