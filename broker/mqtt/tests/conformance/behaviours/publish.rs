//! What a message carries from its publisher to its subscribers.

use mqtt::codec::{Property, PropertyList, Publish, Qos, kind};
use transport::Protocol;

use crate::client::Client;
use crate::fault::{Fault, Way};
use crate::packet::{Received, message};
use crate::proof::prove;
use crate::server::Server;
use crate::{Outcome, ensure};

pub(crate) const EACH_QOS: [Qos; 3] = [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce];

/// 4.3: each delivery protocol, from a publisher and to a subscriber.
pub(crate) fn each_qos(protocol: Protocol) {
    prove(
        protocol,
        each_qos_behaviour,
        [
            Fault::publish(
                "QoS 2 is delivered as 1",
                "arrives with AtLeastOnce",
                Way::ToClient,
                |publish| {
                    if publish.qos == Qos::ExactlyOnce {
                        publish.qos = Qos::AtLeastOnce;
                    }
                },
            ),
            Fault::swallow(
                "PUBREL is not answered",
                "a PUBCOMP does not come",
                Way::ToBroker,
                kind::PUBREL,
            ),
            Fault::swallow(
                "QoS 1 is not acknowledged",
                "a PUBACK does not come",
                Way::ToClient,
                kind::PUBACK,
            ),
            Fault::swallow(
                "QoS 2 is delivered and never released",
                "a PUBREL does not come",
                Way::ToClient,
                kind::PUBREL,
            ),
            Fault::repeat(
                "a message of QoS 2 comes twice",
                "each came once",
                Way::ToClient,
                kind::PUBLISH,
            )
            .nth(3),
        ],
    );
}

pub(crate) fn each_qos_behaviour(server: &Server) -> Outcome {
    let filter = [("plain/+", Qos::ExactlyOnce)];
    let mut subscriber = Client::subscriber(server, "subscriber", &filter)?;
    let mut publisher = Client::subscriber(server, "publisher", &[])?;
    for (qos, payload) in EACH_QOS.into_iter().zip(["0", "1", "2"]) {
        publisher.publish(message("plain/topic", payload, qos))?;
        let received = subscriber.expect_message(payload)?;
        let publish = received.publish();
        let arrived = publish.qos;
        ensure!(
            arrived == qos,
            "a message of {qos:?} arrives with {arrived:?}"
        );
        ensure!(!publish.retain, "a live message arrives as retained");
        ensure!(
            publish.topic == "plain/topic",
            "the topic {:?}",
            publish.topic
        );
        if qos == Qos::ExactlyOnce {
            let id = publish.packet_id;
            subscriber.wait_for_release(id)?;
        }
    }
    subscriber.expect_no_message("each came once")
}

/// Publishes one message of each QoS with the properties, and looks at what
/// arrives.
fn carried(
    server: &Server,
    properties: &PropertyList,
    look: impl Fn(&Received) -> Outcome,
) -> Outcome {
    let filter = [("carried", Qos::ExactlyOnce)];
    let mut subscriber = Client::subscriber(server, "subscriber", &filter)?;
    let mut publisher = Client::subscriber(server, "publisher", &[])?;
    for (qos, payload) in EACH_QOS.into_iter().zip(["0", "1", "2"]) {
        publisher.publish(Publish {
            properties: properties.as_properties(),
            ..message("carried", payload, qos)
        })?;
        let received = subscriber.expect_message(payload)?;
        look(&received).map_err(|said| format!("{said} in a message of {qos:?}"))?;
    }
    Ok(())
}

/// The user properties of a message, in their order.
pub(crate) fn user_properties_of(received: &Received) -> Vec<(String, String)> {
    let properties = received.publish().properties;
    properties
        .iter()
        .filter_map(|property| match property {
            Property::User(name, value) => Some((name.to_owned(), value.to_owned())),
            _ => None,
        })
        .collect()
}

/// 5: [MQTT-3.3.2-17] and [MQTT-3.3.2-18]: user properties are passed on, all
/// and in their order.
pub(crate) fn user_properties() {
    let sent = [("a", "2"), ("c", "3"), ("a", "1")];
    prove(
        Protocol::V5,
        move |server| {
            let mut list = PropertyList::default();
            for (name, value) in sent {
                list.push(Property::User(name, value));
            }
            carried(server, &list, |received| {
                let arrived = user_properties_of(received);
                let same = arrived
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .eq(sent);
                ensure!(same, "the user properties are {arrived:?}");
                Ok(())
            })
        },
        [
            Fault::properties(
                "one of them gets lost",
                "the user properties are [(\"a\", \"2\"), (\"a\", \"1\")]",
                Way::ToClient,
                kind::PUBLISH,
                |property| match property {
                    Property::User("c", _) => None,
                    other => Some(other),
                },
            ),
            Fault::properties(
                "two of them change places, in QoS 2 alone",
                "in a message of ExactlyOnce",
                Way::ToBroker,
                kind::PUBLISH,
                |property| match property {
                    Property::User("a", "2") => Some(Property::User("a", "1")),
                    Property::User("a", "1") => Some(Property::User("a", "2")),
                    other => Some(other),
                },
            )
            .nth(3),
        ],
    );
}

