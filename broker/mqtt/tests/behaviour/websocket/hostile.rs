//! Hostile input on the WebSocket and TLS doors: nobody else notices, nothing
//! grows, and it is recorded.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::Duration;

use mqtt::Config;
use mqtt::codec::{Packet, Properties, Publish, Qos};
use transport::{EventKind, Protocol};

use crate::connecting::tls;
use crate::harness::client::{connect, telemetry};
use crate::harness::{TestBroker, until};
use crate::websocket::client::{
    BINARY, CONTINUED, FrameClient, PING, PONG, REQUEST, TEXT, frame, log_in, tcp,
};

#[test]
fn frames_that_are_not_allowed_end_the_connection_with_their_code() {
    let broker = TestBroker::start();
    let too_long = [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let faults: [(Vec<u8>, u16); 6] = [
        (frame(TEXT, true, b"hello"), 1003),
        (vec![0x82, 2, 0xc0, 0], 1002),
        (vec![0xc2, 0x80, 0, 0, 0, 0], 1002),
        (frame(CONTINUED, true, &[0xc0, 0]), 1002),
        (frame(PING, true, &[0; 126]), 1002),
        ([too_long.as_slice(), &[0; 4]].concat(), 1009),
    ];
    let served = FrameClient::connected(broker.ws, "served");
    for (bytes, code) in &faults {
        for mut client in [
            FrameClient::open(broker.ws),
            FrameClient::connected(broker.ws, "d"),
        ] {
            client.send_bytes(bytes);
            client.expect_close(*code);
        }
    }
    broker.until_stats("the others are gone", |stats| {
        stats.listeners.iter().map(|it| it.connections).sum::<u64>() == 1
    });
    drop(served);
}

#[test]
fn what_was_published_before_a_fault_is_kept() {
    let broker = TestBroker::start();
    let mut client = FrameClient::connected(broker.ws, "d");
    let publish = frame(BINARY, true, &publish("d", b"before"));
    client.send_bytes(&[publish, frame(TEXT, true, b"x")].concat());
    client.expect_close(1003);
    until("it is durable", || {
        broker.sink.committed.load(Ordering::Relaxed) == 1
    });
    assert_eq!(broker.sink.payloads(), ["before"]);
}

fn publish(id: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packet = Packet::Publish(Publish {
        duplicate: false,
        qos: Qos::AtLeastOnce,
        retain: false,
        topic: &telemetry(id),
        packet_id: 1,
        properties: Properties::NONE,
        payload,
    });
    mqtt::codec::encode(&packet, Protocol::V5, &mut bytes);
    bytes
}

#[test]
fn a_remaining_length_beyond_the_frame_waits_for_the_rest() {
    let broker = TestBroker::start();
    let mut client = FrameClient::connected(broker.ws, "d");
    let packet = publish("d", &[b'p'; 5_000]);
    let (begun, rest) = packet.split_at(40);
    client.send(BINARY, begun);
    // The frame is over, the packet is not: nothing may be read beyond it.
    client.send(PING, b"");
    assert_eq!(client.receive(), (PONG, Vec::new()));
    assert!(broker.sink.messages.lock().is_empty());
    client.send(BINARY, rest);
    assert_eq!(client.receive().1[0], 0x40);
    assert_eq!(broker.sink.messages.lock()[0].payload, [b'p'; 5_000]);
}

#[test]
fn a_packet_that_never_comes_whole_is_no_packet() {
    let broker = TestBroker::start();
    let mut client = FrameClient::connected(broker.ws, "d");
    client.send(BINARY, &publish("d", &[b'p'; 5_000])[..40]);
    drop(client);
    broker.until_stats("it is gone", |_| broker.handle.connection("d").is_none());
    assert!(broker.sink.messages.lock().is_empty());
}

#[test]
fn a_length_that_is_no_length_ends_the_connection() {
    let broker = TestBroker::start();
    let mut client = FrameClient::connected(broker.ws, "d");
    client.send(BINARY, &[0x30, 0xff, 0xff, 0xff, 0xff, 0xff]);
    let (opcode, disconnect) = client.receive();
    assert_eq!((opcode, disconnect[0], disconnect[2]), (BINARY, 0xe0, 0x81));
    client.expect_close(1000);
}

#[test]
fn a_huge_packet_before_connect_is_not_waited_for() {
    let broker = TestBroker::start();
    let mut client = FrameClient::open(broker.ws);
    client.send(BINARY, &[0x10, 0xff, 0xff, 0xff, 0x7f]);
    client.expect_close(1000);
    until("it is recorded", || {
        broker.access.saw(EventKind::ProtocolError)
    });
}

#[test]
fn pings_that_are_sent_without_reading_do_not_pile_up() {
    let broker = TestBroker::start();
    let mut client = FrameClient::connected(broker.ws, "d");
    let ping = frame(PING, true, &[b'p'; 125]);
    let pings = ping.repeat(1_000);
    for _ in 0..200 {
        client.send_bytes(&pings);
    }
    client.send(PING, b"the last");
    client.send(BINARY, &[0xc0, 0]);
    let (mut pongs, mut last) = (0, Vec::new());
    loop {
        match client.receive() {
            (PONG, payload) => {
                pongs += 1;
                last = payload;
            }
            (opcode, response) => {
                assert_eq!((opcode, response), (BINARY, vec![0xd0, 0]));
                break;
            }
        }
    }
    assert!((1..=200_001).contains(&pongs));
    assert_eq!(last, b"the last");
}

fn until_closed(mut stream: TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut said);
    said
}

