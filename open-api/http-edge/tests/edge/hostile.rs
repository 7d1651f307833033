//! Peers that use up what whoever comes can use up: connections, handshakes,
//! frames, and the memory of what they do not read. Others are answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use http_edge::limits::HttpLimits;

use crate::certificate::{agent, certificate};
use crate::harness::{LONG_BYTES, Server, eventually};
use crate::peer::{DEADLINE, Peer};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame of HTTP/2 (RFC 9113, 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A GET, in literals and the static table of HPACK (RFC 7541, appendix A).
fn get_frame(stream: u32, path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86, 0x04, path.len() as u8];
    block.extend(path.as_bytes());
    block.extend([0x01, 1, b'x']);
    frame(1, 0x5, stream, &block)
}

#[test]
fn who_never_asks_is_left_before_long() {
    let server = Server::limited(HttpLimits {
        first_request: Duration::from_millis(500),
        ..HttpLimits::default()
    });
    let settings = [PREFACE, &frame(4, 0, 0, &[])].concat();
    for said in [
        &b""[..],
        b"P",
        &PREFACE[..12],
        PREFACE,
        b"GET /short HTTP/1.1\r\nhost: x\r\n",
        &settings,
    ] {
        let mut peer = Peer::of(server.address);
        peer.say(said);
        assert!(
            peer.ends_within(DEADLINE / 2),
            "{:?}",
            String::from_utf8_lossy(said)
        );
    }
    assert_eq!(server.get("/short"), 200);
}

#[test]
fn who_has_asked_once_is_left_when_it_asks_no_more() {
    let server = Server::limited(HttpLimits {
        next_request: Duration::from_millis(500),
        ..HttpLimits::default()
    });
    let mut first = Peer::of(server.address);
    assert_eq!(first.get("/short", &[]).status, 200);
    assert!(first.ends_within(DEADLINE / 2), "HTTP/1.1");
    let mut second = Peer::of(server.address);
    second.say([PREFACE, &frame(4, 0, 0, &[]), &get_frame(1, "/short")].concat());
    assert!(second.ends_within(DEADLINE / 2), "HTTP/2");
}

