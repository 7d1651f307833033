//! The stream on WebSocket, spoken by hand over a plain socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Platform, Setup};

const DEADLINE: Duration = Duration::from_secs(60);
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PONG: u8 = 10;

struct Socket {
    stream: BufReader<TcpStream>,
}

impl Socket {
    /// The status line of the answer, and the socket that it opened.
    fn open(platform: &Platform, path: &str, headers: &[(&str, &str)]) -> (String, Self) {
        let mut stream = TcpStream::connect(platform.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            platform.address
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        let mut status = String::new();
        stream.read_line(&mut status).unwrap();
        let mut proof = None;
        let mut line = String::new();
        while stream.read_line(&mut line).unwrap() > 2 {
            if let Some(value) = line.strip_prefix("sec-websocket-accept: ") {
                proof = Some(value.trim().to_owned());
            }
            line.clear();
        }
        if status.contains(" 101 ") {
            assert_eq!(proof.as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        }
        (status, Self { stream })
    }

    fn follow(platform: &Platform, path: &str) -> Self {
        let (status, socket) = Self::open(platform, path, &[]);
        assert!(status.contains(" 101 "), "{path}: {status}");
        socket
    }

    /// Opcode and payload of the next frame.
    fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).unwrap();
        assert_eq!(
            (head[0] & 0xf0, head[1] & 0x80),
            (0x80, 0),
            "whole, without a mask"
        );
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.stream.read_exact(&mut length).unwrap();
                u64::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                self.stream.read_exact(&mut length).unwrap();
                u64::from_be_bytes(length)
            }
            short => u64::from(short),
        };
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).unwrap();
        (head[0] & 0x0f, payload)
    }

    /// The next message; pings are passed over.
    fn message(&mut self) -> Value {
        loop {
            let (opcode, payload) = self.frame();
            if opcode == TEXT {
                return serde_json::from_slice(&payload).unwrap();
            }
            assert_ne!(opcode, CLOSE, "{payload:?}");
        }
    }

    fn say(&mut self, opcode: u8, payload: &[u8]) {
        let mask = [9, 8, 7, 6];
        let mut out = vec![0x80 | opcode, 0x80 | payload.len() as u8];
        out.extend(mask);
        out.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        self.stream.get_mut().write_all(&out).unwrap();
    }
}

fn publish(platform: &Platform, value: u32) -> u64 {
    let receipt = platform.publish("dev-1", &json!({"v": {"speed": value}}));
    receipt.expect(200)["offset"].as_u64().unwrap()
}

#[test]
fn messages_are_the_events_of_the_stream() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    publish(&platform, 1);
    let mut socket = Socket::follow(&platform, "/v1/stream/ws?domain=traffic");
    let mut events = platform.stream("/v1/stream", &[]);
    let offset = publish(&platform, 2);
    let message = socket.message();
    assert_eq!(message["offset"], offset);
    assert_eq!(message, events.next().data);
    // A message of more than 64 KiB has a length of eight bytes.
    let rows: Vec<Value> = (0..1_000)
        .map(|row| json!({"t": 1_777_593_600 + row, "v": {"speed": row}}))
        .collect();
    platform.publish("dev-1", &json!(rows)).expect(200);
    assert_eq!(
        socket.message()["observations"].as_array().unwrap().len(),
        1_000
    );
}

#[test]
fn it_resumes_after_the_last_offset_and_goes_over_to_live() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let mut sent: Vec<u64> = (0..20).map(|value| publish(&platform, value)).collect();
    let mut socket = Socket::follow(&platform, "/v1/stream/ws?from_offset=1");
    let mut seen: Vec<u64> = (0..8)
        .map(|_| socket.message()["offset"].as_u64().unwrap())
        .collect();
    drop(socket);
    let path = format!("/v1/stream/ws?from_offset={}", seen[7] + 1);
    let mut socket = Socket::follow(&platform, &path);
    sent.extend((20..30).map(|value| publish(&platform, value)));
    while seen.len() < sent.len() {
        seen.push(socket.message()["offset"].as_u64().unwrap());
    }
    assert_eq!(seen, sent);
}

