//! Properties in floods, twice, unknown, or of another packet.

use mqtt::codec::{
    FilterList, Packet, Property, PropertyList, Qos, ReasonCode, Subscribe, SubscribeOptions,
};

use super::raw::packet;
use crate::harness::TestBroker;
use crate::harness::client::telemetry;

#[test]
fn a_flood_of_user_properties() {
    let broker = TestBroker::start();
    let mut list = PropertyList::default();
    for _ in 0..5_000 {
        list.push(Property::User("a", "b"));
    }
    let mut client = broker.device("d");
    client.publish_with(&telemetry("d"), 1, b"x", list.as_properties());
    client.expect_end(ReasonCode::PROTOCOL_ERROR);
}

#[test]
fn properties_that_are_twice_unknown_or_elsewhere() {
    let broker = TestBroker::start();
    let twice = PropertyList::default()
        .with(Property::ContentType("a"))
        .with(Property::ContentType("b"));
    let elsewhere = PropertyList::default().with(Property::ReceiveMaximum(3));
    let from_a_client = PropertyList::default().with(Property::SubscriptionId(3));
    for list in [twice, elsewhere, from_a_client] {
        let mut client = broker.device("d");
        client.publish_with(&telemetry("d"), 1, b"x", list.as_properties());
        client.expect_end(ReasonCode::PROTOCOL_ERROR);
    }
    let mut client = broker.device("d");
    client.send_bytes(&packet(0x30, b"\x00\x01a\x02\x7F\x00"));
    client.expect_end(ReasonCode::MALFORMED_PACKET);
}

#[test]
fn subscription_identifiers_out_of_range_or_twice() {
    let broker = TestBroker::start();
    let zero = PropertyList::default().with(Property::SubscriptionId(0));
    let mut twice = PropertyList::default();
    for id in 1..50 {
        twice.push(Property::SubscriptionId(id));
    }
    for list in [zero, twice] {
        let mut client = broker.device("d");
        let filters = FilterList::default().with("open/#", SubscribeOptions::qos(Qos::AtMostOnce));
        client.send(&Packet::Subscribe(Subscribe::new(
            1,
            list.as_properties(),
            &filters,
        )));
        client.expect_end(ReasonCode::PROTOCOL_ERROR);
    }
}
