//! Retained messages, 3.3.1.3.

use mqtt::codec::{Property, PropertyList, Publish, Qos, kind};
use transport::Protocol;

use crate::behaviours::publish::{EACH_QOS, user_properties_of};
use crate::client::Client;
use crate::fault::{Fault, Way};
use crate::login::Login;
use crate::packet::message;
use crate::proof::prove;
use crate::server::Server;
use crate::{Outcome, ensure};

const TOPICS: [&str; 3] = ["keep/0", "keep/1", "keep/2"];

/// [MQTT-3.3.1-5], [MQTT-3.3.1-6], [MQTT-3.3.1-8]: the last retained message of
/// each topic comes to a later subscriber, as retained, with its QoS and, in 5,
/// its properties.
pub(crate) fn replayed(protocol: Protocol) {
    let mut faults = vec![
        Fault::publish(
            "what was retained comes as a live message",
            "keep/0 does not come as retained",
            Way::ToClient,
            |publish| publish.retain = false,
        ),
        Fault::publish(
            "what should be retained is not",
            "a retained message of keep/+ does not come",
            Way::ToBroker,
            |publish| publish.retain = false,
        ),
        Fault::publish(
            "all is retained with QoS 1",
            "with AtLeastOnce",
            Way::ToClient,
            |publish| {
                if publish.qos == Qos::ExactlyOnce {
                    publish.qos = Qos::AtLeastOnce;
                }
            },
        ),
        Fault::repeat(
            "an older message is retained beside the last one",
            "each topic has one retained message",
            Way::ToClient,
            kind::PUBLISH,
        )
        .nth(3),
    ];
    if protocol == Protocol::V5 {
        faults.push(
            Fault::properties(
                "the user properties are not retained",
                "keep/1 has the properties []",
                Way::ToBroker,
                kind::PUBLISH,
                |property| match property {
                    Property::User(..) => None,
                    other => Some(other),
                },
            )
            .nth(3),
        );
    }
    prove(protocol, replayed_behaviour, faults);
}

/// Retains an older and then the last message of each topic, QoS 0, 1 and 2.
fn retain(server: &Server, publisher: &mut Client) -> Outcome {
    let list = PropertyList::default()
        .with(Property::User("a", "2"))
        .with(Property::User("c", "3"));
    publisher.publish(Publish {
        retain: true,
        ..message(TOPICS[0], "an older one", Qos::AtLeastOnce)
    })?;
    for (qos, topic) in EACH_QOS.into_iter().zip(TOPICS) {
        publisher.publish(Publish {
            retain: true,
            properties: match server.protocol {
                Protocol::V5 => list.as_properties(),
                Protocol::V311 => Default::default(),
            },
            ..message(topic, topic, qos)
        })?;
    }
    publisher.ping()
}

fn replayed_behaviour(server: &Server) -> Outcome {
    let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
    retain(server, &mut publisher)?;
    let filter = [("keep/+", Qos::ExactlyOnce)];
    let mut late = Client::subscriber(server, "late", &filter)?;
    let mut came = Vec::new();
    for _ in TOPICS {
        came.push(late.next_message("a retained message of keep/+")?);
    }
    came.sort_by_key(|received| received.publish().topic.to_owned());
    for ((received, qos), topic) in came.iter().zip(EACH_QOS).zip(TOPICS) {
        let publish = received.publish();
        ensure!(
            publish.topic == topic,
            "{} comes for {topic}",
            publish.topic
        );
        let payload = received.payload();
        ensure!(payload == topic, "{topic} has retained {payload:?}");
        ensure!(publish.retain, "{topic} does not come as retained");
        let arrived = publish.qos;
        ensure!(arrived == qos, "{topic} comes with {arrived:?}");
        if server.protocol == Protocol::V5 {
            let properties = user_properties_of(received);
            let expected = [("a", "2"), ("c", "3")].map(|(a, b)| (a.to_owned(), b.to_owned()));
            ensure!(
                properties == expected,
                "{topic} has the properties {properties:?}"
            );
        }
    }
    late.expect_no_message("each topic has one retained message")
}

/// [MQTT-3.3.1-6] and [MQTT-3.3.1-7]; 3.1.1: [MQTT-3.3.1-10] and
/// [MQTT-3.3.1-11]: an empty payload removes what is retained, is itself not
/// retained, and is passed on to who is there.
pub(crate) fn removed(protocol: Protocol) {
    prove(
        protocol,
        removed_behaviour,
        [
            Fault::publish(
                "an empty payload is retained like others",
                "\".\" comes, but nothing is retained",
                Way::ToBroker,
                |publish| {
                    if publish.topic == TOPICS[1] && publish.payload.is_empty() {
                        publish.payload = b".";
                    }
                },
            ),
            Fault::publish(
                "an empty payload removes nothing",
                "\"keep/2\" comes, but nothing is retained",
                Way::ToBroker,
                |publish| {
                    publish.retain &= !publish.payload.is_empty() || publish.topic != TOPICS[2];
                },
            ),
            Fault::swallow(
                "an empty payload is not passed on",
                "the message \"\" does not come",
                Way::ToClient,
                kind::PUBLISH,
            )
            .nth(4),
        ],
    );
}

fn removed_behaviour(server: &Server) -> Outcome {
    let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
    retain(server, &mut publisher)?;
    let filter = [("keep/+", Qos::ExactlyOnce)];
    let mut present = Client::subscriber(server, "present", &filter)?;
    for _ in TOPICS {
        present.next_message("a retained message")?;
    }
    for (qos, topic) in EACH_QOS.into_iter().zip(TOPICS) {
        publisher.publish(Publish {
            retain: true,
            ..message(topic, "", qos)
        })?;
        let received = present.next_message("the message \"\"")?;
        let payload = received.payload();
        // What a faulty way makes of it is for the later subscriber to see.
        ensure!(payload.len() <= 1, "{payload:?} comes for a removal");
    }
    let mut late = Client::subscriber(server, "late", &filter)?;
    late.expect_no_message("nothing is retained")
}
