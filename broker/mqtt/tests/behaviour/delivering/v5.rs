//! What only MQTT 5 has.

use mqtt::Config;
use mqtt::codec::{Packet, Property, PropertyList, Qos, ReasonCode};
use transport::Protocol;

use crate::harness::TestBroker;
use crate::harness::client::{Client, connect, list, offset_of, telemetry};

#[test]
fn a_topic_alias_stands_for_its_topic() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    let alias = list(Property::TopicAlias(1));
    client.publish_with(&telemetry("d"), 1, b"a", alias.as_properties());
    client.publish_with("", 2, b"b", alias.as_properties());
    assert!(!client.receive().puback().reason.is_failure());
    assert!(!client.receive().puback().reason.is_failure());
    // Set anew, to a topic that is not allowed.
    client.publish_with("devices/other/telemetry", 3, b"c", alias.as_properties());
    assert_eq!(client.receive().puback().reason, ReasonCode::NOT_AUTHORIZED);
    client.publish_with("", 4, b"d", alias.as_properties());
    assert_eq!(client.receive().puback().reason, ReasonCode::NOT_AUTHORIZED);
    let topics: Vec<_> = broker
        .sink
        .messages
        .lock()
        .iter()
        .map(|it| it.topic.clone())
        .collect();
    assert_eq!(topics, [telemetry("d"), telemetry("d")]);
}

#[test]
fn a_bad_alias_ends_the_connection() {
    let broker = TestBroker::with(Config {
        topic_aliases: 4,
        ..Config::default()
    });
    for (topic, alias, reason) in [
        (telemetry("d"), 0, ReasonCode::TOPIC_ALIAS_INVALID),
        (telemetry("d"), 5, ReasonCode::TOPIC_ALIAS_INVALID),
        (telemetry("d"), u16::MAX, ReasonCode::TOPIC_ALIAS_INVALID),
        (String::new(), 4, ReasonCode::PROTOCOL_ERROR),
    ] {
        let mut client = broker.device("d");
        client.publish_with(
            &topic,
            1,
            b"x",
            list(Property::TopicAlias(alias)).as_properties(),
        );
        client.expect_end(reason);
    }
}

#[test]
fn the_offset_is_left_out_where_no_problem_information_is_wanted() {
    let broker = TestBroker::start();
    let quiet = list(Property::RequestProblemInformation(0));
    let mut client = Client::connected(
        broker.mqtt,
        &mqtt::codec::Connect {
            properties: quiet.as_properties(),
            ..connect(Protocol::V5, "d")
        },
    );
    client.publish(&telemetry("d"), 1, b"x");
    let received = client.receive();
    assert!(received.puback().properties.is_empty());
    let mut other = broker.device("other");
    other.publish(&telemetry("other"), 1, b"x");
    assert!(offset_of(&other.receive().puback()).is_some());
}

#[test]
fn a_reason_string_says_what_was_wrong() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    client.send(&Packet::Connect(connect(Protocol::V5, "d")));
    let received = client.receive();
    let reason = received.disconnect().properties.iter().next();
    assert!(matches!(reason, Some(Property::ReasonString(text)) if text.contains("CONNECT")));
}

#[test]
fn a_disconnect_cannot_ask_for_an_expiry_that_was_not_granted() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    let expiry = list(Property::SessionExpiry(60));
    client.send(&Packet::Disconnect(mqtt::codec::Disconnect {
        reason: ReasonCode::SUCCESS,
        properties: expiry.as_properties(),
    }));
    client.expect_end(ReasonCode::PROTOCOL_ERROR);
}

#[test]
fn a_subscription_identifier_replaced_is_the_new_one() {
    let broker = TestBroker::start();
    let mut client = broker.device("d");
    for id in [7, 8] {
        let id = list(Property::SubscriptionId(id));
        let options = mqtt::codec::SubscribeOptions::qos(Qos::AtMostOnce);
        client.subscribe_with("open/#", options, id.as_properties());
    }
    broker.publish("open/x", "x");
    let received = client.receive();
    let ids = PropertyList::default().with(Property::SubscriptionId(8));
    assert_eq!(received.publish().properties, ids.as_properties());
}
