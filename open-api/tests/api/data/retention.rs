//! How long data is kept: told, changed by operators, and held against what
//! arrives.

use serde_json::{Value, json};

use crate::harness::Platform;

const DAY: i64 = 86_400;

fn seconds_ago(seconds: i64) -> String {
    let then = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds);
    then.to_string()
}

/// Publishes one speed of that age; whether it was stored.
fn stored(platform: &Platform, device: &str, seconds: i64) -> bool {
    let payload = json!({"t": seconds_ago(seconds), "v": {"speed": 40}});
    let receipt = platform.publish(device, &payload).expect(200);
    let counts = (receipt["stored"].as_u64(), receipt["rejected"].as_u64());
    match counts {
        (Some(1), Some(0)) => true,
        (Some(0), Some(1)) => false,
        other => panic!("{other:?}"),
    }
}

fn keep(platform: &Platform, agency: &str, days: &Value) -> Value {
    let body = json!({"retention_days": {"traffic.flow": days}});
    let path = format!("/v1/agencies/{agency}");
    platform.operator("PATCH", &path, Some(body)).expect(200)
}

#[test]
fn what_is_older_than_its_retention_is_quarantined() {
    let platform = Platform::start();
    let agency = platform.agency();
    platform.device("dev-1", &agency, "traffic.flow", &json!({}));
    assert!(stored(&platform, "dev-1", 4_000 * DAY), "kept for ever");
    let shown = keep(&platform, &agency, &json!(30));
    assert_eq!(shown["retention_days"], json!({"traffic.flow": 30}));
    assert!(stored(&platform, "dev-1", 30 * DAY - 60));
    assert!(!stored(&platform, "dev-1", 30 * DAY + 60));
    let quarantine = platform.all("/v1/devices/dev-1/quarantine");
    let text = quarantine.last().unwrap().to_string();
    assert!(text.contains("older-than-retention"), "{text}");

    // Another agency's are not touched, and null takes the word back.
    let other = platform.agency();
    platform.device("dev-2", &other, "traffic.flow", &json!({}));
    assert!(stored(&platform, "dev-2", 31 * DAY));
    let shown = keep(&platform, &agency, &Value::Null);
    assert_eq!(shown["retention_days"], json!({}));
    assert!(stored(&platform, "dev-1", 31 * DAY));
    let list = platform.operator("GET", "/v1/agencies", None).expect(200);
    assert_eq!(list["items"][0]["retention_days"], json!({}));
}

#[test]
fn who_has_handed_a_device_over_takes_none_of_its_data_away() {
    let platform = Platform::start();
    let [former, owner] = [platform.agency(), platform.agency()];
    let id = format!("traffic.own~{former}");
    let keep = |days: u32| {
        let speed =
            json!({"name": "speed", "unit": "km/h", "title": {"en": "Speed", "ko": "속도"}});
        let model = json!({"id": id, "title": {"en": "Own", "ko": "자체"}, "retention_days": days,
            "fields": [speed]});
        platform
            .operator("POST", "/v1/models", Some(model))
            .expect(201);
    };
    keep(30);
    for device in ["kept-1", "given-1"] {
        platform.device(device, &former, &id, &json!({}));
    }
    let to = json!({"agency": owner, "keep_credentials": true});
    let transferred = platform.operator("POST", "/v1/devices/given-1/transfer", Some(to));
    transferred.expect(200);
    keep(1);
    assert!(!stored(&platform, "kept-1", 10 * DAY));
    assert!(stored(&platform, "given-1", 10 * DAY));
    // The owner's own word holds.
    let days = json!({"retention_days": {&id: 5}});
    let path = format!("/v1/agencies/{owner}");
    platform.operator("PATCH", &path, Some(days)).expect(200);
    assert!(!stored(&platform, "given-1", 11 * DAY));
}

#[test]
fn a_model_says_how_long_and_an_agency_may_say_otherwise() {
    let platform = Platform::start();
    let mut model = json!({"id": "traffic.bicycle", "title": {"en": "Bicycles", "ko": "자전거"},
        "retention_days": 10,
        "fields": [{"name": "speed", "unit": "km/h", "title": {"en": "Speed", "ko": "속도"}}]});
    let made = platform
        .operator("POST", "/v1/models", Some(model.clone()))
        .expect(201);
    assert_eq!(made["retention_days"], 10);
    let agency = platform.agency();
    platform.device("dev-1", &agency, "traffic.bicycle", &json!({}));
    assert!(!stored(&platform, "dev-1", 11 * DAY));
    let patch = |days: Value| {
        let body = json!({"retention_days": {"traffic.bicycle": days}});
        platform.operator("PATCH", &format!("/v1/agencies/{agency}"), Some(body))
    };
    patch(json!(20)).expect(200);
    assert!(stored(&platform, "dev-1", 11 * DAY));
    assert!(!stored(&platform, "dev-1", 21 * DAY));
    patch(Value::Null).expect(200);
    // A new version of the model keeps it longer.
    model["retention_days"] = json!(40);
    let next = platform
        .operator("POST", "/v1/models", Some(model))
        .expect(201);
    assert_eq!(
        (&next["retention_days"], &next["version"]),
        (&json!(40), &json!(2))
    );
    assert!(stored(&platform, "dev-1", 22 * DAY));
    let flow = platform.all("/v1/models?domain=traffic&limit=1000");
    let flow = flow.iter().find(|one| one["id"] == "traffic.flow").unwrap();
    assert_eq!(flow["retention_days"], Value::Null);
}

#[test]
fn a_wrong_retention_is_told() {
    let platform = Platform::start();
    let agency = platform.agency();
    let patch =
        |body: Value| platform.operator("PATCH", &format!("/v1/agencies/{agency}"), Some(body));
    for body in [
        json!({"retention_days": {"traffic.flow": 0}}),
        json!({"retention_days": {"traffic.flow": 36_501}}),
        json!({"retention_days": {"traffic.flow": -1}}),
        json!({"retention_days": {"traffic.flow": 1.5}}),
        json!({"retention_days": {"traffic.none": 10}}),
        json!({"retention_days": {"Traffic Flow": 10}}),
        json!({"retention": 10}),
    ] {
        patch(body).problem(400, "invalid-body");
    }
    let some = json!({"retention_days": {"traffic.flow": 10}});
    platform
        .operator("PATCH", "/v1/agencies/nobody", Some(some.clone()))
        .problem(404, "not-found");
    let headers = [("content-type", "application/json")];
    let path = format!("/v1/agencies/{agency}");
    platform
        .send(
            "PATCH",
            &path,
            &headers,
            Some(some.to_string().into_bytes()),
        )
        .problem(401, "unauthenticated");
    let list = platform.operator("GET", "/v1/agencies", None).expect(200);
    assert_eq!(list["items"][0]["retention_days"], json!({}));
}
