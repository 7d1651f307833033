//! CONNECT: who gets in, and what the others are told.

use mqtt::Config;
use mqtt::codec::{Packet, Properties, Property, PropertyList, Qos, ReasonCode, Will};
use transport::{EventKind, Protocol};

use crate::harness::client::{Client, connect, list};
use crate::harness::{TestBroker, until};

fn refused(broker: &TestBroker, user: Option<&str>, password: Option<&[u8]>) -> (u8, u8) {
    let code = |protocol| {
        let mut client = Client::open(broker.mqtt, protocol);
        client.send(&Packet::Connect(mqtt::codec::Connect {
            user_name: user,
            password,
            ..connect(protocol, "x")
        }));
        let code = client.receive().connack().code;
        client.expect_closed();
        code
    };
    (code(Protocol::V311), code(Protocol::V5))
}

#[test]
fn each_refusal_has_its_code_in_both_versions() {
    let broker = TestBroker::start();
    broker.access.revoke("revoked");
    assert_eq!(refused(&broker, Some("d"), Some(b"wrong")), (4, 0x86));
    assert_eq!(
        refused(&broker, Some("unknown-1"), Some(b"pass")),
        (4, 0x86)
    );
    assert_eq!(refused(&broker, Some("d"), Some(b"expired")), (5, 0x87));
    assert_eq!(refused(&broker, Some("revoked"), Some(b"pass")), (5, 0x87));
    assert_eq!(refused(&broker, None, None), (4, 0x86));
    broker.until_stats("refusals are counted", |stats| {
        stats.listeners[0].refused == 10
    });
    until("refusals are recorded", || {
        broker.access.count(EventKind::Refused) == 10
    });
}

#[test]
fn a_password_left_out_is_refused() {
    let broker = TestBroker::start();
    assert_eq!(refused(&broker, Some("d"), None), (4, 0x86));
}

#[test]
fn mqtt_5_is_told_what_is_offered() {
    let broker = TestBroker::with(Config {
        max_session_expiry: 1_800,
        ..Config::default()
    });
    let mut client = Client::open(broker.unprotected, Protocol::V5);
    let wishes = PropertyList::default().with(Property::SessionExpiry(3_600));
    client.send(&Packet::Connect(mqtt::codec::Connect {
        client_id: "",
        clean_start: false,
        keep_alive: 600,
        properties: wishes.as_properties(),
        ..connect(Protocol::V5, "d")
    }));
    let received = client.receive();
    let connack = received.connack();
    assert_eq!((connack.code, connack.session_present), (0, false));
    let told: Vec<_> = connack.properties.iter().collect();
    for property in [
        Property::SessionExpiry(1_800),
        Property::ReceiveMaximum(100),
        Property::MaximumPacketSize(72 * 1024),
        Property::TopicAliasMaximum(16),
        Property::ServerKeepAlive(60),
    ] {
        assert!(told.contains(&property), "{property:?} is not in {told:?}");
    }
    let assigned = told
        .iter()
        .any(|it| matches!(it, Property::AssignedClientId(id) if !id.is_empty()));
    assert!(assigned, "{told:?}");
}

#[test]
fn a_kept_session_without_a_client_id_is_refused() {
    let broker = TestBroker::start();
    let mut client = Client::open(broker.mqtt, Protocol::V311);
    client.send(&Packet::Connect(mqtt::codec::Connect {
        client_id: "",
        clean_start: false,
        ..connect(Protocol::V311, "d")
    }));
    assert_eq!(client.receive().connack().code, 2);
    client.expect_closed();
}

#[test]
fn other_versions_are_told_that_they_are_not_spoken() {
    let broker = TestBroker::start();
    let mut client = Client::open(broker.mqtt, Protocol::V5);
    client.send_bytes(b"\x10\x0d\x00\x04MQTT\x06\x02\x00\x00\x00\x00\x00");
    assert_eq!(client.receive().connack().code, 0x84);
    client.expect_closed();
}

/// Libraries that try MQTT 3.1 after any refusal report this answer.
#[test]
fn a_client_of_3_1_is_told_of_its_login_before_its_version() {
    for (user, password, code) in [
        ("d", "pass", 1),
        ("d", "wrong", 4),
        ("unknown", "pass", 4),
        ("d", "expired", 5),
    ] {
        let broker = TestBroker::start();
        let mut body = b"\x00\x06MQIsdp\x03\xC2\x00\x3C".to_vec();
        for text in [user, user, password] {
            body.extend_from_slice(&(text.len() as u16).to_be_bytes());
            body.extend_from_slice(text.as_bytes());
        }
        let mut bytes = vec![0x10, body.len() as u8];
        bytes.extend(body);
        let mut client = Client::open(broker.mqtt, Protocol::V311);
        client.send_bytes(&bytes);
        assert_eq!(client.receive().connack().code, code, "{user} {password}");
        client.expect_closed();
        assert_eq!(broker.access.count(EventKind::Refused), 1);
    }
}

#[test]
fn an_unknown_authentication_method_is_refused_by_name() {
    let broker = TestBroker::start();
    let mut client = Client::open(broker.mqtt, Protocol::V5);
    let method = list(Property::AuthenticationMethod("SCRAM-SHA-1"));
    client.send(&Packet::Connect(mqtt::codec::Connect {
        properties: method.as_properties(),
        ..connect(Protocol::V5, "d")
    }));
    assert_eq!(
        client.receive().connack().code,
        ReasonCode::BAD_AUTHENTICATION_METHOD.0
    );
    client.expect_closed();
}

