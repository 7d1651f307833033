//! SUBSCRIBE and UNSUBSCRIBE.

use mqtt::codec::{
    Packet, Properties, Property, PropertyList, Qos, SubAck, SubscribeOptions, UnsubAck, kind,
};
use transport::Protocol;

use crate::client::Client;
use crate::fault::{Fault, Way};
use crate::login::Login;
use crate::packet::message;
use crate::proof::prove;
use crate::server::{CLOSED_FILTER, Server};
use crate::{Outcome, ensure};

/// 3.3.5: where several subscriptions of a client match, it gets one message
/// with the highest QoS, or one for each with its own; here it is one.
pub(crate) fn overlapping(protocol: Protocol) {
    prove(
        protocol,
        |server| {
            let filters = [("over/#", Qos::ExactlyOnce), ("over/+", Qos::AtLeastOnce)];
            let mut subscriber = Client::subscriber(server, "subscriber", &filters)?;
            let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
            publisher.publish(message("over/lapping", "once", Qos::ExactlyOnce))?;
            let qos = subscriber.expect_message("once")?.publish().qos;
            ensure!(qos == Qos::ExactlyOnce, "the highest QoS is {qos:?}");
            subscriber.expect_no_message("one message matches twice")
        },
        [
            Fault::publish(
                "the lowest QoS wins",
                "the highest QoS is AtLeastOnce",
                Way::ToClient,
                |publish| publish.qos = Qos::AtLeastOnce,
            ),
            Fault::repeat(
                "each subscription brings a copy with the highest QoS",
                "one message matches twice",
                Way::ToClient,
                kind::PUBLISH,
            ),
            Fault::filters(
                "the first subscription is taken for a narrower one",
                "the highest QoS is AtLeastOnce",
                |filter, options| match filter {
                    "over/#" => ("over", options),
                    other => (other, options),
                },
            ),
        ],
    );
}

/// [MQTT-3.9.3-2]: a filter that the client may not subscribe to is refused in
/// its place of the SUBACK, and the others stand.
pub(crate) fn refused_filter(protocol: Protocol) {
    prove(
        protocol,
        |server| {
            let mut client = Client::connect(server, &Login::clean("curious"))?;
            let options = SubscribeOptions::qos(Qos::ExactlyOnce);
            let filters = ["before", CLOSED_FILTER, "after"].map(|filter| (filter, options));
            let codes = client.try_subscribe(&filters, Properties::NONE)?;
            ensure!(codes == [2, 0x80, 2], "the codes are {codes:x?}");
            for topic in ["before", CLOSED_FILTER, "after"] {
                client.publish(message(topic, topic, Qos::AtLeastOnce))?;
            }
            client.expect_message("before")?;
            client.expect_message("after")?;
            client.expect_no_message("the filter was refused")
        },
        [
            Fault::change(
                "a refusal is told as a success",
                "the codes are [2, 2, 2]",
                Way::ToClient,
                kind::SUBACK,
                |packet, exit| {
                    if let Packet::SubAck(suback) = packet {
                        exit.pass(&Packet::SubAck(SubAck {
                            codes: &[2, 2, 2],
                            ..suback.clone()
                        }));
                    }
                },
            ),
            Fault::filters(
                "the closed filter is read as another",
                "the codes are [2, 2, 2]",
                |filter, options| match filter {
                    CLOSED_FILTER => ("open", options),
                    other => (other, options),
                },
            ),
            Fault::publish(
                "a message comes although its filter was refused",
                "comes instead of \"after\"",
                Way::ToBroker,
                |publish| {
                    if publish.topic == CLOSED_FILTER {
                        publish.topic = "before";
                    }
                },
            ),
        ],
    );
}

