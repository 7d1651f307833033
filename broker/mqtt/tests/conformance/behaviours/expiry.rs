//! What ends by itself in MQTT 5: sessions (3.1.2.11.2) and messages
//! (3.3.2.3.3). The spans that have to pass are as short as whole seconds
//! allow; those that must not, longer than any test.

use std::time::Duration;

use mqtt::codec::{Property, PropertyList, Publish, Qos, kind};
use transport::Protocol;

use crate::client::Client;
use crate::fault::{Fault, Way};
use crate::login::{KEPT, Login};
use crate::packet::{Received, message};
use crate::proof::prove;
use crate::server::Server;
use crate::{Outcome, ensure};

/// Longer than one second, whatever a timer rounds.
const MORE_THAN_A_SECOND: Duration = Duration::from_millis(2_500);

/// Connects with one expiry, disconnects with another one, waits, and looks
/// whether the session is there.
struct Life {
    /// In CONNECT, seconds.
    asked: u32,
    /// In DISCONNECT, seconds.
    at_the_end: Option<u32>,
    away: Duration,
    outlives: bool,
}

/// [MQTT-3.1.2-23], 3.14.2.2.2: a session ends when its connection has been
/// gone for its expiry, which the DISCONNECT may change.
pub(crate) fn session_expiry(asked: u32, at_the_end: Option<u32>, waits: bool, outlives: bool) {
    let away = if waits {
        MORE_THAN_A_SECOND
    } else {
        Duration::ZERO
    };
    let life = Life {
        asked,
        at_the_end,
        away,
        outlives,
    };
    let seen_as = if outlives {
        "session present is false, not true"
    } else {
        "session present is true, not false"
    };
    let opposite = if outlives { 0 } else { KEPT };
    let tells = match at_the_end {
        Some(_) => kind::DISCONNECT,
        None => kind::CONNECT,
    };
    prove(
        Protocol::V5,
        move |server| life.live(server),
        [
            Fault::properties(
                "another expiry is understood",
                seen_as,
                Way::ToBroker,
                tells,
                move |property| match property {
                    Property::SessionExpiry(_) => Some(Property::SessionExpiry(opposite)),
                    other => Some(other),
                },
            ),
            Fault::connack("the CONNACK tells the opposite", seen_as, |connack| {
                connack.session_present = !connack.session_present;
            })
            .nth(2),
        ],
    );
}

impl Life {
    fn live(&self, server: &Server) -> Outcome {
        let expiry = |seconds| PropertyList::default().with(Property::SessionExpiry(seconds));
        let login = Login {
            properties: expiry(self.asked),
            ..Login::clean("mortal")
        };
        let mut first = Client::connect(server, &login)?;
        first.expect_session(false)?;
        first.subscribe("remember", Qos::AtLeastOnce)?;
        first.disconnect_with(&self.at_the_end.map(expiry).unwrap_or_default())?;
        std::thread::sleep(self.away);
        let second = Client::connect(server, &login.resuming())?;
        second.expect_session(self.outlives)
    }
}

/// [MQTT-3.3.2-5] and [MQTT-3.3.2-6]: what waited longer than its expiry does
/// not come; what comes tells the seconds that are left.
pub(crate) fn message_expiry() {
    prove(
        Protocol::V5,
        message_expiry_behaviour,
        [
            Fault::properties(
                "messages do not expire",
                "comes instead of",
                Way::ToBroker,
                kind::PUBLISH,
                |property| match property {
                    Property::MessageExpiry(_) => None,
                    other => Some(other),
                },
            ),
            Fault::properties(
                "the time that a message waited is not taken off",
                "has Some(100) seconds left",
                Way::ToClient,
                kind::PUBLISH,
                |property| match property {
                    Property::MessageExpiry(_) => Some(Property::MessageExpiry(100)),
                    other => Some(other),
                },
            ),
            Fault::properties(
                "a message does not tell that it expires",
                "has None seconds left",
                Way::ToClient,
                kind::PUBLISH,
                |property| match property {
                    Property::MessageExpiry(_) => None,
                    other => Some(other),
                },
            ),
        ],
    );
}

fn message_expiry_behaviour(server: &Server) -> Outcome {
    let mut away = Client::connect(server, &Login::kept("away"))?;
    away.subscribe("fresh", Qos::ExactlyOnce)?;
    away.disconnect()?;
    let mut publisher = Client::connect(server, &Login::clean("publisher"))?;
    for (seconds, payload, qos) in [
        (1, "stale 1", Qos::AtLeastOnce),
        (1, "stale 2", Qos::ExactlyOnce),
        (100, "fresh 1", Qos::AtLeastOnce),
        (100, "fresh 2", Qos::ExactlyOnce),
    ] {
        let list = PropertyList::default().with(Property::MessageExpiry(seconds));
        publisher.publish(Publish {
            properties: list.as_properties(),
            ..message("fresh", payload, qos)
        })?;
    }
    std::thread::sleep(MORE_THAN_A_SECOND);
    let mut back = Client::connect(server, &Login::kept("away"))?;
    back.expect_session(true)?;
    for payload in ["fresh 1", "fresh 2"] {
        let left = seconds_left(&back.expect_message(payload)?);
        let sensible = left.is_some_and(|left| (1..=98).contains(&left));
        ensure!(sensible, "{payload:?} has {left:?} seconds left");
    }
    back.expect_no_message("the others are stale")
}

fn seconds_left(received: &Received) -> Option<u32> {
    received.property(|property| match property {
        Property::MessageExpiry(seconds) => Some(seconds),
        _ => None,
    })
}
