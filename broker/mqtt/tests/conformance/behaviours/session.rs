//! Sessions that outlive their connection, 4.1 and 4.4.

use mqtt::codec::{Packet, Qos, kind};
use transport::Protocol;

use crate::behaviours::publish::EACH_QOS;
use crate::client::{Answers, Client};
use crate::fault::{Fault, Way};
use crate::login::Login;
use crate::packet::{ack, message};
use crate::proof::prove;
use crate::server::Server;
use crate::{Outcome, ensure};

/// [MQTT-3.1.2-4], [MQTT-3.1.2-5], [MQTT-3.2.2-2]: messages of QoS 1 and 2 wait
/// for a session whose client is away, and come once.
pub(crate) fn messages_wait(protocol: Protocol) {
    prove(
        protocol,
        messages_wait_behaviour,
        [
            Fault::connack(
                "the CONNACK does not tell of the session",
                "session present is false, not true",
                |connack| connack.session_present = false,
            ),
            Fault::connect(
                "every connection starts a session anew",
                "session present is false, not true",
                |connect| connect.clean_start = true,
            ),
            Fault::publish(
                "what waited comes with QoS 1 at most",
                "2 comes with AtLeastOnce",
                Way::ToClient,
                |publish| {
                    if publish.qos == Qos::ExactlyOnce {
                        publish.qos = Qos::AtLeastOnce;
                    }
                },
            ),
            Fault::publish(
                "nothing waits",
                "a message that waited does not come",
                Way::ToBroker,
                |publish| publish.topic = "elsewhere",
            ),
            Fault::swallow(
                "what was acknowledged comes again",
                "comes, but all was acknowledged",
                Way::ToBroker,
                kind::PUBACK,
            ),
        ],
    );
}

fn messages_wait_behaviour(server: &Server) -> Outcome {
    let mut away = Client::connect(server, &Login::kept("away"))?;
    away.expect_session(false)?;
    away.subscribe("wait/+", Qos::ExactlyOnce)?;
    away.disconnect()?;
    let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
    for (qos, payload) in EACH_QOS.into_iter().zip(["0", "1", "2"]) {
        publisher.publish(message("wait/here", payload, qos))?;
    }
    publisher.ping()?;
    let mut back = Client::connect(server, &Login::kept("away"))?;
    back.expect_session(true)?;
    let what = "a message that waited";
    let mut first = back.next_message(what)?;
    // Whether QoS 0 waits is the broker's choice.
    if first.publish().qos == Qos::AtMostOnce {
        first = back.next_message(what)?;
    }
    let second = back.next_message(what)?;
    for (received, qos, expected) in [
        (first, Qos::AtLeastOnce, "1"),
        (second, Qos::ExactlyOnce, "2"),
    ] {
        let payload = received.payload();
        ensure!(payload == expected, "{payload} comes for {expected}");
        let publish = received.publish();
        let arrived = publish.qos;
        ensure!(arrived == qos, "{payload} comes with {arrived:?}");
        if qos == Qos::ExactlyOnce {
            back.wait_for_release(publish.packet_id)?;
        }
    }
    back.expect_no_message("each came once")?;
    back.disconnect()?;
    let mut again = Client::connect(server, &Login::kept("away"))?;
    again.expect_no_message("all was acknowledged")
}

/// [MQTT-3.1.2-6]; 5: [MQTT-3.1.2-4]: a clean start forgets the session.
pub(crate) fn clean_start(protocol: Protocol) {
    prove(
        protocol,
        |server| {
            let mut kept = Client::connect(server, &Login::kept("same"))?;
            kept.subscribe("forgotten", Qos::AtLeastOnce)?;
            kept.disconnect()?;
            let mut anew = Client::connect(server, &Login::clean("same"))?;
            anew.expect_session(false)?;
            let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
            publisher.publish(message("forgotten", "nothing", Qos::AtLeastOnce))?;
            anew.expect_no_message("its subscription was forgotten")
        },
        [
            Fault::connect(
                "a clean start is not seen",
                "session present is true, not false",
                |connect| connect.clean_start = false,
            )
            .nth(2),
            Fault::change(
                "the session is forgotten and its subscription is not",
                "\"nothing\" comes, but its subscription was forgotten",
                Way::ToClient,
                kind::CONNACK,
                |packet, exit| {
                    exit.pass(packet);
                    subscribe_for_the_client(exit);
                },
            )
            .nth(2),
        ],
    );
}