fn with_will<'a>(protocol: Protocol, id: &'a str, topic: &'a str, qos: Qos) -> Packet<'a> {
    Packet::Connect(mqtt::codec::Connect {
        will: Some(Will {
            properties: Properties::NONE,
            topic,
            payload: b"gone",
            qos,
            retain: false,
        }),
        ..connect(protocol, id)
    })
}

/// A client that is turned away for its will comes back with the same will.
#[test]
fn a_will_outside_the_rights_is_left_out() {
    let broker = TestBroker::start();
    for protocol in [Protocol::V311, Protocol::V5] {
        let mut client = Client::open(broker.mqtt, protocol);
        let topic = "devices/other/telemetry";
        client.send(&with_will(protocol, "d", topic, Qos::AtLeastOnce));
        let received = client.receive();
        let connack = received.connack();
        assert_eq!(connack.code, 0);
        let told = connack.properties.iter().any(
            |it| matches!(it, Property::ReasonString(text) if text.contains("will is not kept")),
        );
        assert_eq!(told, protocol == Protocol::V5);
        client.ping();
    }
    assert_eq!(broker.access.count(EventKind::PublishDenied), 2);
    // Both are gone without a word; whose will is allowed comes after them.
    let mut last = Client::open(broker.mqtt, Protocol::V5);
    let topic = "devices/last/telemetry";
    last.send(&with_will(Protocol::V5, "last", topic, Qos::AtLeastOnce));
    assert_eq!(last.receive().connack().code, 0);
    broker.until_stats("both are gone", |it| it.listeners[0].connections == 1);
    drop(last);
    broker.sink.until_staged(1);
    let messages = broker.sink.messages.lock();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].principal, "last");
}

#[test]
fn a_will_that_is_none_is_refused() {
    let broker = TestBroker::start();
    for (topic, qos, code) in [
        ("devices/#", Qos::AtLeastOnce, 0x90),
        ("", Qos::AtLeastOnce, 0x90),
    ] {
        let mut client = Client::open(broker.mqtt, Protocol::V5);
        client.send(&with_will(Protocol::V5, "d", topic, qos));
        assert_eq!(client.receive().connack().code, code, "{topic:?} {qos:?}");
        client.expect_closed();
    }
}

#[test]
fn a_will_is_stored_when_the_connection_breaks_and_not_after_goodbye() {
    let broker = TestBroker::start();
    let mut polite = Client::open(broker.mqtt, Protocol::V5);
    polite.send(&with_will(
        Protocol::V5,
        "polite",
        "devices/polite/telemetry",
        Qos::AtLeastOnce,
    ));
    assert_eq!(polite.receive().connack().code, 0);
    polite.say_goodbye();
    polite.expect_closed();
    let mut rude = Client::open(broker.mqtt, Protocol::V311);
    rude.send(&with_will(
        Protocol::V311,
        "rude",
        "devices/rude/telemetry",
        Qos::AtLeastOnce,
    ));
    assert_eq!(rude.receive().connack().code, 0);
    drop(rude);
    broker.sink.until_staged(1);
    let messages = broker.sink.messages.lock().clone();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(
        (&*messages[0].principal, &*messages[0].payload),
        ("rude", &b"gone"[..])
    );
}

#[test]
fn a_will_does_not_outlive_the_right() {
    let broker = TestBroker::start();
    let mut client = Client::open(broker.mqtt, Protocol::V5);
    client.send(&with_will(
        Protocol::V5,
        "d",
        "devices/d/telemetry",
        Qos::AtLeastOnce,
    ));
    assert_eq!(client.receive().connack().code, 0);
    broker.access.revoke("d");
    broker.handle.revalidate();
    client.expect_end(ReasonCode::ADMINISTRATIVE_ACTION);
    broker.until_stats("the connection is gone", |stats| {
        stats.listeners[0].connections == 0
    });
    assert!(broker.sink.messages.lock().is_empty());
}

#[test]
fn silence_before_connect_ends_at_the_deadline() {
    let config = Config {
        connect_deadline: std::time::Duration::from_millis(200),
        ..Config::default()
    };
    let broker = TestBroker::with(config);
    let mut client = Client::open(broker.mqtt, Protocol::V5);
    client.send_bytes(&[0x10]);
    client.expect_closed();
    until("it is recorded", || {
        broker.access.saw(EventKind::ConnectTimeout)
    });
}

#[test]
fn a_silent_client_ends_after_its_keep_alive_and_a_pinging_one_stays() {
    let broker = TestBroker::start();
    let mut silent = Client::open(broker.mqtt, Protocol::V5);
    silent.send(&Packet::Connect(mqtt::codec::Connect {
        keep_alive: 1,
        ..connect(Protocol::V5, "silent")
    }));
    let mut pinging = Client::connected(
        broker.mqtt,
        &mqtt::codec::Connect {
            keep_alive: 1,
            ..connect(Protocol::V5, "pinging")
        },
    );
    assert_eq!(silent.receive().connack().code, 0);
    while !broker.access.saw(EventKind::KeepAliveTimeout) {
        pinging.ping();
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    silent.expect_end(ReasonCode::KEEP_ALIVE_TIMEOUT);
    pinging.ping();
}