#[test]
fn a_request_that_comes_slowly_ends_at_the_deadline() {
    let config = Config {
        connect_deadline: Duration::from_millis(600),
        ..Config::default()
    };
    let broker = TestBroker::with(config);
    let mut stream = tcp(broker.ws);
    for byte in REQUEST.as_bytes() {
        if stream.write_all(&[*byte]).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(until_closed(stream).is_empty());
    until("it is recorded", || {
        broker.access.saw(EventKind::ConnectTimeout)
    });
    assert_eq!(broker.total(|listener| listener.handshakes), 0);
}

/// The deadline runs from the first byte of TCP, not anew from each layer.
#[test]
fn a_web_socket_without_connect_ends_at_the_deadline() {
    let config = Config {
        connect_deadline: Duration::from_millis(300),
        ..Config::default()
    };
    let broker = TestBroker::with(config);
    let mut client = FrameClient::open(broker.ws);
    client.send(PING, b"");
    assert_eq!(client.receive().0, PONG);
    client.expect_close(1000);
    until("it is recorded", || {
        broker.access.saw(EventKind::ConnectTimeout)
    });
}

#[test]
fn a_head_without_end_and_one_with_bytes_after_it_are_refused() {
    let broker = TestBroker::start();
    let mut stream = tcp(broker.ws);
    let line = format!("X: {}\r\n", "y".repeat(1_000));
    stream.write_all(b"GET /mqtt HTTP/1.1\r\n").unwrap();
    for _ in 0..20 {
        if stream.write_all(line.as_bytes()).is_err() {
            break;
        }
    }
    assert!(until_closed(stream).starts_with(b"HTTP/1.1 431 "));

    let mut stream = tcp(broker.ws);
    let early = [REQUEST.as_bytes(), &frame(BINARY, true, &[0xc0, 0])].concat();
    stream.write_all(&early).unwrap();
    assert!(until_closed(stream).starts_with(b"HTTP/1.1 400 "));

    // MQTT on the WebSocket port.
    let mut stream = tcp(broker.ws);
    let mut bytes = Vec::new();
    connect(Protocol::V5, "d").encode(&mut bytes);
    bytes.extend_from_slice(b"\r\n\r\n");
    stream.write_all(&bytes).unwrap();
    assert!(until_closed(stream).starts_with(b"HTTP/1.1 400 "));
}

/// On every port whose connections begin with a handshake.
fn doors(broker: &TestBroker) -> [SocketAddr; 3] {
    [broker.ws, broker.wss.unwrap(), broker.mqtts.unwrap()]
}

fn everybody_is_served(broker: &TestBroker, certificate: &tls::Certificate) {
    log_in(tcp(broker.ws), "ws").ping();
    let trusting = tls::trusting(certificate);
    log_in(tls::stream(broker.wss.unwrap(), &trusting), "wss").ping();
    tls::client(broker.mqtts.unwrap(), certificate, "mqtts").ping();
    broker.device("mqtt").ping();
}

#[test]
fn silent_connections_hold_nobody_up() {
    let (certificate, server) = tls::certificate();
    let broker = TestBroker::with_tls(Config::default(), Some(server));
    let silent: Vec<_> = doors(&broker).into_iter().map(tcp).collect();
    everybody_is_served(&broker, &certificate);
    drop(silent);
}

#[test]
fn a_flood_of_handshakes_lets_others_through() {
    let (certificate, server) = tls::certificate();
    let config = Config {
        handshakes_in_flight: 8,
        ..Config::default()
    };
    let broker = TestBroker::with_tls(config, Some(server));
    let half_a_hello = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01];
    let flood: Vec<TcpStream> = (0..10)
        .flat_map(|_| doors(&broker))
        .map(|address| {
            let mut stream = tcp(address);
            let _ = stream.write_all(&half_a_hello);
            stream
        })
        .collect();
    everybody_is_served(&broker, &certificate);
    assert!(broker.total(|listener| listener.handshakes) <= 8);
    drop(flood);
}
