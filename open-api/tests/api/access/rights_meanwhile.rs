//! Rights that go while a request is on its way: between its head and its body,
//! and while a stream stands, on a platform where nothing else happens.

use std::io::Read;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::access::rates::talkative;
use crate::access::sessions::login;
use crate::harness::Platform;
use crate::peer::Peer;

/// Well below the time after which a silent stream looks up by itself.
const AT_ONCE: Duration = Duration::from_secs(8);

/// Sends a head, and waits until the platform wants the body: the caller was
/// let in.
fn begin(platform: &Platform, path: &str, headers: &[(&str, &str)], body: &Value) -> Peer {
    let mut peer = Peer::of(platform.address);
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    peer.say(format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{lines}\r\n",
        platform.address,
        body.to_string().len(),
    ));
    assert_eq!(peer.reply().status, 100, "{path}");
    peer
}

fn finish(mut peer: Peer, body: &Value) -> u16 {
    peer.say(body.to_string());
    peer.reply().status
}

/// How many bytes come until the other side ends it.
pub(crate) fn rest(peer: &mut Peer) -> usize {
    let mut bytes = vec![0; 64 * 1024];
    let mut came = 0;
    loop {
        match peer.socket.read(&mut bytes) {
            Ok(0) | Err(_) => return came,
            Ok(count) => came += count,
        }
    }
}

#[test]
fn a_device_that_is_revoked_before_its_body_is_there_stores_nothing() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let body = json!({"speed": 40});
    let basic = platform.basic("dev-1");
    let headers = [("authorization", basic.as_str())];
    let path = "/v1/devices/dev-1/telemetry";
    let peer = begin(&platform, path, &headers, &body);
    assert_eq!(finish(peer, &body), 200);

    let peer = begin(&platform, path, &headers, &json!({"speed": 41}));
    platform
        .operator("POST", "/v1/devices/dev-1/revoke", None)
        .expect(200);
    assert_eq!(finish(peer, &json!({"speed": 41})), 401);
    let latest = platform.get("/v1/latest?device=dev-1").expect(200);
    assert_eq!(latest["items"][0]["value"], 40.0, "{latest}");
}

#[test]
fn a_gateway_that_loses_its_child_before_the_body_is_there_stores_nothing() {
    let platform = Platform::start();
    let agency = platform.agency();
    platform.device("gw", &agency, "traffic.flow", &json!({}));
    platform.device("child", &agency, "traffic.flow", &json!({"gateway": "gw"}));
    let body = json!({"speed": 40});
    let basic = platform.basic("gw");
    let headers = [("authorization", basic.as_str())];
    let path = "/v1/devices/gw/children/child/telemetry";
    let peer = begin(&platform, path, &headers, &body);
    platform
        .operator("PATCH", "/v1/devices/child", Some(json!({"gateway": null})))
        .expect(200);
    assert_eq!(finish(peer, &body), 403);
    let latest = platform.operator("GET", "/v1/latest?device=child", None);
    assert_eq!(latest.expect(200)["items"], json!([]));
}

#[test]
fn who_logs_out_before_the_body_is_there_changes_nothing() {
    let platform = Platform::start();
    let cookie = login(&platform);
    let own = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    let agency = platform.agency();
    let requests = [
        ("/v1/agencies", json!({"id": "seoul", "name": "Seoul"})),
        (
            "/v1/groups",
            json!({"id": "lots", "agency": agency, "name": "주차장", "devices": []}),
        ),
    ];
    let peers = requests
        .each_ref()
        .map(|(path, body)| begin(&platform, path, &own, body));
    let left = platform.send("DELETE", "/v1/session", &own, None);
    assert_eq!(left.status, 204);
    for (peer, (path, body)) in peers.into_iter().zip(&requests) {
        assert_eq!(finish(peer, body), 401, "{path}");
    }
    let agencies = platform.operator("GET", "/v1/agencies", None).expect(200);
    assert_eq!(agencies["items"].as_array().unwrap().len(), 1);
    let groups = platform.operator("GET", "/v1/groups", None).expect(200);
    assert_eq!(groups["items"], json!([]));
}

#[test]
fn a_key_that_is_revoked_before_the_body_is_there_makes_no_other() {
    let platform = Platform::start();
    let (id, key, text) = application(&platform);
    let body = json!({"kind": "secret"});
    let path = format!("/v1/applications/{id}/keys");
    let headers = [("x-api-key", text.as_str())];
    let peer = begin(&platform, &path, &headers, &body);
    let revoke = format!("{path}/{key}");
    assert_eq!(platform.operator("DELETE", &revoke, None).status, 204);
    assert_eq!(finish(peer, &body), 401);
    let keys = platform.operator("GET", &path, None).expect(200);
    assert_eq!(keys["items"].as_array().unwrap().len(), 1);
}