/// [MQTT-4.7.2-1]: a filter that begins with a wildcard does not match a topic
/// that begins with `$`.
pub(crate) fn dollar_topics(protocol: Protocol) {
    prove(
        protocol,
        |server| {
            let filter = [("#", Qos::AtLeastOnce)];
            let mut broad = Client::subscriber(server, "broad", &filter)?;
            let filter = [("+/dollar", Qos::AtLeastOnce)];
            let mut level = Client::subscriber(server, "level", &filter)?;
            let filter = [("$topic/+", Qos::AtLeastOnce)];
            let mut exact = Client::subscriber(server, "exact", &filter)?;
            let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
            publisher.publish(message("$topic/dollar", "hidden", Qos::AtLeastOnce))?;
            publisher.publish(message("topic/dollar", "plain", Qos::AtLeastOnce))?;
            exact.expect_message("hidden")?;
            for client in [&mut broad, &mut level] {
                client.expect_message("plain")?;
                client.expect_no_message("its filter begins with a wildcard")?;
            }
            exact.expect_no_message("its filter begins with $")
        },
        [
            Fault::filters(
                "a wildcard matches $ too",
                "\"hidden\" comes instead of \"plain\"",
                |filter, options| match filter {
                    "#" => ("$topic/#", options),
                    other => (other, options),
                },
            ),
            Fault::publish(
                "the $ of a topic is cut off",
                "the message \"hidden\" does not come",
                Way::ToBroker,
                |publish| publish.topic = publish.topic.trim_start_matches('$'),
            ),
        ],
    );
}

/// [MQTT-3.10.4-1] and [MQTT-3.10.4-2]: after UNSUBACK no new message comes for
/// the filter; the others go on.
pub(crate) fn unsubscribe(protocol: Protocol) {
    prove(
        protocol,
        |server| {
            let filters = ["un/1", "un/2", "un/3"].map(|filter| (filter, Qos::ExactlyOnce));
            let mut subscriber = Client::subscriber(server, "subscriber", &filters)?;
            subscriber.unsubscribe("un/1")?;
            let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
            for topic in ["un/1", "un/2", "un/3"] {
                publisher.publish(message(topic, topic, Qos::AtLeastOnce))?;
            }
            subscriber.expect_message("un/2")?;
            subscriber.expect_message("un/3")?;
            subscriber.expect_no_message("one of three was unsubscribed")
        },
        [
            Fault::change(
                "the UNSUBSCRIBE is acknowledged and forgotten",
                "\"un/1\" comes instead of \"un/2\"",
                Way::ToBroker,
                kind::UNSUBSCRIBE,
                |packet, exit| {
                    if let Packet::Unsubscribe(unsubscribe) = packet {
                        exit.answer(&Packet::UnsubAck(UnsubAck {
                            packet_id: unsubscribe.packet_id,
                            properties: Properties::NONE,
                            codes: &[0],
                        }));
                    }
                },
            ),
            Fault::swallow(
                "the UNSUBSCRIBE is not acknowledged",
                "an UNSUBACK does not come",
                Way::ToClient,
                kind::UNSUBACK,
            ),
            Fault::swallow(
                "another subscription goes with it",
                "\"un/3\" comes instead of \"un/2\"",
                Way::ToClient,
                kind::PUBLISH,
            )
            .nth(1),
        ],
    );
}

/// 5: [MQTT-3.3.4-3] to [MQTT-3.3.4-5]: a message carries the identifiers of
/// all subscriptions that it was sent for.
pub(crate) fn identifiers() {
    let other_id = |property: Property<'_>| match property {
        Property::SubscriptionId(3) => None,
        Property::SubscriptionId(id) => Some(id),
        _ => None,
    };
    prove(
        Protocol::V5,
        identifiers_behaviour,
        [
            Fault::change(
                "an identifier gets lost",
                "the identifiers are [2]",
                Way::ToClient,
                kind::PUBLISH,
                move |packet, exit| {
                    if let Packet::Publish(publish) = packet {
                        let mut list = PropertyList::default();
                        for id in publish.properties.iter().filter_map(other_id) {
                            list.push(Property::SubscriptionId(id));
                        }
                        let mut publish = publish.clone();
                        publish.properties = list.as_properties();
                        exit.pass(&Packet::Publish(publish));
                    }
                },
            ),
            Fault::repeat(
                "each subscription brings a copy",
                "one message matches twice",
                Way::ToClient,
                kind::PUBLISH,
            )
            .nth(2),
            Fault::properties(
                "an identifier of three bytes is cut to two",
                "the identifiers are [14421]",
                Way::ToClient,
                kind::PUBLISH,
                |property| match property {
                    Property::SubscriptionId(id) => Some(Property::SubscriptionId(id % 16_384)),
                    other => Some(other),
                },
            ),
        ],
    );
}

