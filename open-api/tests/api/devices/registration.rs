//! Devices: registration, change, credentials, revocation, events.

use serde_json::{Value, json};

use crate::harness::Platform;

fn key(seed: u8) -> Value {
    use base64::Engine;
    let secret = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    let raw = secret.verifying_key().to_bytes();
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(raw);
    json!({"alg": "EdDSA", "public_key": text})
}

#[test]
fn a_device_brings_its_thing_and_its_datastreams() {
    let platform = Platform::start();
    let agency = platform.agency();
    let body = json!({"id": "dev-1", "agency": agency, "model": "traffic.flow", "name": "세종대로 1",
        "location": {"lat": 37.566_412, "lon": 126.977_968}, "keys": [key(1)], "visibility": "public",
        "licence": "KOGL-1", "attribution": "서울특별시"});
    let device = platform
        .operator("POST", "/v1/devices", Some(body.clone()))
        .expect(201);
    assert_eq!(device["thing"], "dev-1");
    assert_eq!(device["status"], "active");
    assert_eq!(
        device["location"],
        json!({"lat": 37.566_412, "lon": 126.977_968})
    );
    assert_eq!(device["credentials"][0]["public_key"], key(1)["public_key"]);
    assert_eq!(device["visibility"], "public");
    platform
        .operator("POST", "/v1/devices", Some(body))
        .problem(409, "conflict");

    let list = platform.get("/v1/datastreams?device=dev-1").expect(200);
    let speed = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["field"] == "speed")
        .unwrap();
    for (name, value) in [
        ("device", "dev-1"),
        ("thing", "dev-1"),
        ("agency", agency.as_str()),
        ("domain", "traffic"),
        ("model", "traffic.flow"),
        ("unit", "km/h"),
        ("owner", agency.as_str()),
        ("licence", "KOGL-1"),
    ] {
        assert_eq!(speed[name], value, "{name}");
    }
    let mut one = platform
        .get(&format!("/v1/datastreams/{}", speed["id"]))
        .expect(200);
    // By itself it tells what measures it and what it observes, too.
    let alone = one.as_object_mut().unwrap();
    assert_eq!(alone.remove("sensor"), Some(Value::Null));
    assert_eq!(alone.remove("features"), Some(json!([])));
    assert_eq!(&one, speed);
    let things = platform.get("/v1/things?domain=traffic").expect(200);
    assert_eq!(things["items"][0]["id"], "dev-1");
    assert_eq!(things["items"][0]["devices"], json!(["dev-1"]));
}

#[test]
fn what_a_device_refers_to_has_to_be_there() {
    let platform = Platform::start();
    let agency = platform.agency();
    for (body, status) in [
        (
            json!({"id": "d", "agency": "nobody", "model": "traffic.flow"}),
            [400, 404],
        ),
        (
            json!({"id": "d", "agency": agency, "model": "traffic.unheard"}),
            [400, 404],
        ),
        (
            json!({"id": "a/b", "agency": agency, "model": "traffic.flow"}),
            [400, 400],
        ),
        (
            json!({"id": "d", "agency": agency, "model": "traffic.flow", "location": {"lat": 91, "lon": 0}}),
            [400, 400],
        ),
        (
            json!({"id": "d", "agency": agency, "model": "traffic.flow", "visibility": "secret"}),
            [400, 400],
        ),
        (
            json!({"id": "d", "agency": agency, "model": "traffic.flow", "keys": [{"alg": "RS256", "public_key": "x"}]}),
            [400, 400],
        ),
    ] {
        let reply = platform.operator("POST", "/v1/devices", Some(body.clone()));
        assert!(
            status.contains(&reply.status),
            "{body}: {} {}",
            reply.status,
            reply.text
        );
    }
    platform
        .operator("GET", "/v1/devices/unheard", None)
        .problem(404, "not-found");
    platform.get("/v1/devices").problem(401, "unauthenticated");
}

