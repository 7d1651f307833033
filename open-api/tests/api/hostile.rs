//! Peers that use up what whoever comes can use up: connections, handshakes,
//! frames, and the memory of what they do not read. Others are answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use open_api::HttpLimits;
use serde_json::json;

use crate::harness::{Platform, Setup};
use crate::peer::{DEADLINE, Peer};
use crate::tls::{agent, certificate};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn limited(limits: HttpLimits) -> Platform {
    Platform::set_up(Setup {
        limits,
        ..Setup::default()
    })
}

/// One figure of `/metrics`.
fn figure(platform: &Platform, name: &str) -> u64 {
    let text = platform.get("/metrics").text;
    let line = text.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

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
    let platform = limited(HttpLimits {
        first_request: Duration::from_millis(500),
        ..HttpLimits::default()
    });
    let settings = [PREFACE, &frame(4, 0, 0, &[])].concat();
    for said in [
        &b""[..],
        b"P",
        &PREFACE[..12],
        PREFACE,
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n",
        &settings,
    ] {
        let mut peer = Peer::of(platform.address);
        peer.say(said);
        assert!(
            peer.ends_within(DEADLINE / 2),
            "{:?}",
            String::from_utf8_lossy(said)
        );
    }
    assert_eq!(platform.get("/healthz").status, 200);
}

#[test]
fn who_has_asked_once_is_left_when_it_asks_no_more() {
    let platform = limited(HttpLimits {
        next_request: Duration::from_millis(500),
        ..HttpLimits::default()
    });
    let mut first = Peer::of(platform.address);
    assert_eq!(first.get("/healthz", &[]).status, 200);
    assert!(first.ends_within(DEADLINE / 2), "HTTP/1.1");
    let mut second = Peer::of(platform.address);
    second.say([PREFACE, &frame(4, 0, 0, &[]), &get_frame(1, "/healthz")].concat());
    assert!(second.ends_within(DEADLINE / 2), "HTTP/2");
}