#[test]
fn pings_are_answered_and_a_close_is_returned() {
    let platform = Platform::start();
    let mut socket = Socket::follow(&platform, "/v1/stream/ws");
    socket.say(TEXT, b"hello");
    socket.say(9, b"there?");
    assert_eq!(socket.frame(), (PONG, b"there?".to_vec()));
    socket.say(CLOSE, &[3, 232]);
    assert_eq!(socket.frame(), (CLOSE, vec![3, 232]));
    assert_eq!(socket.stream.read(&mut [0]).unwrap(), 0);

    let mut rude = Socket::follow(&platform, "/v1/stream/ws");
    rude.stream.get_mut().write_all(&[0x81, 1, b'x']).unwrap();
    assert_eq!(rude.frame(), (CLOSE, vec![3, 234]));
}

#[test]
fn it_ends_with_the_platform_and_with_the_key() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let body = json!({"name": "app", "contact": "dev@example.com"});
    let made = platform.post("/v1/applications", &body).expect(201);
    let key = made["key"]["key"].as_str().unwrap();
    let (status, mut keyed) = Socket::open(&platform, "/v1/stream/ws", &[("x-api-key", key)]);
    assert!(status.contains(" 101 "), "{status}");
    let path = format!(
        "/v1/applications/{}/keys/{}",
        made["id"].as_str().unwrap(),
        made["key"]["id"].as_str().unwrap()
    );
    assert_eq!(platform.operator("DELETE", &path, None).status, 204);
    publish(&platform, 1);
    assert_eq!(keyed.frame(), (CLOSE, vec![3, 233]));

    let mut socket = Socket::follow(&platform, "/v1/stream/ws");
    drop(platform);
    assert_eq!(socket.frame(), (CLOSE, vec![3, 233]));
}

#[test]
fn what_is_no_handshake_and_who_may_not_are_refused() {
    let platform = Platform::start();
    let plain = platform.get("/v1/stream/ws");
    let problem = plain.problem(400, "invalid-parameter");
    assert!(problem["detail"].as_str().unwrap().contains("WebSocket"));
    for (path, headers, status) in [
        ("/v1/stream/ws?boundary=none", vec![], " 400 "),
        ("/v1/stream/ws?from_offset=99999", vec![], " 400 "),
        ("/v1/stream/ws?nonsense=1", vec![], " 400 "),
        ("/v1/stream/ws", vec![("x-api-key", "mdk_nothing")], " 401 "),
    ] {
        let (found, _) = Socket::open(&platform, path, &headers);
        assert!(found.contains(status), "{path}: {found}");
    }
    // The operator's session, from another site's page and from the platform's.
    let body = json!({"token": platform.token});
    let opened = platform.post("/v1/session", &body);
    let cookie = opened
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let own = format!("http://{}", platform.address);
    for (origin, status) in [
        ("https://elsewhere.example", " 403 "),
        (own.as_str(), " 101 "),
    ] {
        let headers = [("cookie", cookie), ("origin", origin)];
        let (found, _) = Socket::open(&platform, "/v1/stream/ws", &headers);
        assert!(found.contains(status), "{origin}: {found}");
    }
}

#[test]
fn a_gap_is_told_here_too() {
    let platform = Platform::set_up(Setup {
        segment_bytes: 2 << 20,
        log_budget_bytes: 0,
        flush_rows: 10_000,
        ..Setup::default()
    });
    platform.public_device("dev-1", "safety.air");
    let text = "x".repeat(240);
    let waiting = std::time::Instant::now();
    let mut sent = 0;
    let gap = loop {
        assert!(waiting.elapsed() < DEADLINE, "{sent} messages and no gap");
        for _ in 0..20 {
            let rows: Vec<Value> = (0..200)
                .map(|row| json!({"t": 1_777_593_600 + sent * 200 + row, "v": {"firmware": text}}))
                .collect();
            platform.publish("dev-1", &json!(rows)).expect(200);
            sent += 1;
        }
        let first =
            Socket::follow(&platform, "/v1/stream/ws?from_offset=1&model=safety.air").message();
        if !first["gap"].is_null() {
            break first["gap"].clone();
        }
    };
    assert_eq!(gap["from_offset"], 1);
    assert_eq!(gap["datastreams"], "/v1/datastreams?model=safety.air");
    let to = gap["to_offset"].as_u64().unwrap();
    let fill = gap["fill"].as_str().unwrap();
    assert!(fill.contains(&format!("to_offset={to}")), "{fill}");
    // After the gap the stream goes on where the log begins.
    let path = format!("/v1/stream/ws?from_offset={to}");
    let next = Socket::follow(&platform, &path).message();
    assert!(
        next["offset"].as_u64().is_some_and(|offset| offset >= to) || !next["gap"].is_null(),
        "{next}"
    );
}
