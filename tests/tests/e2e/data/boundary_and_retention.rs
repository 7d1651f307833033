//! What operators say of areas and of how long data is kept: by the program's
//! own commands and over HTTP, and the same after a kill.

use std::process::Command;

use serde_json::{Value, json};
use tests::{Start, TestDevice, TestPlatform, binary};

fn put(platform: &TestPlatform, path: &str, body: &Value) {
    let answer = ureq::put(format!("{}{path}", platform.url()))
        .header("Authorization", format!("Bearer {}", platform.token()))
        .header("Content-Type", "application/json")
        .send(body.to_string());
    assert_eq!(answer.unwrap().status(), 201);
}

/// What `madang agency keep` prints.
fn keep(platform: &TestPlatform, words: &[&str]) -> String {
    let output = Command::new(binary::madang())
        .args(["agency", "keep"])
        .args(words)
        .args(["--url", &platform.url(), "--token", &platform.token()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

fn values(platform: &TestPlatform, path: &str) -> Vec<f64> {
    let list = platform.get_json(path);
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["value"].as_f64().unwrap()).collect()
}

/// The reasons for which the device's observations were refused.
fn reasons(platform: &TestPlatform) -> usize {
    let list = platform.get_json("/v1/devices/air-1/quarantine");
    list.to_string().matches("older-than-retention").count()
}

#[test]
fn both_hold_after_a_kill() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    let mut publish = |payload: &[u8]| {
        mqtt.publish(&device.topic(), 1, payload).unwrap();
        mqtt.read().unwrap();
    };
    publish(br#"{"pm25":12.5}"#);
    let square = json!([
        [126.9, 37.5],
        [127.0, 37.5],
        [127.0, 37.6],
        [126.9, 37.6],
        [126.9, 37.5]
    ]);
    let body = json!({"title": {"en": "Centre", "ko": "도심"},
        "geometry": {"type": "Polygon", "coordinates": [square]}});
    put(&platform, "/v1/boundaries/centre", &body);
    let inside = "/v1/latest?boundary=centre&field=pm25";
    assert_eq!(values(&platform, inside), [12.5]);

    let old = br#"{"t":"2020-01-01T00:00:00Z","v":{"pm25":99}}"#;
    let said = keep(&platform, &["seoul", "safety.air", "30"]);
    assert!(said.contains("safety.air 30 days"), "{said}");
    publish(old);
    assert_eq!(reasons(&platform), 1);

    let folder = platform.kill().unwrap();
    let platform = TestPlatform::on(&folder.path().join("data"), &Start::default());
    assert_eq!(values(&platform, inside), [12.5]);
    let centre = platform.get_json("/v1/boundaries/centre");
    assert_eq!(centre["geometry"], body["geometry"]);
    let mut mqtt = device.connect(platform.address("mqtt"));
    let mut publish = |payload: &[u8]| {
        mqtt.publish(&device.topic(), 1, payload).unwrap();
        mqtt.read().unwrap();
    };
    publish(old);
    assert_eq!(reasons(&platform), 2);
    let said = keep(&platform, &["seoul", "safety.air"]);
    assert!(!said.contains("days"), "{said}");
    publish(old);
    assert_eq!(reasons(&platform), 2);
    let pm25 = device.datastream(&platform.anonymous(), "pm25");
    let all = format!("/v1/datastreams/{pm25}/observations?count=true");
    assert_eq!(values(&platform, &all), [99.0, 12.5]);
    assert_eq!(platform.get_json(&all)["count"], 2);
}