#[test]
fn the_idlest_gives_way_to_a_newcomer() {
    let platform = limited(HttpLimits {
        connections: 64,
        ..HttpLimits::default()
    });
    let silent: Vec<Peer> = (0..300).map(|_| Peer::of(platform.address)).collect();
    // Half a body is no request either, for whoever waits.
    let slow: Vec<Peer> = (0..100)
        .map(|_| {
            let mut peer = Peer::of(platform.address);
            peer.say("POST /v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{");
            peer
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(platform.get("/healthz").status, 200);
    }
    assert!(figure(&platform, "madang_http_connections ") <= 64);
    assert!(
        figure(
            &platform,
            "madang_http_connections_total{outcome=\"gave-way\"}"
        ) >= 300
    );
    drop((silent, slow));
}

#[test]
fn an_address_that_takes_many_takes_its_own() {
    let platform = limited(HttpLimits {
        connections: 100,
        connections_an_address: 20,
        ..HttpLimits::default()
    });
    // The oldest of all, and from another address.
    let mut kept = Peer::of(platform.address);
    assert_eq!(kept.get("/healthz", &[]).status, 200);
    let many: Vec<Peer> = (0..300)
        .map(|_| Peer::from("127.0.0.2:0", platform.address, None))
        .collect();
    assert_eq!(platform.get("/healthz").status, 200);
    assert_eq!(kept.get("/healthz", &[]).status, 200);
    assert!(figure(&platform, "madang_http_connections ") <= 40);
    drop(many);
}

#[test]
fn silent_handshakes_give_way_to_those_who_speak() {
    for of_address in [1_000, 4] {
        let (config, root) = certificate();
        let platform = Platform::set_up(Setup {
            tls: Some(Arc::new(ArcSwap::from_pointee(config))),
            limits: HttpLimits {
                handshakes: 16,
                handshakes_an_address: of_address,
                handshake_age: Duration::from_millis(50),
                ..HttpLimits::default()
            },
            ..Setup::default()
        });
        let silent: Vec<Peer> = (0..100)
            .map(|_| Peer::from("127.0.0.3:0", platform.address, None))
            .collect();
        let url = format!("https://localhost:{}/healthz", platform.address.port());
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
    let platform = Platform::start();
    let flood = |one: Vec<u8>| {
        let mut peer = Peer::of(platform.address);
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
    assert!(
        figure(
            &platform,
            "madang_http_connections_total{outcome=\"flood\"}"
        ) >= 5
    );
}

#[test]
fn requests_that_are_taken_back_end_their_connection() {
    let platform = Platform::start();
    let mut peer = Peer::of(platform.address);
    peer.say([PREFACE, &frame(4, 0, 0, &[])].concat());
    for number in 0..2_000_u32 {
        let stream = number * 2 + 1;
        let mut both = get_frame(stream, "/v1/latest");
        both.extend(frame(3, 0, stream, &[0, 0, 0, 8]));
        peer.say(both);
    }
    assert!(peer.ends_within(DEADLINE / 2));
    assert_eq!(platform.get("/healthz").status, 200);
}

#[test]
fn who_asks_much_over_http2_is_answered() {
    let platform = Platform::start();
    let mut peer = Peer::of(platform.address);
    peer.say([PREFACE, &frame(4, 0, 0, &[])].concat());
    let mut seen = Vec::new();
    for number in 0..400_u32 {
        let stream = number * 2 + 1;
        let mut one = get_frame(stream, "/healthz");
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

/// A device with much to tell: about `megabytes` as a stream writes it.
pub(crate) fn talkative(platform: &Platform, megabytes: usize) {
    platform.public_device("dev-1", "safety.air");
    let text = "x".repeat(240);
    for message in 0..megabytes * 16 {
        let rows: Vec<_> = (0..200)
            .map(|row| json!({"t": 1_777_593_600 + message * 200 + row, "v": {"firmware": text}}))
            .collect();
        platform.publish("dev-1", &json!(rows)).expect(200);
    }
}

#[test]
fn streams_that_nobody_reads_share_a_bound() {
    const BOUND: usize = 1 << 20;
    let platform = limited(HttpLimits {
        unsent_bytes: BOUND,
        ..HttpLimits::default()
    });
    talkative(&platform, 8);
    let silent: Vec<Peer> = (0..60)
        .map(|_| {
            let mut peer = Peer::from("127.0.0.4:0", platform.address, Some(4_096));
            peer.say("GET /v1/stream?from_offset=1 HTTP/1.1\r\nhost: x\r\n\r\n");
            peer
        })
        .collect();
    let waits = || figure(&platform, "madang_http_unsent_bytes ");
    eventually("something waits for them", || waits() > BOUND as u64 / 2);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        let waits = waits();
        assert!(waits <= BOUND as u64, "{waits} bytes wait");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Who reads has everything, whatever waits for others.
    let mut reader = platform.stream("/v1/stream?from_offset=1", &[]);
    let offsets: Vec<u64> = (0..8 * 16).map(|_| reader.next().id.unwrap()).collect();
    assert!(offsets.is_sorted(), "{offsets:?}");
    drop(silent);
}

#[test]
fn replies_that_nobody_takes_give_way() {
    const BOUND: usize = 4 << 20;
    let platform = limited(HttpLimits {
        unsent_bytes: BOUND,
        ..HttpLimits::default()
    });
    talkative(&platform, 1);
    let datastream = platform.datastream("dev-1", "firmware");
    let path = format!("/v1/datastreams/{datastream}/observations?limit=3000");
    let length = platform.get(&path).text.len();
    assert!(length > 512 << 10, "a long reply: {length}");
    let hoarders: Vec<Peer> = (0..BOUND / length * 3)
        .map(|_| {
            let mut peer = Peer::from("127.0.0.5:0", platform.address, Some(4_096));
            peer.say(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
            peer
        })
        .collect();
    eventually("the reply of one who reads", || {
        assert!(figure(&platform, "madang_http_unsent_bytes ") <= BOUND as u64);
        platform.get(&path).status == 200
    });
    eventually("room for all again", || {
        (0..8).all(|_| platform.get(&path).status == 200)
    });
    drop(hoarders);
}

#[test]
fn who_takes_nothing_is_left() {
    let platform = limited(HttpLimits {
        stalled: Duration::from_millis(700),
        ..HttpLimits::default()
    });
    talkative(&platform, 1);
    let datastream = platform.datastream("dev-1", "firmware");
    let path = format!("/v1/datastreams/{datastream}/observations?limit=3000");
    let mut plain = Peer::from("127.0.0.6:0", platform.address, Some(4_096));
    plain.say(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
    // A window of no byte: the socket takes all that is written to it.
    let window = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let mut second = Peer::from("127.0.0.6:0", platform.address, None);
    second.say([PREFACE, &window, &get_frame(1, "/healthz")].concat());
    eventually("both are left", || {
        figure(&platform, "madang_http_connections ") <= 1
    });
    drop((plain, second));
}

#[test]
fn a_login_has_a_quota_of_its_own() {
    let few = |number| std::num::NonZeroU32::new(number).unwrap();
    let platform = Platform::set_up(Setup {
        quotas: open_api::Quotas {
            anonymous_a_minute: few(2),
            logins_a_minute: few(4),
            ..open_api::Quotas::default()
        },
        ..Setup::default()
    });
    for _ in 0..2 {
        platform.get("/v1/latest").expect(200);
    }
    platform.get("/v1/latest").problem(429, "quota-exceeded");
    // Who has read all that an address may can still log in.
    platform
        .post("/v1/session", &json!({"token": platform.token}))
        .expect(201);
    for _ in 0..3 {
        platform
            .post("/v1/session", &json!({"token": "mdo_wrong"}))
            .problem(401, "unauthenticated");
    }
    platform
        .post("/v1/session", &json!({"token": platform.token}))
        .problem(429, "quota-exceeded");
}

#[test]
fn applications_have_a_rate_in_all() {
    let few = |number| std::num::NonZeroU32::new(number).unwrap();
    let platform = Platform::set_up(Setup {
        quotas: open_api::Quotas {
            applications_in_all_an_hour: few(2),
            ..open_api::Quotas::default()
        },
        trusted_proxies: "127.0.0.0/8",
        ..Setup::default()
    });
    let body = json!({"name": "app", "contact": "dev@example.com"});
    let from = |address: &str| {
        let headers = [
            ("x-forwarded-for", address),
            ("content-type", "application/json"),
        ];
        let body = Some(body.to_string().into_bytes());
        platform
            .send("POST", "/v1/applications", &headers, body)
            .status
    };
    assert_eq!(from("192.0.2.1"), 201);
    assert_eq!(from("192.0.2.2"), 201);
    assert_eq!(from("192.0.2.3"), 429);
}