/// 5: [MQTT-3.3.2-4] and [MQTT-3.3.2-20]: payload format indicator and content
/// type are passed on as they are.
pub(crate) fn payload_format() {
    prove(
        Protocol::V5,
        |server| {
            let list = PropertyList::default()
                .with(Property::PayloadFormat(1))
                .with(Property::ContentType("text/측정"));
            carried(server, &list, |received| {
                let format = received.property(|property| match property {
                    Property::PayloadFormat(format) => Some(format),
                    _ => None,
                });
                ensure!(format == Some(1), "the payload format is {format:?}");
                let content = received.property(|property| match property {
                    Property::ContentType(content) => Some(content.to_owned()),
                    _ => None,
                });
                let content = content.as_deref();
                ensure!(
                    content == Some("text/측정"),
                    "the content type is {content:?}"
                );
                Ok(())
            })
        },
        [
            Fault::properties(
                "the payload format gets lost",
                "the payload format is None",
                Way::ToClient,
                kind::PUBLISH,
                |property| match property {
                    Property::PayloadFormat(_) => None,
                    other => Some(other),
                },
            ),
            Fault::properties(
                "the content type gets lost in QoS 1 alone",
                "the content type is None in a message of AtLeastOnce",
                Way::ToBroker,
                kind::PUBLISH,
                |property| match property {
                    Property::ContentType(_) => None,
                    other => Some(other),
                },
            )
            .nth(2),
        ],
    );
}

/// 5: 4.10, [MQTT-3.3.2-15] and [MQTT-3.3.2-16]: a request carries its response
/// topic and correlation data to who answers, and the answer carries the latter
/// back.
pub(crate) fn request_and_response() {
    prove(
        Protocol::V5,
        |server| {
            let answers = [("answers/asker", Qos::AtLeastOnce)];
            let mut asker = Client::subscriber(server, "asker", &answers)?;
            let questions = [("questions", Qos::AtLeastOnce)];
            let mut answerer = Client::subscriber(server, "answerer", &questions)?;
            let list = PropertyList::default()
                .with(Property::ResponseTopic("answers/asker"))
                .with(Property::CorrelationData(b"334"));
            asker.publish(Publish {
                properties: list.as_properties(),
                ..message("questions", "how deep?", Qos::AtLeastOnce)
            })?;
            let question = answerer.expect_message("how deep?")?;
            let back = question.property(|property| match property {
                Property::ResponseTopic(topic) => Some(topic.to_owned()),
                _ => None,
            });
            let back = back.ok_or("the question has no response topic")?;
            let correlation = correlation_of(&question);
            let correlation = correlation.ok_or("the question has no correlation data")?;
            let list = PropertyList::default().with(Property::CorrelationData(&correlation));
            answerer.publish(Publish {
                properties: list.as_properties(),
                ..message(&back, "3 m", Qos::AtLeastOnce)
            })?;
            let answer = correlation_of(&asker.expect_message("3 m")?);
            let expected = answer.as_deref() == Some(b"334");
            ensure!(expected, "the answer correlates with {answer:?}");
            Ok(())
        },
        [
            Fault::properties(
                "the response topic gets lost",
                "the question has no response topic",
                Way::ToClient,
                kind::PUBLISH,
                |property| match property {
                    Property::ResponseTopic(_) => None,
                    other => Some(other),
                },
            ),
            Fault::properties(
                "the correlation data get lost",
                "the question has no correlation data",
                Way::ToBroker,
                kind::PUBLISH,
                |property| match property {
                    Property::CorrelationData(_) => None,
                    other => Some(other),
                },
            ),
            Fault::properties(
                "the answer's correlation data are others",
                "the answer correlates with Some([48])",
                Way::ToClient,
                kind::PUBLISH,
                |property| match property {
                    Property::CorrelationData(_) => Some(Property::CorrelationData(b"0")),
                    other => Some(other),
                },
            )
            .nth(2),
        ],
    );
}

fn correlation_of(received: &Received) -> Option<Vec<u8>> {
    received.property(|property| match property {
        Property::CorrelationData(data) => Some(data.to_vec()),
        _ => None,
    })
}