#[test]
fn a_patch_changes_only_what_it_names() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let patch = json!({"name": "new", "expires": "2030-01-01T00:00:00+09:00"});
    let device = platform
        .operator("PATCH", "/v1/devices/dev-1", Some(patch))
        .expect(200);
    assert_eq!(device["name"], "new");
    assert_eq!(device["expires"], "2029-12-31T15:00:00Z");
    assert_eq!(device["location"]["lat"], 37.566_412);
    let patch = json!({"location": null, "expires": null, "visibility": "restricted"});
    let device = platform
        .operator("PATCH", "/v1/devices/dev-1", Some(patch))
        .expect(200);
    assert_eq!(
        (&device["location"], &device["expires"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(device["visibility"], "restricted");
    assert_eq!(device["name"], "new");
    platform
        .operator("PATCH", "/v1/devices/dev-1", Some(json!({"id": "other"})))
        .problem(400, "invalid-body");
}

#[test]
fn up_to_three_credentials_overlap() {
    let platform = Platform::start();
    let agency = platform.agency();
    let body = json!({"id": "dev-1", "agency": agency, "model": "traffic.flow", "keys": [key(1)]});
    platform
        .operator("POST", "/v1/devices", Some(body))
        .expect(201);
    platform
        .operator("POST", "/v1/devices/dev-1/keys", Some(key(2)))
        .expect(201);
    let made = platform
        .operator(
            "POST",
            "/v1/devices/dev-1/password",
            Some(json!({"networks": ["10.0.0.0/8"]})),
        )
        .expect(201);
    assert!(made["password"].as_str().unwrap().len() >= 43);
    platform
        .operator("POST", "/v1/devices/dev-1/keys", Some(key(3)))
        .problem(409, "conflict");
    let path = format!("/v1/devices/dev-1/keys/{}", made["credential"]);
    assert_eq!(platform.operator("DELETE", &path, None).status, 204);
    platform
        .operator("DELETE", &path, None)
        .problem(404, "not-found");
    platform
        .operator("POST", "/v1/devices/dev-1/keys", Some(key(3)))
        .expect(201);
    let device = platform
        .operator("GET", "/v1/devices/dev-1", None)
        .expect(200);
    assert!(
        device["credentials"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["kind"] == "key")
    );
    assert!(
        !device
            .to_string()
            .contains(made["password"].as_str().unwrap())
    );
}

#[test]
fn a_revoked_device_is_out_and_its_operator_sees_why() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    platform.publish("dev-1", &json!({"speed": 40})).expect(200);
    let seen = platform
        .operator("GET", "/v1/devices/dev-1", None)
        .expect(200);
    assert!(seen["last_seen"].is_string(), "{seen}");
    let revoked = platform
        .operator("POST", "/v1/devices/dev-1/revoke", None)
        .expect(200);
    assert_eq!(revoked["status"], "revoked");
    platform
        .publish("dev-1", &json!({"speed": 41}))
        .problem(401, "unauthenticated");

    let events = platform
        .operator("GET", "/v1/devices/dev-1/events", None)
        .expect(200);
    let event = events["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&event["device"], &event["listener"]),
        (&json!("dev-1"), &json!("http"))
    );
    assert!(
        event["reason"].as_str().unwrap().contains("revoked"),
        "{event}"
    );
    let after = format!("/v1/devices/dev-1/events?after={}", event["sequence"]);
    assert_eq!(
        platform.operator("GET", &after, None).expect(200)["items"],
        json!([])
    );
    let status = platform
        .operator("GET", "/v1/devices?status=revoked", None)
        .expect(200);
    assert_eq!(status["items"][0]["id"], "dev-1");
    let active = platform
        .operator("GET", "/v1/devices?status=active", None)
        .expect(200);
    assert_eq!(active["items"], json!([]));
}

#[test]
fn a_stranger_is_among_the_refused() {
    let platform = Platform::start();
    let headers = [
        ("authorization", "Bearer e30.e30.AA"),
        ("content-type", "application/json"),
    ];
    let reply = platform.send(
        "POST",
        "/v1/devices/stranger/telemetry",
        &headers,
        Some(b"{\"speed\":1}".to_vec()),
    );
    reply.problem(401, "unauthenticated");
    let refused = platform.operator("GET", "/v1/refused", None).expect(200);
    let event = &refused["items"][0];
    assert_eq!(
        (&event["login"], &event["device"]),
        (&json!("stranger"), &json!(null))
    );
    assert!(!event["cure"].as_str().unwrap().is_empty());
    platform.get("/v1/refused").problem(401, "unauthenticated");
}

#[test]
fn pages_of_devices_are_the_whole_list_once() {
    let platform = Platform::start();
    let agency = platform.agency();
    for number in 0..25 {
        let body =
            json!({"id": format!("dev-{number:02}"), "agency": agency, "model": "traffic.flow"});
        platform
            .operator("POST", "/v1/devices", Some(body))
            .expect(201);
    }
    for limit in [1, 7, 25, 100] {
        let ids: Vec<Value> = platform
            .all(&format!("/v1/devices?limit={limit}"))
            .iter()
            .map(|item| item["id"].clone())
            .collect();
        let expected: Vec<Value> = (0..25)
            .map(|number| json!(format!("dev-{number:02}")))
            .collect();
        assert_eq!(ids, expected, "limit {limit}");
    }
    let streams = platform.all("/v1/datastreams?limit=13");
    let mut numbers: Vec<u64> = streams
        .iter()
        .map(|item| item["id"].as_u64().unwrap())
        .collect();
    let all = numbers.clone();
    numbers.dedup();
    assert_eq!(numbers, all);
    assert!(numbers.is_sorted() && numbers.len() >= 25 * 5);
    // What comes between two pages moves nothing.
    let first = platform
        .operator("GET", "/v1/devices?limit=10", None)
        .expect(200);
    let body = json!({"id": "dev-00a", "agency": agency, "model": "traffic.flow"});
    platform
        .operator("POST", "/v1/devices", Some(body))
        .expect(201);
    let second = platform
        .operator("GET", first["next"].as_str().unwrap(), None)
        .expect(200);
    assert_eq!(second["items"][0]["id"], "dev-10");
}
