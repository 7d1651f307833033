//! The options of a subscription of MQTT 5, 3.8.3.1.

use mqtt::codec::{Properties, Publish, Qos, RetainHandling, SubscribeOptions};
use transport::Protocol;

use crate::behaviours::publish::EACH_QOS;
use crate::client::Client;
use crate::fault::{Fault, Way};
use crate::login::Login;
use crate::packet::message;
use crate::proof::prove;
use crate::server::Server;
use crate::{Outcome, ensure};

const QOS_2: SubscribeOptions = SubscribeOptions::qos(Qos::ExactlyOnce);

/// [MQTT-3.8.3-3]: with No Local a client does not get its own messages, and
/// others do.
pub(crate) fn no_local() {
    let options = SubscribeOptions {
        no_local: true,
        ..QOS_2
    };
    prove(
        Protocol::V5,
        move |server| {
            let mut one = Client::connect(server, &Login::clean("one"))?;
            let mut two = Client::connect(server, &Login::clean("two"))?;
            for client in [&mut one, &mut two] {
                client.subscribe_with("local", options, Properties::NONE)?;
            }
            one.publish(message("local", "from one", Qos::AtLeastOnce))?;
            two.expect_message("from one")?;
            one.expect_no_message("it is its own")?;
            two.publish(message("local", "from two", Qos::AtLeastOnce))?;
            one.expect_message("from two")?;
            two.expect_no_message("it is its own")
        },
        [
            Fault::filters(
                "No Local is not seen",
                "\"from one\" comes, but it is its own",
                |filter, options| {
                    let no_local = false;
                    (
                        filter,
                        SubscribeOptions {
                            no_local,
                            ..options
                        },
                    )
                },
            ),
            Fault::swallow(
                "No Local keeps everybody's messages away",
                "the message \"from one\" does not come",
                Way::ToClient,
                mqtt::codec::kind::PUBLISH,
            ),
        ],
    );
}

/// [MQTT-3.3.1-12] and [MQTT-3.3.1-13]: a live message keeps its retain flag
/// with Retain As Published, and loses it without.
pub(crate) fn retain_as_published() {
    let keep = SubscribeOptions {
        retain_as_published: true,
        ..QOS_2
    };
    prove(
        Protocol::V5,
        move |server| {
            let mut keeping = Client::connect(server, &Login::clean("keeping"))?;
            keeping.subscribe_with("flag", keep, Properties::NONE)?;
            let filter = [("flag", Qos::ExactlyOnce)];
            let mut losing = Client::subscriber(server, "losing", &filter)?;
            let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
            for (payload, retain) in [("passing", false), ("lasting", true)] {
                publisher.publish(Publish {
                    retain,
                    ..message("flag", payload, Qos::AtLeastOnce)
                })?;
                let kept = keeping.expect_message(payload)?.publish().retain;
                ensure!(kept == retain, "{payload} is published as {kept}");
                let lost = losing.expect_message(payload)?.publish().retain;
                ensure!(!lost, "{payload} comes as retained");
            }
            Ok(())
        },
        [
            Fault::filters(
                "Retain As Published is not seen",
                "lasting is published as false",
                |filter, options| {
                    let retain_as_published = false;
                    let options = SubscribeOptions {
                        retain_as_published,
                        ..options
                    };
                    (filter, options)
                },
            ),
            Fault::filters(
                "the retain flag is always kept",
                "lasting comes as retained",
                |filter, options| {
                    let retain_as_published = true;
                    let options = SubscribeOptions {
                        retain_as_published,
                        ..options
                    };
                    (filter, options)
                },
            ),
            Fault::publish(
                "every message is delivered as retained",
                "passing is published as true",
                Way::ToClient,
                |publish| publish.retain = true,
            ),
        ],
    );
}

/// [MQTT-3.3.1-9] to [MQTT-3.3.1-11]: retained messages come with every
/// subscription, with a new one only, or never.
pub(crate) fn retain_handling() {
    prove(
        Protocol::V5,
        retain_handling_behaviour,
        [
            Fault::filters(
                "every subscription counts as new",
                "comes, but the subscription was not new",
                as_if(RetainHandling::Always),
            ),
            Fault::filters(
                "only the new subscription counts",
                "a retained message for subscription 2 with Always does not come",
                as_if(RetainHandling::OnlyIfNew),
            ),
            Fault::filters(
                "none are ever sent",
                "a retained message for subscription 1 with Always does not come",
                as_if(RetainHandling::Never),
            ),
        ],
    );
}

/// The handling that the broker believes to have been asked for.
fn as_if(
    retain_handling: RetainHandling,
) -> impl for<'a> Fn(&'a str, SubscribeOptions) -> (&'a str, SubscribeOptions) {
    move |filter, options| {
        let options = SubscribeOptions {
            retain_handling,
            ..options
        };
        (filter, options)
    }
}

fn retain_handling_behaviour(server: &Server) -> Outcome {
    let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
    for (qos, topic) in EACH_QOS.into_iter().zip(["kept/0", "kept/1", "kept/2"]) {
        publisher.publish(Publish {
            retain: true,
            ..message(topic, topic, qos)
        })?;
    }
    publisher.ping()?;
    use RetainHandling::{Always, Never, OnlyIfNew};
    // Whether the first and the second subscription bring what is retained.
    for (handling, brings) in [
        (Always, [true, true]),
        (OnlyIfNew, [true, false]),
        (Never, [false, false]),
    ] {
        let mut client = Client::connect(server, &Login::clean("subscriber"))?;
        let options = SubscribeOptions {
            retain_handling: handling,
            ..QOS_2
        };
        for (nth, brings) in brings.into_iter().enumerate() {
            client.subscribe_with("kept/+", options, Properties::NONE)?;
            if brings {
                let what = format!(
                    "a retained message for subscription {} with {handling:?}",
                    nth + 1
                );
                let mut topics = Vec::new();
                for _ in EACH_QOS {
                    let received = client.next_message(&what)?;
                    topics.push(received.publish().topic.to_owned());
                }
                topics.sort();
                ensure!(
                    topics == ["kept/0", "kept/1", "kept/2"],
                    "{what}: {topics:?}"
                );
            }
            client.expect_no_message(match handling {
                Always => "all three have come",
                OnlyIfNew => "the subscription was not new",
                Never => "it was asked for none",
            })?;
        }
        client.disconnect()?;
    }
    Ok(())
}
