//! CONNECT and the life of a connection.

use std::time::{Duration, Instant};

use mqtt::codec::{ConnAck, Connect, Packet, Property, Qos, ReasonCode, kind};
use transport::Protocol;

use crate::client::Client;
use crate::fault::{Fault, Way};
use crate::login::Login;
use crate::packet::message;
use crate::proof::prove;
use crate::server::{MAX_KEEP_ALIVE, Server};
use crate::{Outcome, ensure};

/// [MQTT-3.1.0-2]: the second CONNECT of a connection ends it.
pub(crate) fn second_connect(protocol: Protocol) {
    prove(
        protocol,
        |server| {
            let login = Login::clean("twice");
            let mut client = Client::connect(server, &login)?;
            client.send(&Packet::Connect(login.packet(server.protocol)))?;
            client.expect_end("for the second CONNECT", &[ReasonCode::PROTOCOL_ERROR])
        },
        [Fault::swallow(
            "the second CONNECT is not seen",
            match protocol {
                Protocol::V5 => "a DISCONNECT for the second CONNECT does not come",
                Protocol::V311 => "the connection stays open",
            },
            Way::ToBroker,
            kind::CONNECT,
        )
        .nth(2)],
    );
}

/// 3.1.2.1: a protocol that is not MQTT is not served.
pub(crate) fn foreign_protocol(protocol: Protocol) {
    // CONNECT with the name "hj", keep-alive 0, client id "x".
    const FOREIGN: [u8; 13] = [0x10, 11, 0, 2, b'h', b'j', 4, 2, 0, 0, 0, 1, b'x'];
    let mut genuine = Vec::new();
    let login = Login::clean("x");
    Connect::encode(&login.packet(protocol), &mut genuine);
    prove(
        protocol,
        |server| {
            let mut client = Client::open(server)?;
            client.send_bytes(&FOREIGN)?;
            client.expect_closed()?;
            ensure!(!client.is_let_in(), "a protocol called hj is let in");
            Ok(())
        },
        [Fault::instead(
            "the broker takes the foreign name for MQTT",
            "the connection stays open",
            Way::ToBroker,
            kind::CONNECT,
            genuine,
        )],
    );
}

/// [MQTT-3.1.3-6] to [MQTT-3.1.3-8]; in MQTT 5 [MQTT-3.1.3-6] and
/// [MQTT-3.1.3-7]: a client without an id gets one; in 3.1.1 only where it asks
/// for a clean session.
pub(crate) fn zero_length_id(protocol: Protocol) {
    let faults = match protocol {
        Protocol::V311 => [
            Fault::connect(
                "Clean Session 0 is read as 1",
                "a session without a name gets 0x00",
                |connect| connect.clean_start = true,
            ),
            Fault::connack(
                "an empty client id is never accepted",
                "\"\" is refused with 0x02",
                |connack| connack.code = 2,
            )
            .nth(2),
        ],
        Protocol::V5 => [
            Fault::connack(
                "an empty client id without a clean start is refused",
                "\"\" is refused with 0x85",
                |connack| connack.code = 0x85,
            )
            .nth(1),
            Fault::connack(
                "an empty client id is never accepted",
                "\"\" is refused with 0x85",
                |connack| connack.code = 0x85,
            )
            .nth(2),
        ],
    };
    prove(protocol, zero_length_id_behaviour, faults);
}

pub(crate) fn zero_length_id_behaviour(server: &Server) -> Outcome {
    if server.protocol == Protocol::V311 {
        let mut nameless = Client::attempt(server, &Login::clean("").resuming())?;
        let code = nameless.connack().code;
        ensure!(code == 2, "a session without a name gets {code:#04x}");
        nameless.expect_closed()?;
    } else {
        Client::connect(server, &Login::clean("").resuming())?.disconnect()?;
    }
    Client::connect(server, &Login::clean(""))?.disconnect()
}

