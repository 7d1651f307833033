//! Quotas, other sites' pages, proxies.

use std::num::NonZeroU32;

use open_api::Quotas;
use serde_json::json;

use crate::harness::Platform;

fn few(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

#[test]
fn a_quota_is_told_before_it_ends_and_when() {
    let quotas = Quotas {
        anonymous_a_minute: few(3),
        ..Quotas::default()
    };
    let platform = Platform::with(quotas, "");
    for left in ["2", "1", "0"] {
        let reply = platform.get("/v1/latest");
        reply.expect(200);
        assert_eq!(reply.header("ratelimit-limit"), Some("3"));
        assert_eq!(reply.header("ratelimit-remaining"), Some(left));
        assert!(
            reply
                .header("ratelimit-reset")
                .unwrap()
                .parse::<u64>()
                .unwrap()
                <= 60
        );
    }
    let over = platform.get("/v1/latest");
    over.problem(429, "quota-exceeded");
    assert!((1..=20).contains(&over.header("retry-after").unwrap().parse::<u64>().unwrap()));
    assert_eq!(over.header("ratelimit-remaining"), Some("0"));
    // Guessing at keys goes on the same account; who has one is not touched.
    platform
        .send("GET", "/v1/latest", &[("x-api-key", "mdk_x")], None)
        .problem(429, "quota-exceeded");
    platform.operator("GET", "/v1/latest", None).expect(200);
    assert_eq!(platform.get("/healthz").status, 200);
}

#[test]
fn applications_have_a_quota_of_their_own() {
    let quotas = Quotas {
        applications_an_hour: few(2),
        ..Quotas::default()
    };
    let platform = Platform::with(quotas, "");
    let body = json!({"name": "app", "contact": "dev@example.com"});
    for _ in 0..2 {
        platform.post("/v1/applications", &body).expect(201);
    }
    platform
        .post("/v1/applications", &body)
        .problem(429, "quota-exceeded");
}

#[test]
fn an_address_is_the_callers_only_behind_a_trusted_proxy() {
    let quotas = Quotas {
        anonymous_a_minute: few(1),
        ..Quotas::default()
    };
    let from = |platform: &Platform, address: &str| {
        platform
            .send("GET", "/v1/latest", &[("x-forwarded-for", address)], None)
            .status
    };
    let trusting = Platform::with(quotas, "127.0.0.0/8");
    assert_eq!(from(&trusting, "192.0.2.1"), 200);
    assert_eq!(from(&trusting, "192.0.2.2"), 200);
    assert_eq!(from(&trusting, "192.0.2.1"), 429);
    let plain = Platform::with(quotas, "");
    assert_eq!(from(&plain, "192.0.2.1"), 200);
    assert_eq!(from(&plain, "192.0.2.2"), 429);
}

#[test]
fn preflight_on_public_reads_always_passes() {
    let platform = Platform::start();
    let headers = [
        ("origin", "https://any.example"),
        ("access-control-request-method", "GET"),
        (
            "access-control-request-headers",
            "authorization,last-event-id",
        ),
    ];
    for path in [
        "/v1/latest",
        "/v1/stream?domain=traffic",
        "/v1/datastreams/7/observations",
        "/v1/models",
        "/v1/platform",
    ] {
        let reply = platform.send("OPTIONS", path, &headers, None);
        assert_eq!(reply.status, 204, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        let allowed = reply.header("access-control-allow-headers").unwrap();
        assert!(allowed.contains("authorization") && allowed.contains("last-event-id"));
        assert!(
            !reply
                .header("access-control-allow-methods")
                .unwrap()
                .contains("POST")
        );
    }
    for path in ["/v1/devices", "/v1/session", "/v1/applications"] {
        let reply = platform.send("OPTIONS", path, &headers, None);
        assert_eq!(reply.header("access-control-allow-origin"), None, "{path}");
        assert_eq!(reply.status, 405, "{path}");
    }
    let read = platform.send(
        "GET",
        "/v1/latest",
        &[("origin", "https://any.example")],
        None,
    );
    assert_eq!(read.header("access-control-allow-origin"), Some("*"));
    let wrong = platform.send(
        "GET",
        "/v1/latest?limit=x",
        &[("origin", "https://any.example")],
        None,
    );
    assert_eq!(wrong.header("access-control-allow-origin"), Some("*"));
}

#[test]
fn a_wrong_token_is_nobodys() {
    let platform = Platform::start();
    for value in ["Bearer mdo_wrong", "Bearer", "Basic eDp5", "Digest x"] {
        let reply = platform.send("GET", "/v1/latest", &[("authorization", value)], None);
        reply.problem(401, "unauthenticated");
        assert!(reply.header("www-authenticate").is_some());
    }
}
