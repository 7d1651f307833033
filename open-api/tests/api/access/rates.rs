//! Streams that are not read, and rates of logins and new applications: others
//! are answered. What holds of every connection, `http_edge` shows.

use std::time::{Duration, Instant};

use http_edge::limits::HttpLimits;
use serde_json::json;

use crate::harness::{Platform, Setup};
use crate::peer::{DEADLINE, Peer};

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