/// 5: 3.2.2.3.7: a client that brings no id is told the one that it was given.
pub(crate) fn assigned_id() {
    let told = |connack: ConnAck<'_>| {
        let mut properties = connack.properties.iter();
        properties.find_map(|property| match property {
            Property::AssignedClientId(id) if !id.is_empty() => Some(id.to_owned()),
            _ => None,
        })
    };
    prove(
        Protocol::V5,
        move |server| {
            let one = Client::connect(server, &Login::clean(""))?;
            let two = Client::connect(server, &Login::clean(""))?;
            let (Some(first), Some(second)) = (told(one.connack()), told(two.connack())) else {
                return Err("the client is not told its id".to_owned());
            };
            ensure!(first != second, "two clients are both called {first}");
            // It is the client's own: who says it takes the session over.
            let mut successor = Client::connect(server, &Login::clean(&first))?;
            let mut one = one;
            one.expect_end("for the takeover", &[ReasonCode::SESSION_TAKEN_OVER])?;
            successor.ping()
        },
        [
            Fault::properties(
                "the CONNACK does not tell the id",
                "the client is not told its id",
                Way::ToClient,
                kind::CONNACK,
                |property| match property {
                    Property::AssignedClientId(_) => None,
                    other => Some(other),
                },
            ),
            Fault::properties(
                "every client is told the same id",
                "two clients are both called everybody",
                Way::ToClient,
                kind::CONNACK,
                |property| match property {
                    Property::AssignedClientId(_) => Some(Property::AssignedClientId("everybody")),
                    other => Some(other),
                },
            ),
            Fault::connect(
                "the id that the client was told is not the one that it has",
                "a DISCONNECT for the takeover does not come",
                |connect| connect.client_id = "another",
            )
            .nth(3),
        ],
    );
}

/// [MQTT-3.1.2-24]; 5: [MQTT-3.1.2-22]: a client that is silent for one and a
/// half times its keep-alive is disconnected, and its will is published.
pub(crate) fn keep_alive(protocol: Protocol) {
    const SECONDS: u16 = 3;
    prove(
        protocol,
        |server| {
            let mut watcher =
                Client::subscriber(server, "watcher", &[("wills", Qos::ExactlyOnce)])?;
            let will = message("wills", "silent for too long", Qos::ExactlyOnce);
            let login = Login::clean("silent")
                .keep_alive(SECONDS)
                .will(will, Default::default());
            let begun = Instant::now();
            let mut silent = Client::connect(server, &login)?;
            silent.expect_end("for the silence", &[ReasonCode::KEEP_ALIVE_TIMEOUT])?;
            let after = begun.elapsed();
            let least = Duration::from_secs(u64::from(SECONDS));
            ensure!(after >= least, "disconnected after {after:?} of silence");
            watcher.expect_message("silent for too long")?;
            watcher.expect_no_message("there is one will")
        },
        [
            Fault::connect(
                "the keep-alive is not enforced",
                match protocol {
                    Protocol::V5 => "a DISCONNECT for the silence does not come",
                    Protocol::V311 => "the connection stays open",
                },
                |connect| {
                    if connect.keep_alive > 0 {
                        connect.keep_alive = 50;
                    }
                },
            ),
            Fault::connect(
                "the keep-alive is a third as long",
                "of silence",
                |connect| {
                    connect.keep_alive /= SECONDS;
                },
            ),
            Fault::connect(
                "the end is not followed by the will",
                "the message \"silent for too long\" does not come",
                |connect| connect.will = None,
            ),
            Fault::repeat(
                "the will is published twice",
                "there is one will",
                Way::ToClient,
                kind::PUBLISH,
            ),
        ],
    );
}

/// 5: 3.2.2.3.14: a client that asks for more than the broker's maximum is told
/// the keep-alive that holds.
pub(crate) fn server_keep_alive() {
    prove(
        Protocol::V5,
        |server| {
            let client = Client::connect(server, &Login::clean("slow").keep_alive(120))?;
            let mut properties = client.connack().properties.iter();
            let told = properties.find_map(|property| match property {
                Property::ServerKeepAlive(seconds) => Some(seconds),
                _ => None,
            });
            ensure!(
                told == Some(MAX_KEEP_ALIVE),
                "the keep-alive told is {told:?}"
            );
            Ok(())
        },
        [
            Fault::properties(
                "the CONNACK does not tell the keep-alive",
                "the keep-alive told is None",
                Way::ToClient,
                kind::CONNACK,
                |property| match property {
                    Property::ServerKeepAlive(_) => None,
                    other => Some(other),
                },
            ),
            Fault::connect(
                "what the client asked for is not seen",
                "the keep-alive told is",
                |connect| connect.keep_alive = 30,
            ),
        ],
    );
}