#[test]
fn the_idlest_gives_way_to_a_newcomer() {
    let server = Server::limited(HttpLimits {
        connections: 64,
        ..HttpLimits::default()
    });
    let silent: Vec<Peer> = (0..300).map(|_| Peer::of(server.address)).collect();
    // Half a body is no request either, for whoever waits.
    let slow: Vec<Peer> = (0..100)
        .map(|_| {
            let mut peer = Peer::of(server.address);
            peer.say("POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{");
            peer
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(server.get("/short"), 200);
    }
    assert!(server.figure("madang_http_connections ") <= 64);
    assert!(server.figure("madang_http_connections_total{outcome=\"gave-way\"}") >= 300);
    drop((silent, slow));
}

#[test]
fn a_crowd_of_some_addresses_pushes_out_its_own() {
    let server = Server::limited(HttpLimits {
        connections: 64,
        ..HttpLimits::default()
    });
    // It has waited longer than the whole crowd once it asks.
    let mut slow_to_speak = Peer::of(server.address);
    let crowd: Vec<Peer> = (0..300)
        .map(|number| {
            let from = format!("127.0.0.{}:0", number % 20 + 2);
            Peer::from(&from, server.address, None)
        })
        .collect();
    assert_eq!(server.get("/short"), 200);
    assert_eq!(slow_to_speak.get("/short", &[]).status, 200);
    drop(crowd);
}

#[test]
fn an_address_that_takes_many_takes_its_own() {
    let server = Server::limited(HttpLimits {
        connections: 100,
        connections_an_address: 20,
        ..HttpLimits::default()
    });
    // The oldest of all, and from another address.
    let mut kept = Peer::of(server.address);
    assert_eq!(kept.get("/short", &[]).status, 200);
    let many: Vec<Peer> = (0..300)
        .map(|_| Peer::from("127.0.0.2:0", server.address, None))
        .collect();
    assert_eq!(server.get("/short"), 200);
    assert_eq!(kept.get("/short", &[]).status, 200);
    assert!(server.figure("madang_http_connections ") <= 40);
    drop(many);
}

#[test]
fn silent_handshakes_give_way_to_those_who_speak() {
    for of_address in [1_000, 4] {
        let (config, root) = certificate();
        let limits = HttpLimits {
            handshakes: 16,
            handshakes_an_address: of_address,
            handshake_age: Duration::from_millis(50),
            ..HttpLimits::default()
        };
        let server = Server::new(limits, Some(Arc::new(ArcSwap::from_pointee(config))));
        let silent: Vec<Peer> = (0..100)
            .map(|_| Peer::from("127.0.0.3:0", server.address, None))
            .collect();
        let url = format!("https://localhost:{}/short", server.address.port());
        for _ in 0..20 {
            // A new agent each time: a new connection, and a new handshake.
            let reply = agent(root.clone()).get(&url).call().unwrap();
            assert_eq!(reply.status(), 200);
        }
        drop(silent);
    }
}

#[test]
fn frames_that_ask_for_nothing_end_their_connection() {
    let server = Server::start();
    let flood = |one: Vec<u8>| {
        let mut peer = Peer::of(server.address);
        peer.say([PREFACE, &frame(4, 0, 0, &[])].concat());
        for _ in 0..20 {
            peer.say(one.repeat(100));
        }
        peer.ends_within(DEADLINE / 2)
    };
    assert!(flood(frame(4, 0, 0, &[])), "SETTINGS");
    assert!(flood(frame(6, 0, 0, &[7; 8])), "PING");
    assert!(flood(frame(6, 1, 0, &[7; 8])), "answers to no PING");
    assert!(flood(frame(8, 0, 0, &[0, 0, 0, 1])), "WINDOW_UPDATE");
    assert!(flood(frame(2, 0, 1, &[0, 0, 0, 0, 9])), "PRIORITY");
    assert!(flood(frame(0x77, 0, 0, &[1, 2, 3])), "of an unknown type");
    assert!(server.figure("madang_http_connections_total{outcome=\"flood\"}") >= 5);
}

#[test]
fn requests_that_are_taken_back_end_their_connection() {
    let server = Server::start();
    let mut peer = Peer::of(server.address);
    peer.say([PREFACE, &frame(4, 0, 0, &[])].concat());
    for number in 0..2_000_u32 {
        let stream = number * 2 + 1;
        let mut both = get_frame(stream, "/short");
        both.extend(frame(3, 0, stream, &[0, 0, 0, 8]));
        peer.say(both);
    }
    assert!(peer.ends_within(DEADLINE / 2));
    assert_eq!(server.get("/short"), 200);
}

#[test]
fn who_asks_much_over_http2_is_answered() {
    let server = Server::start();
    let mut peer = Peer::of(server.address);
    peer.say([PREFACE, &frame(4, 0, 0, &[])].concat());
    let mut seen = Vec::new();
    for number in 0..400_u32 {
        let stream = number * 2 + 1;
        let mut one = get_frame(stream, "/short");
        one.extend(frame(6, 0, 0, &[7; 8]));
        one.extend(frame(8, 0, 0, &[0, 0, 0, 100]));
        peer.say(one);
        // Its reply's last frame bears END_STREAM.
        let end = [&[0, 1][..], &stream.to_be_bytes()].concat();
        let start = Instant::now();
        while !seen.windows(end.len()).any(|window| window == end) {
            assert!(start.elapsed() < DEADLINE, "no end of stream {stream}");
            let mut bytes = [0; 4_096];
            let count = std::io::Read::read(&mut peer.socket, &mut bytes).unwrap();
            assert_ne!(count, 0, "ended at stream {stream}");
            seen.extend_from_slice(&bytes[..count]);
        }
        seen.clear();
    }
}

#[test]
fn replies_that_nobody_takes_give_way() {
    const BOUND: usize = 4 << 20;
    let server = Server::limited(HttpLimits {
        unsent_bytes: BOUND,
        ..HttpLimits::default()
    });
    let hoarders: Vec<Peer> = (0..BOUND / LONG_BYTES * 3)
        .map(|_| {
            let mut peer = Peer::from("127.0.0.5:0", server.address, Some(4_096));
            peer.say("GET /long HTTP/1.1\r\nhost: x\r\n\r\n");
            peer
        })
        .collect();
    eventually("the reply of one who reads", || {
        assert!(server.figure("madang_http_unsent_bytes ") <= BOUND as u64);
        server.get("/long") == 200
    });
    eventually("room for all again", || {
        (0..8).all(|_| server.get("/long") == 200)
    });
    drop(hoarders);
}

#[test]
fn who_takes_nothing_is_left() {
    let server = Server::limited(HttpLimits {
        stalled: Duration::from_millis(700),
        ..HttpLimits::default()
    });
    let mut plain = Peer::from("127.0.0.6:0", server.address, Some(4_096));
    plain.say("GET /long HTTP/1.1\r\nhost: x\r\n\r\n");
    // A window of no byte: the socket takes all that is written to it.
    let window = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let mut second = Peer::from("127.0.0.6:0", server.address, None);
    second.say([PREFACE, &window, &get_frame(1, "/short")].concat());
    eventually("both are left", || {
        server.figure("madang_http_connections ") == 0
    });
    drop((plain, second));
}