fn identifiers_behaviour(server: &Server) -> Outcome {
    let options = SubscribeOptions::qos(Qos::ExactlyOnce);
    let subscribe = |client: &mut Client, filter: &str, id: u32| {
        let list = PropertyList::default().with(Property::SubscriptionId(id));
        client.subscribe_with(filter, options, list.as_properties())
    };
    let mut one = Client::connect(server, &Login::clean("one"))?;
    subscribe(&mut one, "ids", 456_789)?;
    let mut two = Client::connect(server, &Login::clean("two"))?;
    subscribe(&mut two, "ids", 2)?;
    subscribe(&mut two, "ids/#", 3)?;
    two.publish(message("ids", "numbered", Qos::AtLeastOnce))?;
    for (client, expected) in [(&mut one, vec![456_789]), (&mut two, vec![2, 3])] {
        let received = client.expect_message("numbered")?;
        let mut ids: Vec<u32> = received
            .publish()
            .properties
            .iter()
            .filter_map(|property| match property {
                Property::SubscriptionId(id) => Some(id),
                _ => None,
            })
            .collect();
        ids.sort_unstable();
        ensure!(
            ids == expected,
            "the identifiers are {ids:?}, not {expected:?}"
        );
        client.expect_no_message("one message matches twice")?;
    }
    Ok(())
}

/// 5: 4.8.2, [MQTT-4.8.2-4]: each message of a shared subscription reaches one
/// of its members, and each of those without a share.
pub(crate) fn shared() {
    prove(
        Protocol::V5,
        shared_behaviour,
        [
            Fault::filters(
                "the share is not seen",
                "the members got",
                |filter, options| match filter.strip_prefix("$share/group/") {
                    Some(filter) => (filter, options),
                    None => (filter, options),
                },
            ),
            Fault::filters(
                "each member is in a group of its own",
                "the members got",
                |filter, options| match filter {
                    "$share/group/shared/+" => ("$share/other/shared/+", options),
                    other => (other, options),
                },
            )
            .nth(1),
            Fault::swallow(
                "a message reaches no member",
                "5 comes, and not number 4",
                Way::ToBroker,
                kind::PUBLISH,
            )
            .nth(5),
        ],
    );
}

fn shared_behaviour(server: &Server) -> Outcome {
    const MESSAGES: usize = 20;
    let filter = [("$share/group/shared/+", Qos::ExactlyOnce)];
    let mut members = [
        Client::subscriber(server, "one", &filter)?,
        Client::subscriber(server, "two", &filter)?,
    ];
    let filter = [("shared/+", Qos::ExactlyOnce)];
    let mut alone = Client::subscriber(server, "alone", &filter)?;
    let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
    for number in 0..MESSAGES {
        let (topic, payload) = (format!("shared/{number}"), number.to_string());
        publisher.publish(message(&topic, &payload, Qos::AtMostOnce))?;
    }
    publisher.ping()?;
    for number in 0..MESSAGES {
        let what = format!("number {number} of the shared messages");
        let payload = alone.next_message(&what)?.payload();
        ensure!(
            payload == number.to_string(),
            "{payload} comes, and not {what}"
        );
    }
    let mut got = Vec::new();
    for member in &mut members {
        got.extend(member.messages_until_quiet()?);
    }
    got.sort_by_key(|payload| payload.parse::<usize>().ok());
    let expected: Vec<_> = (0..MESSAGES).map(|number| number.to_string()).collect();
    ensure!(got == expected, "the members got {got:?}");
    Ok(())
}
