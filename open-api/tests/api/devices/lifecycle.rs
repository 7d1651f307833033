//! Transfer, replacement and the end of a device, as the API shows them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;

use crate::harness::Platform;

/// Of an agency, by a query that everybody may ask.
fn latest_of(platform: &Platform, agency: &str) -> usize {
    let path = format!("/v1/latest?agency={agency}");
    let reply = platform.operator("GET", &path, None);
    reply.expect(200)["items"].as_array().unwrap().len()
}

#[test]
fn a_transferred_device_is_the_new_agencys_with_all_that_it_sent() {
    let platform = Platform::start();
    let (old, new) = (platform.agency(), platform.agency());
    let place = json!({"visibility": "public", "location": {"lat": 37.5, "lon": 127.0}});
    platform.device("dev-1", &old, "safety.air", &place);
    let reading = json!({"t": "2024-05-01T00:00:00Z", "v": {"pm25": 12.1}});
    platform.publish("dev-1", &reading).expect(200);
    let pm25 = platform.datastream("dev-1", "pm25");
    assert_eq!(
        (latest_of(&platform, &old), latest_of(&platform, &new)),
        (1, 0)
    );
    let export = |agency: &str| platform.get(&format!("/v1/export/2024-05-01/safety/{agency}.csv"));
    assert_eq!(export(&old).status, 200);

    let path = "/v1/devices/dev-1/transfer";
    let moved = platform
        .operator(
            "POST",
            path,
            Some(json!({"agency": new, "keep_credentials": true})),
        )
        .expect(200);
    assert_eq!(moved["agency"], json!(new));
    let owners = moved["owners"].as_array().unwrap();
    assert_eq!(owners[0], json!({"agency": old, "since": null}));
    assert_eq!(owners[1]["agency"], json!(new));
    assert!(owners[1]["since"].is_string());
    assert_eq!(platform.datastream("dev-1", "pm25"), pm25);
    assert_eq!(
        (latest_of(&platform, &old), latest_of(&platform, &new)),
        (0, 1)
    );
    // A day is its present owner's, former ones too.
    assert_eq!(export(&old).status, 404);
    let table = export(&new);
    assert!(
        table.expect_text(200).contains(&format!(",{new},")),
        "{}",
        table.text
    );
    let later = json!({"t": "2024-05-01T01:00:00Z", "v": {"pm25": 13.0}});
    platform.publish("dev-1", &later).expect(200);
    let path = format!("/v1/datastreams/{pm25}/observations");
    let both = platform.operator("GET", &path, None).expect(200);
    assert_eq!(both["items"].as_array().unwrap().len(), 2);

    // Back again, and as usual: who had it before knows nothing that opens it.
    let back = json!({"agency": old});
    let path = "/v1/devices/dev-1/transfer";
    let back = platform.operator("POST", path, Some(back)).expect(200);
    assert_eq!(back["credentials"], json!([]));
    platform
        .publish("dev-1", &later)
        .problem(401, "unauthenticated");
    let nowhere = platform.operator("POST", path, Some(json!({"agency": "nowhere"})));
    nowhere.problem(400, "invalid-body");
    platform
        .post(path, &json!({"agency": old}))
        .problem(401, "unauthenticated");
}

#[test]
fn a_replaced_device_leaves_its_datastreams_to_the_next_one() {
    let platform = Platform::start();
    let agency = platform.agency();
    platform.device(
        "dev-1",
        &agency,
        "safety.air",
        &json!({"name": "At the gate"}),
    );
    platform
        .publish("dev-1", &json!({"pm25": 12.1}))
        .expect(200);
    let pm25 = platform.datastream("dev-1", "pm25");
    let path = "/v1/devices/dev-1/replace";
    let new = platform
        .operator("POST", path, Some(json!({"id": "dev-1b"})))
        .expect(201);
    assert_eq!(
        (&new["thing"], &new["name"]),
        (&json!("dev-1"), &json!("At the gate"))
    );
    assert_eq!(platform.datastream("dev-1b", "pm25"), pm25);
    let made = platform
        .operator("POST", "/v1/devices/dev-1b/password", None)
        .expect(201);
    platform.knows("dev-1b", made["password"].as_str().unwrap());
    platform
        .publish("dev-1b", &json!({"pm25": 13.0}))
        .expect(200);
    platform
        .publish("dev-1", &json!({"pm25": 14.0}))
        .problem(401, "unauthenticated");

    let old = platform
        .operator("GET", "/v1/devices/dev-1", None)
        .expect(200);
    assert_eq!(old["status"], "revoked");
    assert!(old["decommissioned"].is_string());
    assert_eq!(old["credentials"], json!([]));
    let again = platform.operator("POST", path, Some(json!({"id": "dev-1c"})));
    again.problem(409, "conflict");
}

