//! MQTT over WebSocket, plain and under TLS.

use std::io::{Read, Write};

use mqtt::Config;
use mqtt::codec::Qos;
use transport::{EventKind, Listener, Protocol};

use crate::connecting::tls;
use crate::harness::client::{Client, connect, telemetry};
use crate::harness::{TestBroker, until};
use crate::websocket::client::{
    BINARY, CLOSE, CONTINUED, FrameClient, Messages, PING, PONG, REQUEST, log_in, request, tcp,
};

const PING_REQUEST: [u8; 2] = [0xc0, 0];
const PING_RESPONSE: [u8; 2] = [0xd0, 0];

fn both_ways<S: Read + Write>(broker: &TestBroker, mut client: Client<S>, listener: Listener) {
    client.subscribe("open/#", Qos::AtMostOnce);
    let payload = vec![b'x'; 60_000];
    for id in 1..=50 {
        client.publish(&telemetry("d"), id, &payload);
        assert_eq!(client.receive().puback().packet_id, id);
    }
    assert_eq!(broker.sink.messages.lock().last().unwrap().payload, payload);
    // More than the socket's buffers hold, so that frames leave in parts.
    const MESSAGES: u32 = 3_000;
    for n in 0..MESSAGES {
        broker.publish("open/x", vec![n as u8; 4_000]);
    }
    for n in 0..MESSAGES {
        assert_eq!(client.receive().publish().payload, vec![n as u8; 4_000]);
    }
    client.ping();
    assert_eq!(broker.handle.connection("d").unwrap().listener, listener);
}

fn roomy() -> Config {
    Config {
        queue_bytes: 64 * 1024 * 1024,
        ..Config::default()
    }
}

#[test]
fn messages_go_both_ways_in_bulk() {
    let broker = TestBroker::with(roomy());
    both_ways(&broker, log_in(tcp(broker.ws), "d"), Listener::Ws);
}

#[test]
fn messages_go_both_ways_in_bulk_under_tls() {
    let (certificate, server) = tls::certificate();
    let broker = TestBroker::with_tls(roomy(), Some(server));
    let stream = tls::stream(broker.wss.unwrap(), &tls::trusting(&certificate));
    both_ways(&broker, log_in(stream, "d"), Listener::Wss);
}

#[test]
fn a_publish_beyond_the_limit_is_dropped_and_answered() {
    let broker = TestBroker::start();
    let mut client = log_in(tcp(broker.ws), "d");
    client.publish(&telemetry("d"), 1, &[b'x'; 900_000]);
    assert_eq!(client.receive().puback().packet_id, 1);
    client.publish(&telemetry("d"), 2, b"small");
    assert_eq!(client.receive().puback().packet_id, 2);
    let messages = broker.sink.messages.lock();
    let lengths: Vec<_> = messages.iter().map(|it| it.payload.len()).collect();
    assert_eq!(lengths, [256, 5]);
}

#[test]
fn packets_span_frames_and_frames_hold_several_packets() {
    let broker = TestBroker::start();
    let mut client = FrameClient::open(broker.ws);
    let mut bytes = Vec::new();
    connect(Protocol::V5, "d").encode(&mut bytes);
    for byte in &bytes {
        client.send(BINARY, &[*byte]);
    }
    assert_eq!(client.receive().1[0], 0x20);
    client.send(BINARY, &PING_REQUEST.repeat(3));
    assert_eq!(client.receive(), (BINARY, PING_RESPONSE.repeat(3)));
    // A message in fragments, with a ping between them.
    client.send_part(BINARY, false, &PING_REQUEST[..1]);
    client.send(PING, b"still there?");
    client.send_part(CONTINUED, false, &[]);
    client.send_part(CONTINUED, true, &PING_REQUEST[1..]);
    assert_eq!(client.receive(), (PONG, b"still there?".to_vec()));
    assert_eq!(client.receive(), (BINARY, PING_RESPONSE.to_vec()));
}

