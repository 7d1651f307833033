//! Limits that the two sides of MQTT 5 tell each other: receive maximum
//! (4.9) and maximum packet size (3.1.2.11.4, 3.2.2.3.6).

use mqtt::codec::{Packet, Property, Publish, Qos, ReasonCode, kind};
use transport::Protocol;

use crate::client::{Answers, Client};
use crate::fault::{Fault, Way};
use crate::login::Login;
use crate::packet::{ack, message};
use crate::proof::prove;
use crate::server::Server;
use crate::{Outcome, ensure};

/// [MQTT-3.3.4-9], 4.9: never more unacknowledged messages towards a client
/// than its receive maximum.
pub(crate) fn client_receive_maximum() {
    prove(
        Protocol::V5,
        client_receive_maximum_behaviour,
        [
            Fault::properties(
                "the client's receive maximum is not seen",
                "\"3\" comes, but two are unacknowledged",
                Way::ToBroker,
                kind::CONNECT,
                |property| match property {
                    Property::ReceiveMaximum(_) => None,
                    other => Some(other),
                },
            ),
            Fault::swallow(
                "an acknowledgement makes no room",
                "the message \"3\" does not come",
                Way::ToBroker,
                kind::PUBACK,
            ),
        ],
    );
}

fn client_receive_maximum_behaviour(server: &Server) -> Outcome {
    let login = Login::clean("narrow").with(Property::ReceiveMaximum(2));
    let mut narrow = Client::connect(server, &login)?;
    narrow.subscribe("flow", Qos::AtLeastOnce)?;
    narrow.answers = Answers::Silent;
    let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
    for payload in ["1", "2", "3"] {
        publisher.publish(message("flow", payload, Qos::AtLeastOnce))?;
    }
    let first = narrow.expect_message("1")?.publish().packet_id;
    let second = narrow.expect_message("2")?.publish().packet_id;
    narrow.expect_no_message("two are unacknowledged")?;
    narrow.send(&Packet::PubAck(ack(first)))?;
    let third = narrow.expect_message("3")?.publish().packet_id;
    narrow.send(&Packet::PubAck(ack(second)))?;
    narrow.send(&Packet::PubAck(ack(third)))?;
    narrow.expect_no_message("all have come")
}

/// 3.3.4, 4.13: who sends more unreleased messages than the
/// broker takes is disconnected with 0x93, and reads so although it still
/// writes.
pub(crate) fn server_receive_maximum() {
    prove(
        Protocol::V5,
        server_receive_maximum_behaviour,
        [
            Fault::properties(
                "the broker's receive maximum is larger than it tells",
                "a DISCONNECT for the flood does not come",
                Way::ToClient,
                kind::CONNACK,
                |property| match property {
                    Property::ReceiveMaximum(_) => Some(Property::ReceiveMaximum(10)),
                    other => Some(other),
                },
            ),
            Fault::properties(
                "the broker does not tell its receive maximum",
                "the broker tells no receive maximum",
                Way::ToClient,
                kind::CONNACK,
                |property| match property {
                    Property::ReceiveMaximum(_) => None,
                    other => Some(other),
                },
            ),
            Fault::swallow(
                "the connection ends without a reason",
                "a DISCONNECT for the flood does not come",
                Way::ToClient,
                kind::DISCONNECT,
            ),
        ],
    );
}

fn server_receive_maximum_behaviour(server: &Server) -> Outcome {
    let mut flood = Client::connect(server, &Login::clean("flood"))?;
    flood.answers = Answers::Silent;
    let mut properties = flood.connack().properties.iter();
    let maximum = properties.find_map(|property| match property {
        Property::ReceiveMaximum(maximum) => Some(maximum),
        _ => None,
    });
    drop(properties);
    let maximum = maximum.ok_or("the broker tells no receive maximum")?;
    for _ in 0..=maximum {
        flood.send_message(message("flood", "?", Qos::ExactlyOnce))?;
    }
    flood.expect_end("for the flood", &[ReasonCode::RECEIVE_MAXIMUM_EXCEEDED])
}

/// [MQTT-3.1.2-24] and [MQTT-3.1.2-25]: what is larger than the client takes is
/// not sent to it, and treated as if it had been.
pub(crate) fn client_packet_size() {
    const LARGEST: u32 = 64;
    prove(
        Protocol::V5,
        |server| {
            let login = Login::clean("small").with(Property::MaximumPacketSize(LARGEST));
            let mut small = Client::connect(server, &login)?;
            small.subscribe("size", Qos::AtLeastOnce)?;
            let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
            let (fits, large) = (".".repeat(32), "*".repeat(64));
            for payload in [&fits, &large, &fits] {
                publisher.publish(message("size", payload, Qos::AtLeastOnce))?;
            }
            small.expect_message(&fits)?;
            small.expect_message(&fits)?;
            small.expect_no_message("two of the three are small enough")
        },
        [
            Fault::properties(
                "the client's maximum is not seen",
                "comes instead of",
                Way::ToBroker,
                kind::CONNECT,
                |property| match property {
                    Property::MaximumPacketSize(_) => None,
                    other => Some(other),
                },
            ),
            Fault::properties(
                "the client's maximum is taken for a smaller one",
                "does not come",
                Way::ToBroker,
                kind::CONNECT,
                |property| match property {
                    Property::MaximumPacketSize(_) => Some(Property::MaximumPacketSize(32)),
                    other => Some(other),
                },
            ),
        ],
    );
}

/// [MQTT-3.2.2-15]: what the broker said is too large is refused with 0x95, and
/// what is just as large is not.
pub(crate) fn server_packet_size() {
    prove(
        Protocol::V5,
        server_packet_size_behaviour,
        [
            Fault::publish(
                "the broker's maximum is not enforced",
                "a DISCONNECT for the size does not come",
                Way::ToBroker,
                |publish| publish.payload = b"small",
            )
            .nth(2),
            Fault::properties(
                "the broker does not tell its maximum",
                "the broker tells no maximum packet size",
                Way::ToClient,
                kind::CONNACK,
                |property| match property {
                    Property::MaximumPacketSize(_) => None,
                    other => Some(other),
                },
            ),
            Fault::swallow(
                "the connection ends without a reason",
                "a DISCONNECT for the size does not come",
                Way::ToClient,
                kind::DISCONNECT,
            ),
        ],
    );
}

fn server_packet_size_behaviour(server: &Server) -> Outcome {
    let mut client = Client::connect(server, &Login::clean("large"))?;
    let mut properties = client.connack().properties.iter();
    let largest = properties.find_map(|property| match property {
        Property::MaximumPacketSize(bytes) => usize::try_from(bytes).ok(),
        _ => None,
    });
    drop(properties);
    let largest = largest.ok_or("the broker tells no maximum packet size")?;
    // Fixed header of 4 bytes (for lengths of 16 KiB and more), topic of 2 + 4,
    // packet identifier of 2, no properties in 1.
    let around = 4 + 6 + 2 + 1;
    ensure!(
        largest > 16 * 1024,
        "a maximum of {largest} bytes is not foreseen here"
    );
    let payload = vec![b'.'; largest - around + 1];
    let sized = |bytes: usize| Publish {
        payload: &payload[..bytes],
        ..message("size", "", Qos::AtLeastOnce)
    };
    client.publish(sized(largest - around))?;
    // The broker may close before it was all written.
    let _ = client.send_message(sized(largest - around + 1));
    client.expect_end("for the size", &[ReasonCode::PACKET_TOO_LARGE])
}
