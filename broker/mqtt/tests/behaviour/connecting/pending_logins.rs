//! Whoever has not logged in shares by address, and an account has so many
//! connections: what is refused is the newcomer.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use mqtt::Config;
use mqtt::codec::{Connect, ReasonCode};
use socket2::{Domain, Socket, Type};
use transport::{EventKind, Protocol};

use crate::harness::client::{Client, connect};
use crate::harness::{DEADLINE, TestBroker, until};

/// From another address of this machine.
fn from(address: [u8; 4], broker: SocketAddr) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((address, 0)).into()).unwrap();
    socket.connect(&broker.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    Client::over(stream, Protocol::V5)
}

fn is_served(client: &mut Client, id: &str) {
    let mut bytes = Vec::new();
    connect(Protocol::V5, id).encode(&mut bytes);
    client.send_bytes(&bytes);
    assert_eq!(client.receive().connack().code, 0);
    client.ping();
}

#[test]
fn of_one_address_only_so_many_wait_to_log_in() {
    let broker = TestBroker::with(Config {
        pending_logins_per_address: 5,
        connect_deadline: Duration::from_secs(3_600),
        ..Config::default()
    });
    let served: Vec<_> = (0..10).map(|n| broker.device(&format!("d{n}"))).collect();
    let silent: Vec<_> = (0..5).map(|_| from([127, 0, 0, 9], broker.mqtt)).collect();
    broker.until_stats("they are here", |stats| stats.listeners[0].handshakes == 5);
    let mut sixth = from([127, 0, 0, 9], broker.mqtt);
    sixth.expect_closed();
    // Others are let in, and who was served stays.
    is_served(&mut from([127, 0, 0, 10], broker.mqtt), "other");
    broker.device("neighbour").ping();
    for mut client in served {
        client.ping();
    }
    drop(silent);
    broker.until_stats("they are gone", |stats| stats.listeners[0].handshakes == 0);
    is_served(&mut from([127, 0, 0, 9], broker.mqtt), "late");
}

#[test]
fn the_handshakes_of_one_address_are_a_part_of_all() {
    let broker = TestBroker::with(Config {
        handshakes_per_address: 2,
        connect_deadline: Duration::from_secs(2),
        ..Config::default()
    });
    let silent: Vec<_> = (0..6).map(|_| from([127, 0, 0, 9], broker.mqtt)).collect();
    // Whoever comes after them from there waits until they have given up...
    let mut late = from([127, 0, 0, 9], broker.mqtt);
    let mut bytes = Vec::new();
    connect(Protocol::V5, "late").encode(&mut bytes);
    late.send_bytes(&bytes);
    // ...and whoever comes from elsewhere does not.
    is_served(&mut from([127, 0, 0, 10], broker.mqtt), "other");
    // Pairs give up one after another; who waits too long is closed, and comes
    // again.
    until("it is served", || {
        if let Some(received) = late.try_receive() {
            return received.connack().code == 0;
        }
        late = from([127, 0, 0, 9], broker.mqtt);
        late.send_bytes(&bytes);
        false
    });
    drop(silent);
}

#[test]
fn an_account_has_so_many_connections() {
    let broker = TestBroker::with(Config {
        sessions_per_account: 3,
        ..Config::default()
    });
    let wish = |protocol, client_id| Connect {
        client_id,
        ..connect(protocol, "one")
    };
    let mut standing: Vec<_> = ["a", "b", "c"]
        .map(|id| Client::connected(broker.mqtt, &wish(Protocol::V5, id)))
        .into();
    for (protocol, code) in [
        (Protocol::V5, ReasonCode::QUOTA_EXCEEDED.0),
        (Protocol::V311, 3),
    ] {
        let mut fourth = Client::open(broker.mqtt, protocol);
        let mut bytes = Vec::new();
        wish(protocol, "d").encode(&mut bytes);
        fourth.send_bytes(&bytes);
        assert_eq!(fourth.receive().connack().code, code);
        fourth.expect_closed();
    }
    assert!(broker.access.saw(EventKind::Refused));
    broker.device("other").ping();
    standing.iter_mut().for_each(Client::ping);
    // One that comes back takes its own place.
    let mut again = Client::connected(broker.mqtt, &wish(Protocol::V5, "a"));
    again.ping();
    drop(standing);
    drop(again);
    broker.until_stats("they are gone", |stats| stats.listeners[0].connections == 0);
    until("a place is free", || {
        let mut client = Client::open(broker.mqtt, Protocol::V5);
        let mut bytes = Vec::new();
        wish(Protocol::V5, "d").encode(&mut bytes);
        client.send_bytes(&bytes);
        client.receive().connack().code == 0
    });
}