/// Id, id of the key, and its text.
fn application(platform: &Platform) -> (String, String, String) {
    let body = json!({"name": "app", "contact": "dev@example.com"});
    let made = platform.post("/v1/applications", &body).expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&made["id"]),
        text(&made["key"]["id"]),
        text(&made["key"]["key"]),
    )
}

#[test]
fn a_stream_ends_with_its_session_and_with_its_key_though_nothing_happens() {
    let platform = Platform::start();
    let cookie = login(&platform);
    let own = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    let mut of_session = platform.stream("/v1/stream", &own);
    let (id, key, text) = application(&platform);
    let mut of_key = platform.stream("/v1/stream", &[("x-api-key", text.as_str())]);
    let mut of_nobody = platform.stream("/v1/stream", &[]);

    let start = Instant::now();
    assert_eq!(
        platform.send("DELETE", "/v1/session", &own, None).status,
        204
    );
    assert!(of_session.ended());
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());

    let start = Instant::now();
    let path = format!("/v1/applications/{id}/keys/{key}");
    assert_eq!(platform.operator("DELETE", &path, None).status, 204);
    assert!(of_key.ended());
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());

    platform.public_device("dev-1", "traffic.flow");
    platform.publish("dev-1", &json!({"speed": 40})).expect(200);
    assert!(of_nobody.next().id.is_some(), "others' streams go on");
}

#[test]
fn a_web_socket_ends_with_its_session() {
    let platform = Platform::start();
    let cookie = login(&platform);
    let own = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    let mut peer = Peer::of(platform.address);
    peer.say(format!(
        "GET /v1/stream/ws HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\n\r\n",
        platform.address
    ));
    assert_eq!(peer.reply().status, 101);
    let left = platform.send("DELETE", "/v1/session", &own, None);
    assert_eq!(left.status, 204);
    assert!(peer.ends_within(AT_ONCE));
}

#[test]
fn a_download_breaks_off_with_its_session() {
    let platform = Platform::start();
    talkative(&platform, 3);
    let cookie = login(&platform);
    let own = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    let list = platform.operator("GET", "/v1/export/2026-05-01", None);
    let list = list.expect(200);
    let items = list["items"].as_array().unwrap();
    let csv = items.iter().find(|item| item["format"] == "csv").unwrap();
    let url = csv["url"].as_str().unwrap();
    let path = &url[url.find("/v1/").unwrap()..];
    // Made, so that what follows is but sent.
    platform.operator("GET", path, None).expect_text(200);

    let mut peer = Peer::from("127.0.0.1:0", platform.address, Some(4_096));
    peer.say(format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\n\r\n"
    ));
    let head = peer.head();
    assert_eq!(head.status, 200);
    let length: usize = head.header("content-length").unwrap().parse().unwrap();
    assert!(length > 1 << 20, "{length} bytes");
    let left = platform.send("DELETE", "/v1/session", &own, None);
    assert_eq!(left.status, 204);
    let came = rest(&mut peer);
    assert!(came < length, "all {length} bytes came after the logout");
}

#[test]
fn a_range_in_lines_breaks_off_with_its_session() {
    let platform = Platform::start();
    talkative(&platform, 3);
    let cookie = login(&platform);
    let path = "/v1/observations?thing=dev-1";
    let lines = ("accept", "application/x-ndjson");
    let length = platform.send("GET", path, &[lines], None).text.len();
    let mut peer = Peer::from("127.0.0.1:0", platform.address, Some(4_096));
    peer.say(format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\naccept: {}\r\n\r\n",
        lines.1
    ));
    assert_eq!(peer.head().status, 200);
    let own = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    let left = platform.send("DELETE", "/v1/session", &own, None);
    assert_eq!(left.status, 204);
    let came = rest(&mut peer);
    assert!(came < length, "all {length} bytes came after the logout");
}

#[test]
fn a_stream_ends_when_its_key_expires() {
    let platform = Platform::start();
    let (id, _, text) = application(&platform);
    let soon = std::time::SystemTime::now() + Duration::from_secs(3);
    let soon = soon.duration_since(std::time::UNIX_EPOCH).unwrap();
    let soon = domain::Timestamp::from_micros(soon.as_micros() as i64).to_rfc3339();
    let body = json!({"kind": "secret", "expires": soon});
    let headers = [
        ("x-api-key", text.as_str()),
        ("content-type", "application/json"),
    ];
    let path = format!("/v1/applications/{id}/keys");
    let bytes = Some(body.to_string().into_bytes());
    let made = platform.send("POST", &path, &headers, bytes).expect(201);
    let start = Instant::now();
    let mut stream = platform.stream(
        "/v1/stream",
        &[("x-api-key", made["key"].as_str().unwrap())],
    );
    assert!(stream.ended());
    assert!(start.elapsed() < AT_ONCE + Duration::from_secs(3));
}
