//! Telemetry over HTTP: the 200 means durable, and what is refused is seen.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;

use crate::harness::Platform;

fn jwt(secret: &SigningKey, subject: &str, audience: &str, issued: i64) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({"alg": "EdDSA", "typ": "JWT"}));
    let body = part(json!({"sub": subject, "aud": audience, "iat": issued, "exp": issued + 3_600}));
    let text = format!("{head}.{body}");
    let signature = URL_SAFE_NO_PAD.encode(secret.sign(text.as_bytes()).to_bytes());
    format!("{text}.{signature}")
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_secs()).unwrap()
}

#[test]
fn a_token_of_the_devices_key_opens_the_door() {
    let platform = Platform::start();
    let agency = platform.agency();
    let secret = SigningKey::from_bytes(&[9; 32]);
    let public = URL_SAFE_NO_PAD.encode(secret.verifying_key().to_bytes());
    let body = json!({"id": "dev-1", "agency": agency, "model": "safety.air",
        "keys": [{"alg": "EdDSA", "public_key": public}]});
    platform
        .operator("POST", "/v1/devices", Some(body))
        .expect(201);
    let send = |token: String| {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let payload = json!({"v": {"pm25": 12.1, "pm10": 30}})
            .to_string()
            .into_bytes();
        platform.send(
            "POST",
            "/v1/devices/dev-1/telemetry",
            &headers,
            Some(payload),
        )
    };
    let receipt = send(jwt(&secret, "dev-1", "madang", now())).expect(200);
    assert_eq!(
        (&receipt["stored"], &receipt["rejected"]),
        (&json!(2), &json!(0))
    );
    assert!(receipt["offset"].as_u64().unwrap() >= 1);

    let stranger = SigningKey::from_bytes(&[8; 32]);
    for token in [
        jwt(&stranger, "dev-1", "madang", now()),
        jwt(&secret, "dev-2", "madang", now()),
        jwt(&secret, "dev-1", "elsewhere", now()),
        jwt(&secret, "dev-1", "madang", now() - 90_000),
        "rubbish".to_owned(),
    ] {
        send(token).problem(401, "unauthenticated");
    }
}

#[test]
fn a_password_is_the_devices_own() {
    let platform = Platform::start();
    platform.public_device("dev-1", "safety.air");
    platform.public_device("dev-2", "safety.air");
    let reply = platform.publish("dev-1", &json!({"pm25": 12.1}));
    reply.expect(200);
    assert!(reply.header("ratelimit-remaining").is_some());
    let basic = platform.basic("dev-1");
    let headers = [
        ("authorization", basic.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({"pm25": 1}).to_string().into_bytes();
    platform
        .send(
            "POST",
            "/v1/devices/dev-2/telemetry",
            &headers,
            Some(body.clone()),
        )
        .problem(401, "unauthenticated");
    platform
        .send(
            "POST",
            "/v1/devices/dev-1/telemetry",
            &headers[1..],
            Some(body),
        )
        .problem(401, "unauthenticated");
}

#[test]
fn what_cannot_be_read_is_kept_and_shown() {
    let platform = Platform::start();
    platform.public_device("dev-1", "safety.air");
    let basic = platform.basic("dev-1");
    let send = |kind: &str, body: &[u8]| {
        let headers = [("authorization", basic.as_str()), ("content-type", kind)];
        platform.send(
            "POST",
            "/v1/devices/dev-1/telemetry",
            &headers,
            Some(body.to_vec()),
        )
    };
    let problem = send("application/json", b"{\"pm25\": low}").problem(422, "unreadable-telemetry");
    let offset = problem["offset"].as_u64().unwrap();
    send("text/plain", b"{\"pm25\": 1}").problem(422, "unreadable-telemetry");
    send("application/x-www-form-urlencoded", b"{\"pm25\": 1}").expect(200);
    let some = platform
        .publish("dev-1", &json!({"v": {"pm25": "high", "pm10": 20}}))
        .expect(200);
    assert_eq!((&some["stored"], &some["rejected"]), (&json!(1), &json!(1)));
    send("application/json", &vec![b' '; 70_000]).problem(413, "too-large");

    let kept = platform.all("/v1/devices/dev-1/quarantine?limit=1");
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!(kept[0]["offset"], offset);
    assert!(kept[0]["unreadable"]["message"].is_string());
    assert_eq!(kept[2]["rejections"][0]["code"], "wrong-type");
    assert_eq!(kept[2]["rejections"][0]["field"], "pm25");
    platform
        .get("/v1/devices/dev-1/quarantine")
        .problem(401, "unauthenticated");
}

#[test]
fn the_same_again_is_a_duplicate() {
    let platform = Platform::start();
    platform.public_device("dev-1", "safety.air");
    let payload = json!({"t": "2026-05-01T09:00:00+09:00", "v": {"pm25": 12.1}});
    let first = platform.publish("dev-1", &payload).expect(200);
    let again = platform.publish("dev-1", &payload).expect(200);
    assert_eq!(
        (&first["stored"], &first["duplicates"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(
        (&again["stored"], &again["duplicates"]),
        (&json!(0), &json!(1))
    );
    assert!(again["offset"].as_u64() > first["offset"].as_u64());
}
