//! Topic aliases of MQTT 5, 3.3.2.3.4, in both directions.

use mqtt::codec::{ConnAck, Packet, Property, PropertyList, Publish, Qos, ReasonCode, kind};
use transport::Protocol;

use crate::behaviours::publish::EACH_QOS;
use crate::client::Client;
use crate::fault::{Fault, Way};
use crate::login::Login;
use crate::packet::{Received, message};
use crate::proof::prove;
use crate::server::Server;
use crate::{Outcome, ensure};

fn alias_maximum(connack: &ConnAck<'_>) -> u16 {
    let mut properties = connack.properties.iter();
    let told = properties.find_map(|property| match property {
        Property::TopicAliasMaximum(maximum) => Some(maximum),
        _ => None,
    });
    told.unwrap_or(0)
}

/// Sends a message with an alias, QoS 1, and does not wait.
fn send_alias(client: &mut Client, topic: &str, payload: &str, alias: u16) -> Outcome {
    let list = PropertyList::default().with(Property::TopicAlias(alias));
    let publish = Publish {
        properties: list.as_properties(),
        ..message(topic, payload, Qos::AtLeastOnce)
    };
    client.send_message(publish).map(|_| ())
}

/// [MQTT-3.3.2-8] and [MQTT-3.3.2-9]: no alias of 0, and none above the
/// broker's maximum.
pub(crate) fn refused_aliases() {
    let with_alias = |alias: u16| {
        move |property: Property<'_>| match property {
            Property::TopicAlias(_) => Some(alias),
            _ => None,
        }
    };
    let allowed = move |packet: &Packet<'_>, exit: &mut crate::fault::Exit| {
        if let Packet::Publish(publish) = packet {
            let found = publish.properties.iter().find_map(with_alias(1));
            let list = PropertyList::default().with(Property::TopicAlias(found.unwrap_or(1)));
            exit.pass(&Packet::Publish(Publish {
                properties: list.as_properties(),
                ..publish.clone()
            }));
        }
    };
    let name = "an alias that may not be is taken for 1";
    let unseen = "a DISCONNECT for the alias does not come";
    prove(
        Protocol::V5,
        |server| {
            let mut zero = Client::connect(server, &Login::clean("zero"))?;
            let above = alias_maximum(&zero.connack()) + 1;
            send_alias(&mut zero, "some/topic", "0", 0)?;
            zero.expect_end("for the alias", &[ReasonCode::TOPIC_ALIAS_INVALID])?;
            let mut high = Client::connect(server, &Login::clean("high"))?;
            send_alias(&mut high, "some/topic", "high", above)?;
            high.expect_end("for the alias", &[ReasonCode::TOPIC_ALIAS_INVALID])
        },
        [
            Fault::change(name, unseen, Way::ToBroker, kind::PUBLISH, allowed).nth(1),
            Fault::change(name, unseen, Way::ToBroker, kind::PUBLISH, allowed).nth(2),
            Fault::change(
                "the DISCONNECT has another reason",
                "a DISCONNECT for the alias has the reason 0x80",
                Way::ToClient,
                kind::DISCONNECT,
                |packet, exit| {
                    if let Packet::Disconnect(disconnect) = packet {
                        let mut disconnect = disconnect.clone();
                        disconnect.reason = ReasonCode::UNSPECIFIED_ERROR;
                        exit.pass(&Packet::Disconnect(disconnect));
                    }
                },
            ),
        ],
    );
}

/// A client's alias stands for its topic until the connection ends
/// ([MQTT-3.3.2-7]), and no longer.
pub(crate) fn client_alias() {
    prove(
        Protocol::V5,
        client_alias_behaviour,
        [
            Fault::connack(
                "the broker takes no aliases",
                "the broker takes no aliases",
                |connack| connack.properties = Default::default(),
            ),
            Fault::publish(
                "an alias stands for another topic",
                "the message \"two\" does not come",
                Way::ToBroker,
                |publish| publish.topic = "another/topic",
            )
            .nth(2),
            Fault::publish(
                "the alias outlives its connection",
                "a DISCONNECT for the unknown alias does not come",
                Way::ToBroker,
                |publish| publish.topic = "aliased/topic",
            )
            .nth(3),
        ],
    );
}