#[test]
fn close_is_answered_in_kind() {
    let broker = TestBroker::start();
    let mut client = FrameClient::connected(broker.ws, "d");
    let away = 1001u16.to_be_bytes();
    client.send(CLOSE, &[away.as_slice(), b"closed the page"].concat());
    assert_eq!(client.receive(), (CLOSE, away.to_vec()));
    assert_eq!(client.try_receive(), None);
    broker.until_stats("it is gone", |_| broker.handle.connection("d").is_none());
}

#[test]
fn a_refused_login_is_followed_by_a_close() {
    let broker = TestBroker::start();
    let mut client = FrameClient::open(broker.ws);
    let mut bytes = Vec::new();
    let mut login = connect(Protocol::V5, "d");
    login.password = Some(b"wrong");
    login.encode(&mut bytes);
    client.send(BINARY, &bytes);
    assert_eq!(client.receive().1[3], 0x86);
    client.expect_close(1000);
}

/// What the broker answers to a request, until it closes.
fn answer(broker: &TestBroker, request: &str) -> String {
    let mut stream = tcp(broker.ws);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn other_requests_are_answered_with_what_would_be_right() {
    let broker = TestBroker::start();
    for (from, to, status, told) in [
        ("mqtt\r\n\r\n", "chat\r\n\r\n", "400 ", "subprotocol mqtt"),
        ("GET /mqtt", "GET /admin", "404 ", "/mqtt"),
        ("GET", "PUT", "405 ", "Allow: GET"),
        (
            "Upgrade: websocket\r\n",
            "",
            "426 ",
            "the open API has another",
        ),
        (
            "Version: 13",
            "Version: 8",
            "426 ",
            "Sec-WebSocket-Version: 13",
        ),
        ("HTTP/1.1", "HTTP/1.0", "400 ", "MQTT over WebSocket"),
    ] {
        let said = answer(&broker, &REQUEST.replacen(from, to, 1));
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
        assert!(said.contains(told), "{said}");
    }
    until("each is recorded", || {
        broker.access.count(EventKind::ProtocolError) == 6
    });
    assert_eq!(broker.total(|listener| listener.unfinished), 6);
    log_in(tcp(broker.ws), "d").ping();
}

#[test]
fn the_page_that_asks_is_told_to_the_access_control() {
    let broker = TestBroker::start();
    let page = "https://app.example";
    let from_page = Messages::open(tcp(broker.ws), request().with_header("Origin", page));
    let mut client = Client::over(from_page, Protocol::V5);
    client.send(&mqtt::codec::Packet::Connect(connect(Protocol::V5, "page")));
    assert_eq!(client.receive().connack().code, 0);
    log_in(tcp(broker.ws), "program").ping();
    broker.device("device").ping();
    let origins = broker.access.origins.lock();
    assert_eq!(
        *origins,
        [
            ("page".to_owned(), Some(page.to_owned())),
            ("program".to_owned(), None),
            ("device".to_owned(), None),
        ]
    );
}

#[test]
fn a_replaced_certificate_serves_new_connections() {
    let (old, server) = tls::certificate();
    let broker = TestBroker::with_tls(Config::default(), Some(server.clone()));
    let address = broker.wss.unwrap();
    let client =
        |certificate, id: &str| log_in(tls::stream(address, &tls::trusting(certificate)), id);
    let mut standing = client(&old, "standing");
    let new = tls::pem();
    server
        .replace_pem(new.certificate.as_bytes(), new.key.as_bytes())
        .unwrap();
    client(&new.der, "new").ping();
    standing.ping();
    // Who trusts the old one only is not served any more.
    let mut refused = tls::stream(address, &tls::trusting(&old));
    assert!(refused.write_all(REQUEST.as_bytes()).is_err());
    until("it is recorded", || broker.access.saw(EventKind::TlsFailed));
}
