//! Scores of devices and datastreams: what they say, and to whom.

mod faults;

use domain::Timestamp;
use serde_json::{Value, json};

use crate::harness::Platform;

/// So many minutes ago.
fn ago(minutes: i64) -> String {
    let now = Timestamp::parse(&jiff::Timestamp::now().to_string()).unwrap();
    Timestamp::from_micros(now.as_micros() - minutes * 60_000_000).to_rfc3339()
}

/// A reading every ten minutes since 30 hours ago, which `value` gives.
pub(crate) fn publish_a_day(platform: &Platform, id: &str, value: impl Fn(i64) -> f64) {
    let readings: Vec<Value> = (0..180)
        .map(|step| json!({"t": ago((179 - step) * 10), "v": {"speed": value(step)}}))
        .collect();
    platform.publish(id, &json!(readings)).expect(200);
}

pub(crate) fn part<'a>(health: &'a Value, kind: &str) -> &'a Value {
    let parts = health["parts"].as_array().unwrap().iter();
    let mut parts = parts.filter(|part| part["part"] == kind);
    parts.next().unwrap_or(&Value::Null)
}

fn changing(step: i64) -> f64 {
    40.0 + (step % 7) as f64
}

#[test]
fn a_device_that_does_well_has_100_points_and_says_what_is_not_known() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    publish_a_day(&platform, "dev-1", changing);
    let health = platform.get("/v1/devices/dev-1/health").expect(200);
    assert_eq!(
        (&health["score"], &health["reasons"]),
        (&json!(100), &json!([])),
        "{health}"
    );
    assert_eq!(part(&health, "missed")["value"], 0.0);
    assert_eq!(part(&health, "seen")["score"], 100.0);
    let gaps = health["left_out"].as_array().unwrap();
    let battery = gaps.iter().find(|gap| gap["part"] == "battery").unwrap();
    assert_eq!(battery["code"], "not-reported");
}

#[test]
fn what_the_model_expects_more_often_is_missed() {
    let platform = Platform::start();
    let model = |interval: &Value| {
        json!({"id": "traffic.lane", "title": {"en": "Lane", "ko": "차로"},
            "expected_interval_s": interval,
            "fields": [{"name": "speed", "unit": "km/h", "title": {"en": "Speed", "ko": "속도"}}]})
    };
    let add = |interval: Value| platform.operator("POST", "/v1/models", Some(model(&interval)));
    add(Value::Null).expect(201);
    platform.public_device("dev-1", "traffic.lane");
    publish_a_day(&platform, "dev-1", changing);
    let missed = || {
        let health = platform.get("/v1/devices/dev-1/health").expect(200);
        part(&health, "missed")["value"].as_f64().unwrap()
    };
    assert_eq!(missed(), 0.0, "what is usual is judged by itself");
    add(json!(60)).expect(201);
    let now = missed();
    assert!((85.0..=95.0).contains(&now), "{now}");
}

#[test]
fn one_that_differs_from_three_neighbours_drifts() {
    let platform = Platform::start();
    for (id, offset) in [("a", 0.0), ("b", 1.0), ("c", 2.0), ("odd", 80.0)] {
        platform.public_device(id, "traffic.flow");
        publish_a_day(&platform, id, |step| changing(step) + offset);
    }
    let code = |id: &str| {
        let health = platform
            .get(&format!("/v1/devices/{id}/health"))
            .expect(200);
        health["reasons"][0]["code"].clone()
    };
    assert_eq!((code("odd"), code("b")), (json!("drift"), Value::Null));
    // What is restricted is no neighbour of what is public.
    for id in ["a", "b"] {
        let body = json!({"visibility": "restricted"});
        let path = format!("/v1/devices/{id}");
        platform.operator("PATCH", &path, Some(body)).expect(200);
    }
    assert_eq!(code("odd"), Value::Null);
}

#[test]
fn what_is_restricted_or_refused_is_the_agencys_alone() {
    let platform = Platform::start();
    platform.device("hidden", &platform.agency(), "traffic.flow", &json!({}));
    publish_a_day(&platform, "hidden", changing);
    let id = platform.datastream("hidden", "speed");
    platform.get("/v1/devices/hidden/health").expect(404);
    platform
        .get(&format!("/v1/datastreams/{id}/health"))
        .expect(404);
    platform
        .operator("GET", &format!("/v1/datastreams/{id}/health"), None)
        .expect(200);

    platform.public_device("open", "traffic.flow");
    publish_a_day(&platform, "open", changing);
    let bad = json!({"t": ago(0), "v": {"speed": "fast"}});
    platform.publish("open", &bad).expect(200);
    let own = platform
        .operator("GET", "/v1/devices/open/health", None)
        .expect(200);
    assert!(
        part(&own, "refused")["value"].as_f64().unwrap() > 0.0,
        "{own}"
    );
    let of_all = platform
        .get("/v1/devices/open/health")
        .expect(200)
        .to_string();
    assert!(!of_all.contains("refused"), "{of_all}");
}

#[test]
fn what_was_sent_again_takes_points_and_is_told_to_the_agency_alone() {
    let platform = Platform::start();
    platform.public_device("twice", "traffic.flow");
    let readings: Vec<Value> = (0..20)
        .map(|step| json!({"t": ago(200 - step * 10), "v": {"speed": changing(step)}}))
        .collect();
    for _ in 0..3 {
        platform.publish("twice", &json!(readings)).expect(200);
    }
    let id = platform.datastream("twice", "speed");
    let paths = [
        "/v1/devices/twice/health".to_owned(),
        format!("/v1/datastreams/{id}/health"),
    ];
    for path in &paths {
        let own = platform.operator("GET", path, None).expect(200);
        // Two of three were there already.
        assert_eq!(part(&own, "repeated")["value"], 66.7, "{own}");
        let reasons = own["reasons"].as_array().unwrap();
        assert!(
            reasons.iter().any(|reason| reason["code"] == "repeated"),
            "{own}"
        );
        let of_all = platform.get(path).expect(200).to_string();
        assert!(!of_all.contains("repeated"), "{of_all}");
    }
}

#[test]
fn a_device_that_never_sent_has_no_points() {
    let platform = Platform::start();
    platform.public_device("new", "traffic.flow");
    let health = platform.get("/v1/devices/new/health").expect(200);
    assert_eq!(
        (&health["score"], &health["parts"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(health["left_out"][0]["code"], "no-readings");
}