fn subscribe_for_the_client(exit: &mut crate::fault::Exit) {
    use mqtt::codec::{FilterList, Properties, Subscribe, SubscribeOptions};
    let options = SubscribeOptions::qos(Qos::AtLeastOnce);
    let filters = FilterList::default().with("forgotten", options);
    let subscribe = Subscribe::new(99, Properties::NONE, &filters);
    exit.answer(&Packet::Subscribe(subscribe));
}

/// [MQTT-4.4.0-1]: what a resumed session has not acknowledged is sent again
/// with its packet identifier: a PUBLISH as a duplicate ([MQTT-3.3.1-1]), or
/// the PUBREL.
pub(crate) fn redelivered(protocol: Protocol) {
    prove(
        protocol,
        redelivered_behaviour,
        [
            Fault::publish(
                "a PUBLISH that is sent again is no duplicate",
                "\"1\" is sent again, but not as a duplicate",
                Way::ToClient,
                |publish| publish.duplicate = false,
            ),
            Fault::publish(
                "a PUBLISH that is sent again has another identifier",
                "is sent again as",
                Way::ToClient,
                |publish| {
                    if publish.duplicate {
                        publish.packet_id += 100;
                    }
                },
            ),
            Fault::swallow(
                "QoS 1 is not sent again",
                "\"2\" comes instead of \"1\"",
                Way::ToClient,
                kind::PUBLISH,
            )
            .nth(3),
            Fault::swallow(
                "QoS 2 is not sent again",
                "the message \"2\" does not come",
                Way::ToClient,
                kind::PUBLISH,
            )
            .nth(4),
            Fault::swallow(
                "PUBREL is not sent again",
                "a PUBREL does not come",
                Way::ToClient,
                kind::PUBREL,
            )
            .nth(2),
            Fault::swallow(
                "PUBREC is not seen",
                "a PUBREL does not come",
                Way::ToBroker,
                kind::PUBREC,
            ),
        ],
    );
}

fn redelivered_behaviour(server: &Server) -> Outcome {
    let mut silent = Client::connect(server, &Login::kept("silent"))?;
    silent.subscribe("again", Qos::ExactlyOnce)?;
    silent.answers = Answers::Silent;
    let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
    publisher.publish(message("again", "1", Qos::AtLeastOnce))?;
    publisher.publish(message("again", "2", Qos::ExactlyOnce))?;
    let mut ids = Vec::new();
    for payload in ["1", "2"] {
        let received = silent.expect_message(payload)?;
        let publish = received.publish();
        ensure!(!publish.duplicate, "{payload:?} is a duplicate at first");
        ids.push(publish.packet_id);
    }
    silent.disconnect()?;

    let mut back = Client::connect(server, &Login::kept("silent"))?;
    back.expect_session(true)?;
    back.answers = Answers::Silent;
    for (payload, id) in ["1", "2"].into_iter().zip(&ids) {
        let received = back.expect_message(payload)?;
        let publish = received.publish();
        let duplicate = publish.duplicate;
        ensure!(
            duplicate,
            "{payload:?} is sent again, but not as a duplicate"
        );
        let same = publish.packet_id == *id;
        ensure!(same, "{payload:?} is sent again as {}", publish.packet_id);
    }
    back.send(&Packet::PubAck(ack(ids[0])))?;
    back.send(&Packet::PubRec(ack(ids[1])))?;
    back.wait_for_release(ids[1])?;
    back.vanish();

    let mut last = Client::connect(server, &Login::kept("silent"))?;
    last.expect_session(true)?;
    last.wait_for_release(ids[1])?;
    last.expect_no_message("one was acknowledged and the other received")
}