fn client_alias_behaviour(server: &Server) -> Outcome {
    let filter = [("aliased/+", Qos::AtLeastOnce)];
    let mut subscriber = Client::subscriber(server, "subscriber", &filter)?;
    let mut publisher = Client::connect(server, &Login::kept("publisher"))?;
    let maximum = alias_maximum(&publisher.connack());
    ensure!(maximum > 0, "the broker takes no aliases");
    send_alias(&mut publisher, "aliased/topic", "one", maximum)?;
    subscriber.expect_message("one")?;
    send_alias(&mut publisher, "", "two", maximum)?;
    let received = subscriber.expect_message("two")?;
    let publish = received.publish();
    ensure!(
        publish.topic == "aliased/topic",
        "the topic is {:?}",
        publish.topic
    );
    ensure!(
        alias_of(&received).is_none(),
        "a client's alias is passed on"
    );
    publisher.ping()?;
    publisher.disconnect()?;
    let mut publisher = Client::connect(server, &Login::kept("publisher"))?;
    publisher.expect_session(true)?;
    send_alias(&mut publisher, "", "three", maximum)?;
    let reasons = [ReasonCode::TOPIC_ALIAS_INVALID, ReasonCode::PROTOCOL_ERROR];
    publisher.expect_end("for the unknown alias", &reasons)
}

fn alias_of(received: &Received) -> Option<u16> {
    received.property(|property| match property {
        Property::TopicAlias(alias) => Some(alias),
        _ => None,
    })
}

/// [MQTT-3.1.2-26] and [MQTT-3.1.2-27]: the broker sets aliases only for a
/// client that takes them, and no more than it takes. That it uses them where
/// it may is its own promise.
pub(crate) fn server_alias() {
    let give_maximum = |packet: &Packet<'_>, exit: &mut crate::fault::Exit| {
        if let Packet::Connect(connect) = packet {
            let list = PropertyList::default().with(Property::TopicAliasMaximum(9));
            let mut connect = connect.clone();
            connect.properties = list.as_properties();
            exit.pass(&Packet::Connect(connect));
        }
    };
    prove(
        Protocol::V5,
        server_alias_behaviour,
        [
            Fault::properties(
                "the first message sets no alias",
                "the first message has the alias None",
                Way::ToClient,
                kind::PUBLISH,
                |property| match property {
                    Property::TopicAlias(_) => None,
                    other => Some(other),
                },
            )
            .nth(1),
            Fault::properties(
                "an alias is used that was not set",
                "the alias Some(7) is used and not 1",
                Way::ToClient,
                kind::PUBLISH,
                |property| match property {
                    Property::TopicAlias(_) => Some(Property::TopicAlias(7)),
                    other => Some(other),
                },
            )
            .nth(3),
            Fault::change(
                "more aliases are set than the client takes",
                "the alias Some(2) is set and the client takes one",
                Way::ToBroker,
                kind::CONNECT,
                give_maximum,
            )
            .nth(1),
            Fault::change(
                "a client without a maximum is sent aliases",
                "is sent an alias and takes none",
                Way::ToBroker,
                kind::CONNECT,
                give_maximum,
            )
            .nth(3),
        ],
    );
}

fn server_alias_behaviour(server: &Server) -> Outcome {
    let login = Login::clean("one").with(Property::TopicAliasMaximum(1));
    let mut one = Client::connect(server, &login)?;
    one.subscribe("deep/#", Qos::ExactlyOnce)?;
    let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
    for (qos, payload) in EACH_QOS.into_iter().zip(["0", "1", "2"]) {
        publisher.publish(message("deep/in/a/topic", payload, qos))?;
        let received = one.expect_message(payload)?;
        let (topic, alias) = (received.publish().topic.to_owned(), alias_of(&received));
        if payload == "0" {
            ensure!(
                topic == "deep/in/a/topic",
                "the topic {topic:?} with a new alias"
            );
            ensure!(
                alias == Some(1),
                "the first message has the alias {alias:?}"
            );
        } else {
            ensure!(
                topic.is_empty(),
                "the topic {topic:?} where its alias is known"
            );
            ensure!(alias == Some(1), "the alias {alias:?} is used and not 1");
        }
    }
    publisher.publish(message("deep/in/another", "other", Qos::AtLeastOnce))?;
    let other = alias_of(&one.expect_message("other")?);
    let allowed = matches!(other, None | Some(1));
    ensure!(
        allowed,
        "the alias {other:?} is set and the client takes one"
    );

    let filter = [("deep/#", Qos::ExactlyOnce)];
    let mut none = Client::subscriber(server, "none", &filter)?;
    for (qos, payload) in EACH_QOS.into_iter().zip(["0", "1", "2"]) {
        publisher.publish(message("deep/in/a/topic", payload, qos))?;
        let received = none.expect_message(payload)?;
        ensure!(
            alias_of(&received).is_none(),
            "a client is sent an alias and takes none"
        );
    }
    Ok(())
}
