//! MQTT 5's enhanced authentication: challenge and response, in turn and out
//! of it. The one method is "reverse".

use mqtt::codec::{Auth, Connect, Packet, Property, PropertyList, ReasonCode};
use transport::Protocol;

use crate::harness::TestBroker;
use crate::harness::client::{Client, connect, list};

const ANSWER: &[u8] = b"egnellahc";

fn auth(client: &mut Client, reason: ReasonCode, method: Option<&str>, data: &[u8]) {
    let mut properties = PropertyList::default();
    if let Some(method) = method {
        properties.push(Property::AuthenticationMethod(method));
    }
    if !data.is_empty() {
        properties.push(Property::AuthenticationData(data));
    }
    client.send(&Packet::Auth(Auth {
        reason,
        properties: properties.as_properties(),
    }));
}

fn expect_auth(client: &mut Client, reason: ReasonCode) -> Vec<u8> {
    let received = client.receive();
    let Packet::Auth(auth) = received.packet() else {
        panic!("no AUTH: {:?}", received.packet())
    };
    assert_eq!(auth.reason, reason);
    let mut data = Vec::new();
    let mut method = None;
    for property in auth.properties.iter() {
        match property {
            Property::AuthenticationMethod(text) => method = Some(text.to_owned()),
            Property::AuthenticationData(bytes) => data = bytes.to_vec(),
            _ => {}
        }
    }
    assert_eq!(method.as_deref(), Some("reverse"));
    data
}

/// A client that was asked and has not answered.
fn challenged(broker: &TestBroker) -> Client {
    let method = list(Property::AuthenticationMethod("reverse"));
    let mut client = Client::open(broker.mqtt, Protocol::V5);
    client.send(&Packet::Connect(Connect {
        properties: method.as_properties(),
        password: None,
        ..connect(Protocol::V5, "d")
    }));
    let asked = expect_auth(&mut client, ReasonCode::CONTINUE_AUTHENTICATION);
    assert_eq!(asked, b"challenge");
    client
}

fn admitted(broker: &TestBroker) -> Client {
    let mut client = challenged(broker);
    let reason = ReasonCode::CONTINUE_AUTHENTICATION;
    auth(&mut client, reason, Some("reverse"), ANSWER);
    assert_eq!(client.receive().connack().code, 0);
    client
}

#[test]
fn the_right_answer_lets_in_and_a_wrong_one_does_not() {
    let broker = TestBroker::start();
    admitted(&broker).ping();
    for wrong in [&b"challenge"[..], b"", b"egnellah"] {
        let mut client = challenged(&broker);
        let reason = ReasonCode::CONTINUE_AUTHENTICATION;
        auth(&mut client, reason, Some("reverse"), wrong);
        assert_eq!(
            client.receive().connack().code,
            ReasonCode::BAD_USER_NAME_OR_PASSWORD.0
        );
        client.expect_closed();
    }
    broker.access.revoke("d");
    let mut client = challenged(&broker);
    let reason = ReasonCode::CONTINUE_AUTHENTICATION;
    auth(&mut client, reason, Some("reverse"), ANSWER);
    assert_eq!(
        client.receive().connack().code,
        ReasonCode::NOT_AUTHORIZED.0
    );
    client.expect_closed();
}

#[test]
fn anything_but_the_answer_ends_what_was_begun() {
    let broker = TestBroker::start();
    for (reason, method) in [
        (ReasonCode::CONTINUE_AUTHENTICATION, Some("other")),
        (ReasonCode::CONTINUE_AUTHENTICATION, None),
        (ReasonCode::REAUTHENTICATE, Some("reverse")),
        (ReasonCode::SUCCESS, Some("reverse")),
    ] {
        let mut client = challenged(&broker);
        auth(&mut client, reason, method, ANSWER);
        let code = client.receive().connack().code;
        assert_eq!(code, ReasonCode::PROTOCOL_ERROR.0, "{reason:?} {method:?}");
        client.expect_closed();
    }
    let mut client = challenged(&broker);
    client.send(&Packet::Connect(connect(Protocol::V5, "d")));
    assert_eq!(
        client.receive().connack().code,
        ReasonCode::PROTOCOL_ERROR.0
    );
    client.expect_closed();
    assert!(broker.handle.connection("d").is_none());
}

#[test]
fn an_auth_out_of_turn_ends_the_connection() {
    let broker = TestBroker::start();
    let (go_on, again) = (
        ReasonCode::CONTINUE_AUTHENTICATION,
        ReasonCode::REAUTHENTICATE,
    );
    // Who came with a password has no method.
    let mut client = broker.device("d");
    auth(&mut client, again, Some("reverse"), b"");
    client.expect_end(ReasonCode::PROTOCOL_ERROR);
    // An answer to nothing, and another method than at CONNECT.
    for (reason, method) in [(go_on, "reverse"), (again, "other")] {
        let mut client = admitted(&broker);
        auth(&mut client, reason, Some(method), ANSWER);
        client.expect_end(ReasonCode::PROTOCOL_ERROR);
    }
    // Twice begun.
    let mut client = admitted(&broker);
    auth(&mut client, again, Some("reverse"), b"");
    expect_auth(&mut client, go_on);
    auth(&mut client, again, Some("reverse"), b"");
    client.expect_end(ReasonCode::PROTOCOL_ERROR);
    let mut early = Client::open(broker.mqtt, Protocol::V5);
    auth(&mut early, go_on, Some("reverse"), ANSWER);
    early.expect_closed();
}

#[test]
fn who_proves_itself_again_stays_and_nobody_becomes_another() {
    let broker = TestBroker::start();
    let (go_on, again) = (
        ReasonCode::CONTINUE_AUTHENTICATION,
        ReasonCode::REAUTHENTICATE,
    );
    let mut client = admitted(&broker);
    for _ in 0..3 {
        auth(&mut client, again, Some("reverse"), b"");
        assert_eq!(expect_auth(&mut client, go_on), b"challenge");
        // It is served meanwhile.
        client.ping();
        auth(&mut client, go_on, Some("reverse"), ANSWER);
        expect_auth(&mut client, ReasonCode::SUCCESS);
        client.ping();
    }
    for answer in [&b"wrong"[..], b"egnellahcanother"] {
        let mut client = admitted(&broker);
        auth(&mut client, again, Some("reverse"), b"");
        expect_auth(&mut client, go_on);
        auth(&mut client, go_on, Some("reverse"), answer);
        client.expect_end(ReasonCode::NOT_AUTHORIZED);
    }
    assert!(broker.handle.connection("another").is_none());
}