#[test]
fn the_id_of_a_decommissioned_device_is_never_given_again() {
    let platform = Platform::start();
    let agency = platform.agency();
    platform.device("dev-1", &agency, "safety.air", &json!({}));
    let path = "/v1/devices/dev-1/decommission";
    let ended = platform.operator("POST", path, None).expect(200);
    assert_eq!(ended["status"], "revoked");
    let again = platform.operator("POST", path, None).expect(200);
    assert_eq!(again["decommissioned"], ended["decommissioned"], "once");
    platform
        .publish("dev-1", &json!({"pm25": 1}))
        .problem(401, "unauthenticated");
    platform
        .operator("POST", "/v1/devices/dev-1/password", None)
        .problem(409, "conflict");
    let body = json!({"id": "dev-1", "agency": agency, "model": "safety.air"});
    platform
        .operator("POST", "/v1/devices", Some(body))
        .problem(409, "conflict");
}

#[test]
fn a_device_adds_its_next_key_by_its_present_credential() {
    let platform = Platform::start();
    let agency = platform.agency();
    platform.device("dev-1", &agency, "safety.air", &json!({}));
    let basic = platform.basic("dev-1");
    let next = |body: serde_json::Value| {
        let headers = [
            ("authorization", basic.as_str()),
            ("content-type", "application/json"),
        ];
        let body = body.to_string().into_bytes();
        platform.send("POST", "/v1/devices/dev-1/next-key", &headers, Some(body))
    };
    let key = json!({"public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    next(json!({"key": key, "overlap_days": 91})).problem(400, "invalid-body");
    let added = next(json!({"key": key, "overlap_days": 7})).expect(201);
    assert_eq!(added["alg"], "EdDSA");
    let device = platform
        .operator("GET", "/v1/devices/dev-1", None)
        .expect(200);
    let credentials = device["credentials"].as_array().unwrap();
    assert_eq!(credentials.len(), 2);
    assert!(credentials[0]["expires"].is_string(), "the old one ends");
    platform
        .post("/v1/devices/dev-1/next-key", &json!({"key": key}))
        .problem(401, "unauthenticated");
    let path = format!("/v1/devices/dev-1/keys/{}", credentials[0]["id"]);
    let ended = platform.operator("PATCH", &path, Some(json!({"expires": null})));
    assert_eq!(ended.expect(200)["expires"], json!(null));
    let nothing = platform.operator("PATCH", &path, Some(json!({})));
    nothing.problem(400, "invalid-body");
    let path = "/v1/devices/dev-1/keys/999";
    let unknown = platform.operator("PATCH", path, Some(json!({"expires": null})));
    unknown.problem(404, "not-found");
}

#[test]
fn a_token_that_was_made_to_publish_makes_no_key() {
    let platform = Platform::start();
    let agency = platform.agency();
    platform.device("dev-1", &agency, "safety.air", &json!({}));
    let own = SigningKey::from_bytes(&[7; 32]);
    let public_key = URL_SAFE_NO_PAD.encode(own.verifying_key().as_bytes());
    let body = json!({"alg": "EdDSA", "public_key": public_key});
    let added = platform.operator("POST", "/v1/devices/dev-1/keys", Some(body));
    added.expect(201);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let iat = now.as_secs();
    let next = |mut claims: serde_json::Value| {
        claims["sub"] = json!("dev-1");
        claims["aud"] = json!("madang");
        claims["iat"] = json!(iat);
        claims["exp"] = json!(iat + 600);
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "EdDSA"})), part(&claims));
        let signature = own.sign(signed.as_bytes()).to_bytes();
        let token = format!("Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/json"),
        ];
        // The key and the thumbprint of RFC 8037, A.3.
        let key = json!({"public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let body = json!({"key": key}).to_string().into_bytes();
        platform.send("POST", "/v1/devices/dev-1/next-key", &headers, Some(body))
    };
    next(json!({})).problem(403, "forbidden");
    next(json!({"cnf": {"jkt": "of another"}})).problem(403, "forbidden");
    let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    next(json!({"cnf": {"jkt": thumbprint}})).expect(201);
}
