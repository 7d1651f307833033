//! Packets as bytes, for what no encoder writes.

use mqtt::codec::ReasonCode;
use transport::Protocol;

use crate::harness::TestBroker;
use crate::harness::client::{Client, connect};

pub(super) fn both(broker: &TestBroker, reason: ReasonCode, bytes: impl Fn(Protocol) -> Vec<u8>) {
    for protocol in [Protocol::V311, Protocol::V5] {
        let mut client = Client::connected(broker.mqtt, &connect(protocol, "hostile"));
        client.try_send_bytes(&bytes(protocol));
        client.expect_end(reason);
    }
    broker.device("bystander").ping();
}

/// A packet whose length is right.
pub(super) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    while length > 127 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend_from_slice(body);
    bytes
}

/// The body of a PUBLISH of QoS 0.
pub(super) fn message(protocol: Protocol, topic: &[u8]) -> Vec<u8> {
    let mut body = (topic.len() as u16).to_be_bytes().to_vec();
    body.extend_from_slice(topic);
    if protocol == Protocol::V5 {
        body.push(0);
    }
    body
}
