//! What the operator sees, and how the broker stops.

use std::net::TcpListener;
use std::time::Duration;

use mqtt::codec::{Qos, ReasonCode};
use mqtt::{BoundListener, Broker, Config, StartError};
use transport::{Listener, Protocol};

use crate::harness::client::{Client, telemetry};
use crate::harness::{DEADLINE, TestBroker};

/// Waits for the last worker.
pub(crate) fn stopped(broker: &TestBroker) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ended = broker.handle.clone().stopped();
    runtime.block_on(async { tokio::time::timeout(DEADLINE, ended).await.unwrap() });
}

#[test]
fn stopping_acknowledges_what_was_received_and_says_why() {
    let broker = TestBroker::start();
    broker.sink.hold();
    let mut publishing = broker.device("publishing");
    let mut idle = broker.device("idle");
    let mut v311 = Client::v311(broker.mqtt, "v311");
    publishing.publish(&telemetry("publishing"), 1, b"last");
    broker.sink.until_staged(1);
    broker.stop();
    idle.expect_end(ReasonCode::SERVER_SHUTTING_DOWN);
    v311.expect_closed();
    broker.sink.release();
    assert_eq!(publishing.receive().puback().packet_id, 1);
    publishing.expect_end(ReasonCode::SERVER_SHUTTING_DOWN);
    stopped(&broker);
    TcpListener::bind(broker.mqtt).unwrap();
}

#[test]
fn stopping_does_not_wait_for_ever() {
    let broker = TestBroker::with(Config {
        drain: Duration::from_millis(200),
        ..Config::default()
    });
    broker.sink.hold();
    let mut client = broker.device("d");
    client.publish(&telemetry("d"), 1, b"never durable");
    broker.sink.until_staged(1);
    broker.stop();
    stopped(&broker);
    client.expect_closed();
}

#[test]
fn a_connection_is_described() {
    let broker = TestBroker::start();
    assert!(broker.handle.connection("d").is_none());
    let mut client = Client::v311(broker.mqtt, "d");
    client.subscribe("open/#", Qos::AtMostOnce);
    client.publish(&telemetry("d"), 1, b"x");
    client.receive();
    let info = broker.handle.connection("d").unwrap();
    assert_eq!(info.peer, client.stream.local_addr().unwrap());
    assert_eq!(
        (info.listener, info.protocol),
        (Listener::Mqtt, Protocol::V311)
    );
    assert_eq!(
        (&*info.client_id, info.keep_alive, info.messages_in),
        ("d", 0, 1)
    );
    let stats = broker.handle.stats();
    let listener = &stats.listeners[0];
    assert_eq!(
        (listener.connections, listener.connects, listener.handshakes),
        (1, 1, 0)
    );
    assert_eq!((listener.messages_in, listener.acknowledged), (1, 1));
    assert!(listener.bytes_in > 0 && listener.bytes_out > 0);
    assert_eq!(
        (listener.listener, listener.address),
        (Listener::Mqtt, broker.mqtt)
    );
}

#[test]
fn a_listener_of_another_kind_or_without_its_certificate_is_refused() {
    for kind in [Listener::Coap, Listener::Mqtts] {
        let sockets = mqtt::bind("127.0.0.1:0".parse().unwrap(), 1).unwrap();
        let listener = BoundListener {
            kind,
            sockets,
            tls: None,
        };
        let started = Broker::start(
            Config {
                workers: 1,
                ..Config::default()
            },
            &std::sync::Arc::new(crate::harness::TestServices::default()),
            vec![listener],
            std::future::pending(),
        );
        match started {
            Err(StartError::Listener(it) | StartError::Tls(it)) => assert_eq!(it, kind),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("{kind:?} was served"),
        }
    }
}
