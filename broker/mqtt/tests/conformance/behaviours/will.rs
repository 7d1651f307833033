//! Wills, 3.1.2.5.

use std::time::{Duration, Instant};

use mqtt::codec::{Property, PropertyList, Publish, Qos, kind};
use transport::Protocol;

use crate::behaviours::publish::user_properties_of;
use crate::client::Client;
use crate::fault::{Fault, Way};
use crate::login::Login;
use crate::packet::message;
use crate::proof::prove;
use crate::server::Server;
use crate::{Outcome, ensure};

const TOPIC: &str = "wills/of/all";
const LAST_WORDS: &str = "not disconnected";

fn will() -> Publish<'static> {
    message(TOPIC, LAST_WORDS, Qos::ExactlyOnce)
}

/// [MQTT-3.1.2-8], [MQTT-3.1.2-10]: the will of a connection that ends without
/// a DISCONNECT is published, in 5 with its properties; that of one that says
/// goodbye is not.
pub(crate) fn on_abrupt_end(protocol: Protocol) {
    let mut faults = vec![
        Fault::connect(
            "wills are not kept",
            "the message \"not disconnected\" does not come",
            |connect| connect.will = None,
        ),
        Fault::publish(
            "a will comes with QoS 1 at most",
            "the will comes with AtLeastOnce",
            Way::ToClient,
            |publish| publish.qos = Qos::AtLeastOnce,
        ),
        Fault::swallow(
            "a DISCONNECT does not discard the will",
            "comes, but its client said goodbye",
            Way::ToBroker,
            kind::DISCONNECT,
        )
        .nth(1),
    ];
    if protocol == Protocol::V5 {
        faults.push(Fault::properties(
            "the will's properties get lost",
            "the will has the properties []",
            Way::ToBroker,
            kind::CONNECT,
            |property| match property {
                Property::User(..) => None,
                other => Some(other),
            },
        ));
    }
    prove(protocol, on_abrupt_end_behaviour, faults);
}

fn on_abrupt_end_behaviour(server: &Server) -> Outcome {
    let list = PropertyList::default()
        .with(Property::User("a", "2"))
        .with(Property::User("c", "3"));
    let login = Login::clean("mortal").will(will(), list);
    let filter = [("wills/#", Qos::ExactlyOnce)];
    let mut watcher = Client::subscriber(server, "watcher", &filter)?;

    let mut polite = Client::connect(server, &login)?;
    polite.ping()?;
    polite.goodbye()?;
    watcher.expect_no_message("its client said goodbye")?;

    Client::connect(server, &login)?.vanish();
    let received = watcher.expect_message(LAST_WORDS)?;
    let publish = received.publish();
    let qos = publish.qos;
    ensure!(qos == Qos::ExactlyOnce, "the will comes with {qos:?}");
    ensure!(
        publish.topic == TOPIC,
        "the will's topic is {}",
        publish.topic
    );
    ensure!(!publish.retain, "the will comes as retained");
    if server.protocol == Protocol::V5 {
        let properties = user_properties_of(&received);
        let expected = [("a", "2"), ("c", "3")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        ensure!(
            properties == expected,
            "the will has the properties {properties:?}"
        );
    }
    watcher.expect_no_message("there is one will")
}

/// Seconds.
#[derive(Clone, Copy)]
pub(crate) struct Delay {
    pub(crate) will: u32,
    pub(crate) session: u32,
    /// The sooner of the two.
    pub(crate) expected: u32,
}

/// 5: 3.1.3.2.2, [MQTT-3.1.3-9]: a will waits for its delay or the end of its
/// session, whichever comes first.
pub(crate) fn delayed(delay: Delay) {
    const FAR: u32 = 1_000;
    let later = Fault::properties(
        "the will waits for longer",
        "the message \"not disconnected\" does not come",
        Way::ToBroker,
        kind::CONNECT,
        |property| match property {
            Property::WillDelay(_) => Some(Property::WillDelay(FAR)),
            Property::SessionExpiry(_) => Some(Property::SessionExpiry(FAR)),
            other => Some(other),
        },
    );
    let mut faults = vec![later];
    // A will that is due at once cannot be too early.
    if delay.expected > 0 {
        faults.push(Fault::properties(
            "the will does not wait",
            "the will comes after",
            Way::ToBroker,
            kind::CONNECT,
            |property| match property {
                Property::WillDelay(_) => None,
                other => Some(other),
            },
        ));
    }
    prove(
        Protocol::V5,
        move |server| delayed_behaviour(server, delay),
        faults,
    );
}

fn delayed_behaviour(server: &Server, delay: Delay) -> Outcome {
    let filter = [("wills/#", Qos::ExactlyOnce)];
    let mut watcher = Client::subscriber(server, "watcher", &filter)?;
    let list = PropertyList::default().with(Property::WillDelay(delay.will));
    let login = Login::clean("mortal")
        .with(Property::SessionExpiry(delay.session))
        .will(will(), list);
    let mortal = Client::connect(server, &login)?;
    let gone = Instant::now();
    mortal.vanish();
    watcher.expect_message(LAST_WORDS)?;
    let after = gone.elapsed();
    let least = Duration::from_secs(u64::from(delay.expected));
    ensure!(after >= least, "the will comes after {after:?}");
    Ok(())
}

/// 5: [MQTT-3.1.3-9]: a client that is back before the delay has passed keeps
/// its will from being published.
pub(crate) fn withdrawn() {
    const DELAY: u32 = 1;
    prove(
        Protocol::V5,
        |server| {
            let filter = [("wills/#", Qos::ExactlyOnce)];
            let mut watcher = Client::subscriber(server, "watcher", &filter)?;
            let list = PropertyList::default().with(Property::WillDelay(DELAY));
            let login = Login::kept("mortal").will(will(), list);
            Client::connect(server, &login)?.vanish();
            let mut back = Client::connect(server, &Login::kept("mortal"))?;
            back.expect_session(true)?;
            std::thread::sleep(Duration::from_secs(u64::from(DELAY) + 1));
            back.ping()?;
            watcher.expect_no_message("its client came back")
        },
        [
            Fault::connect(
                "somebody else comes back",
                "session present is false, not true",
                |connect| connect.client_id = "another",
            )
            .nth(3),
            Fault::properties(
                "the will does not wait",
                "comes, but its client came back",
                Way::ToBroker,
                kind::CONNECT,
                |property| match property {
                    Property::WillDelay(_) => None,
                    other => Some(other),
                },
            ),
        ],
    );
}
