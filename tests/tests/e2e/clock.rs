//! The system's clock leaps: under libfaketime, which sets it for one process.

use std::path::Path;

use domain::Timestamp;
use ingest::{Clock, SystemClock};
use serde_json::Value;
use tests::{Start, TestDevice, TestPlatform, eventually, peers};

/// Where Debian's package has the library.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
const DAY: i64 = 86_400;

/// `env ...` around the platform; its clock is wrong by what stands in `file`.
fn by_the_clock_of(file: &Path) -> Start {
    let variables = [
        format!("LD_PRELOAD={LIBRARY}"),
        format!("FAKETIME_TIMESTAMP_FILE={}", file.display()),
        "FAKETIME_NO_CACHE=1".to_owned(),
        // The clock that only counts is not set with it, by nobody.
        "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
    ];
    Start {
        wrapper: std::iter::once("env".to_owned()).chain(variables).collect(),
        ..Start::default()
    }
}

/// `+3600` is an hour ahead.
fn set(file: &Path, wrong_by: i64) {
    let new = file.with_extension("new");
    std::fs::write(&new, format!("{wrong_by:+}")).unwrap();
    std::fs::rename(new, file).unwrap();
}

/// Status and body of `/readyz`.
fn ready(platform: &TestPlatform) -> (u16, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut answer = agent
        .get(format!("{}/readyz", platform.url()))
        .call()
        .unwrap();
    let body = answer.body_mut().read_to_string().unwrap();
    (
        answer.status().as_u16(),
        serde_json::from_str(&body).unwrap(),
    )
}

/// Publishes a reading without a time; how many seconds ahead of the truth the
/// latest one is then.
fn assigned(platform: &TestPlatform, device: &TestDevice, value: f64) -> i64 {
    let mut mqtt = device.connect(platform.address("mqtt"));
    let payload = format!("{{\"pm25\":{value}}}");
    mqtt.publish(&device.topic(), 1, payload.as_bytes())
        .unwrap();
    mqtt.read().unwrap();
    let latest = platform.get_json("/v1/latest?field=pm25");
    let item = &latest["items"][0];
    assert_eq!(
        item["value"].as_f64(),
        Some(value),
        "the last is the latest"
    );
    let time = item["phenomenon_time"].as_str().unwrap();
    let time = Timestamp::parse(time).unwrap();
    time.as_micros() / 1_000_000 - truth()
}

/// Seconds since 1970, by the clock that nobody sets here.
fn truth() -> i64 {
    SystemClock.now().as_micros() / 1_000_000
}

fn count(platform: &TestPlatform, device: &TestDevice) -> u64 {
    let pm25 = device.datastream(&platform.anonymous(), "pm25");
    let path = format!("/v1/datastreams/{pm25}/observations?count=true");
    platform.get_json(&path)["count"].as_u64().unwrap()
}

#[test]
fn no_leap_loses_a_row_moves_a_time_or_shuts_a_device_out() {
    if peers::look_for("faketime").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, wrong) = (folder.path().join("data"), folder.path().join("wrong"));
    set(&wrong, 0);
    let start = by_the_clock_of(&wrong);
    let mut platform = TestPlatform::on(&data, &start);
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut sent = 0;
    let mut send = |platform: &TestPlatform, what: &str| {
        sent += 1;
        let ahead = assigned(platform, &device, f64::from(sent));
        assert!(ahead <= 600, "{what}: {ahead} s ahead");
        assert_eq!(count(platform, &device), u64::from(sent as u32), "{what}");
    };
    send(&platform, "at first");
    for (what, leap, is_ready) in [
        ("ahead 1 s", 1, true),
        ("ahead 1 h", 3_600, true),
        ("ahead 31 d", 31 * DAY, true),
        ("ahead 10 y", 3_653 * DAY, false),
        ("back 1 s", -1, true),
        ("back 1 h", -3_600, true),
        ("back 31 d", -31 * DAY, false),
        ("back 10 y", -3_653 * DAY, false),
        ("1970", 1_000 - truth(), false),
    ] {
        let leaps = |platform: &TestPlatform| platform.metric("madang_clock_leaps_total ");
        // While it runs.
        let before = leaps(&platform);
        set(&wrong, leap);
        eventually("the leap is told", || {
            (leaps(&platform) > before).then_some(())
        });
        send(&platform, what);
        let (status, body) = ready(&platform);
        assert_eq!(status == 200, is_ready, "{what}: {body}");
        if !is_ready {
            let says = body["detail"].as_str().unwrap();
            assert!(says.contains("set the system's clock"), "{says}");
            let clock = platform.get_json("/v1/platform")["clock"].clone();
            assert_ne!(clock["system"], "followed", "{what}");
        }
        // At a start.
        platform.stop();
        platform = TestPlatform::on(&data, &start);
        send(&platform, &format!("{what}, started"));
        assert_eq!(ready(&platform).0 == 200, is_ready, "{what}, started");
        // Right again.
        set(&wrong, 0);
        eventually("it is followed again", || {
            let clock = &platform.get_json("/v1/platform")["clock"];
            (clock["system"] == "followed").then_some(())
        });
        send(&platform, &format!("after {what}"));
        assert_eq!(ready(&platform).0, 200, "after {what}");
    }
}
