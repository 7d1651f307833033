//! Developers help themselves: applications and keys.

use device_registry::{Actor, Means, Who};
use domain::{ApiKeyId, ApplicationId};
use open_api::Quotas;
use serde_json::json;

use crate::access::sessions::login;
use crate::harness::Platform;

fn application(platform: &Platform) -> (String, String) {
    let made = platform
        .post(
            "/v1/applications",
            &json!({"name": "한강 수위 알림", "contact": "dev@example.com"}),
        )
        .expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    let key = made["key"]["key"].as_str().unwrap().to_owned();
    (id, key)
}

#[test]
fn a_key_is_valid_at_once_and_shown_once() {
    let platform = Platform::start();
    let (id, key) = application(&platform);
    assert!(key.starts_with("mdk_"));
    let bearer = format!("Bearer {key}");
    for headers in [
        [("authorization", bearer.as_str())],
        [("x-api-key", key.as_str())],
    ] {
        let reply = platform.send("GET", "/v1/latest", &headers, None);
        reply.expect(200);
        assert_eq!(reply.header("ratelimit-limit"), Some("6000"));
    }
    let own = platform.send(
        "GET",
        &format!("/v1/applications/{id}"),
        &[("x-api-key", &key)],
        None,
    );
    assert_eq!(own.expect(200)["keys"][0]["kind"], "secret");
    assert!(!own.text.contains(&key));
    platform
        .get(&format!("/v1/applications/{id}"))
        .problem(401, "unauthenticated");
    let (_, other) = application(&platform);
    platform
        .send(
            "GET",
            &format!("/v1/applications/{id}"),
            &[("x-api-key", &other)],
            None,
        )
        .problem(404, "not-found");
    platform
        .send("GET", "/v1/devices", &[("x-api-key", &key)], None)
        .problem(403, "forbidden");
}

#[test]
fn keys_rotate_and_end() {
    let platform = Platform::start();
    let (id, first) = application(&platform);
    let path = format!("/v1/applications/{id}/keys");
    let headers = [
        ("x-api-key", first.as_str()),
        ("content-type", "application/json"),
    ];
    let body = || Some(json!({"kind": "secret"}).to_string().into_bytes());
    let second = platform.send("POST", &path, &headers, body()).expect(201);
    platform
        .send("POST", &path, &headers, body())
        .problem(409, "conflict");
    let second = second["key"].as_str().unwrap().to_owned();
    let keys = platform
        .send("GET", &path, &[("x-api-key", &second)], None)
        .expect(200);
    let first_id = keys["items"][0]["id"].as_str().unwrap();
    let ended = platform.send(
        "DELETE",
        &format!("{path}/{first_id}"),
        &[("x-api-key", &second)],
        None,
    );
    assert_eq!(ended.status, 204, "{}", ended.text);
    platform
        .send("GET", "/v1/latest", &[("x-api-key", &first)], None)
        .problem(401, "unauthenticated");
    platform
        .send("GET", "/v1/latest", &[("x-api-key", &second)], None)
        .expect(200);
    platform
        .send("POST", &path, &headers, body())
        .problem(401, "unauthenticated");
}

#[test]
fn a_browsers_key_is_bound_to_its_origins() {
    let platform = Platform::start();
    let (id, secret) = application(&platform);
    let path = format!("/v1/applications/{id}/keys");
    let headers = [
        ("x-api-key", secret.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({"kind": "publishable", "origins": ["https://app.example"]});
    let made = platform
        .send("POST", &path, &headers, Some(body.to_string().into_bytes()))
        .expect(201);
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("mdk_pub_"));

    let url = format!("/v1/latest?limit=1&key={key}");
    let good = platform.send("GET", &url, &[("origin", "https://app.example")], None);
    good.expect(200);
    assert_eq!(
        good.header("access-control-allow-origin"),
        Some("https://app.example")
    );
    assert!(!good.text.contains(key));
    platform
        .send("GET", &url, &[("origin", "https://evil.example")], None)
        .problem(403, "forbidden");
    platform.get(&url).problem(403, "forbidden");
    // It reads, and does nothing else.
    let write = [
        ("x-api-key", key),
        ("origin", "https://app.example"),
        ("content-type", "application/json"),
    ];
    platform
        .send(
            "POST",
            &path,
            &write,
            Some(b"{\"kind\":\"secret\"}".to_vec()),
        )
        .problem(403, "forbidden");
    // A secret key does not belong into a URL.
    platform
        .get(&format!("/v1/latest?key={secret}"))
        .problem(401, "unauthenticated");
}

#[test]
fn a_mistyped_key_is_told() {
    let platform = Platform::start();
    let (_, key) = application(&platform);
    let mut typo = key;
    typo.pop();
    for wrong in [typo.as_str(), "mdk_", "mdk_pub_x", "mdk_unheard_of_key"] {
        platform
            .send("GET", "/v1/latest", &[("x-api-key", wrong)], None)
            .problem(401, "unauthenticated");
    }
    platform
        .post("/v1/applications", &json!({"name": "", "contact": "x"}))
        .problem(400, "invalid-body");
}

#[test]
fn a_change_is_its_callers() {
    let platform = Platform::with(Quotas::default(), "127.0.0.1");
    let by = |who, means, address: &str| Actor {
        who,
        address: Some(address.parse().unwrap()),
        means,
    };
    platform.agency();
    let (id, key) = application(&platform);
    let made = platform.actors();
    let here = "127.0.0.1";
    assert_eq!(
        made,
        [
            by(Who::Operator, Means::Token, here),
            by(Who::Anonymous, Means::NoProof, here)
        ]
    );

    let keys = format!("/v1/applications/{id}/keys");
    let bearer = format!("Bearer {key}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("x-forwarded-for", "203.0.113.9"),
    ];
    let body = json!({"kind": "secret"});
    let made = platform.send("POST", &keys, &headers, Some(body.to_string().into_bytes()));
    let second = made.expect(201)["id"].as_str().unwrap().to_owned();
    let session = login(&platform);
    let headers = [
        ("cookie", session.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    platform
        .send("DELETE", &format!("{keys}/{second}"), &headers, None)
        .expect(204);

    let own = platform.operator("GET", &format!("/v1/applications/{id}"), None);
    let first = own.expect(200)["keys"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let developer = by(
        Who::Application(ApplicationId::new(id).unwrap()),
        Means::ApiKey(ApiKeyId::new(&first).unwrap()),
        "203.0.113.9",
    );
    let operator = by(Who::Operator, Means::Session, here);
    assert_eq!(platform.actors(), [developer, operator]);
}
