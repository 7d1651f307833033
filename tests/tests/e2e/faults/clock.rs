//! The system's clock leaps: under libfaketime, which sets it for one process.

use std::path::Path;
use std::time::Duration;

use domain::Timestamp;
use ingest::{Clock, SystemClock};
use sdk::api::{Application, NewApplication};
use serde_json::Value;
use tests::{Start, TestDevice, TestPlatform, eventually, peers};

use crate::sessions::client::{Login, SessionClient, Version};

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

/// A session of `client`, kept for `expiry` seconds.
fn login(application: &Application, client: &str, expiry: u32) -> Login {
    Login {
        version: Version::V5,
        client: client.to_owned(),
        user: "me".to_owned(),
        password: application.key.key.clone(),
        expiry,
    }
}

/// Subscribes, and leaves a new session.
fn leave(platform: &TestPlatform, login: &Login) {
    let (mut app, present) = SessionClient::connect(platform.address("mqtt"), login);
    assert!(!present, "{} is new", login.client);
    assert_eq!(app.subscribe("open/#").unwrap(), 1);
    app.disconnect();
}

/// What has waited in a session, of so many messages; nothing where it is not
/// there any more. Leaves it again.
fn waited(platform: &TestPlatform, login: &Login, messages: usize) -> Option<Vec<f64>> {
    let (mut app, present) = SessionClient::connect(platform.address("mqtt"), login);
    let values = present.then(|| {
        let values = (0..messages).map(|_| app.receive().unwrap().value());
        values.collect()
    });
    app.ping();
    app.disconnect();
    values
}

/// Longer than a session of one second is kept.
const EXPIRED: Duration = Duration::from_millis(1_500);

/// Stopped for a while, and started by a clock that is wrong by `leap`.
fn restart(platform: TestPlatform, wrong: &Path, leap: i64, remembers: bool) -> TestPlatform {
    let data = platform.data().to_owned();
    platform.stop();
    std::thread::sleep(EXPIRED);
    set(wrong, leap);
    if !remembers {
        std::fs::remove_file(data.join("clock")).unwrap();
    }
    TestPlatform::on(&data, &by_the_clock_of(wrong))
}

/// Sessions that are away while the clock leaps, at a start that remembers the
/// time, and at one that knows it from the log alone.
fn kept_sessions(leap: i64, remembers: bool) {
    let what = format!("{} d ahead, remembers: {remembers}", leap / DAY);
    let folder = tempfile::tempdir().unwrap();
    let (data, wrong) = (folder.path().join("data"), folder.path().join("wrong"));
    set(&wrong, 0);
    let platform = TestPlatform::on(&data, &by_the_clock_of(&wrong));
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let application = NewApplication {
        name: "Air today".to_owned(),
        contact: "dev@example.com".to_owned(),
    };
    let application = platform.anonymous().create_application(&application);
    let application = application.unwrap();
    let of = |client, expiry| login(&application, client, expiry);
    let [early, late] = [of("early", 3_600), of("late", 3_600)];
    let [short, brief] = [of("short", 1), of("brief", 1)];
    assigned(&platform, &device, 0.0);
    // At its second start it knows what time it was.
    let platform = restart(platform, &wrong, 0, true);
    leave(&platform, &early);
    for value in [1.0, 2.0, 3.0] {
        assigned(&platform, &device, value);
    }
    // Nothing is received for longer than a start takes, nor after the end of
    // these.
    std::thread::sleep(EXPIRED + 2 * platform.started_in);
    leave(&platform, &late);
    leave(&platform, &short);

    let platform = restart(platform, &wrong, leap, remembers);
    let clock = &platform.get_json("/v1/platform")["clock"];
    assert_ne!(clock["says"], Value::Null, "{what}: {clock}");
    let kept = waited(&platform, &early, 3);
    assert_eq!(kept, Some(vec![1.0, 2.0, 3.0]), "{what}");
    assert_eq!(waited(&platform, &late, 0), Some(vec![]), "{what}");
    if remembers {
        assert_eq!(waited(&platform, &short, 0), None, "{what}: it has passed");
    }
    leave(&platform, &brief);
    std::thread::sleep(EXPIRED);
    assert_eq!(waited(&platform, &brief, 0), None, "{what}: it passes");

    // Who left by the wrong clock is kept by the right one.
    let platform = restart(platform, &wrong, 0, true);
    assigned(&platform, &device, 4.0);
    for login in [&early, &late] {
        let kept = waited(&platform, login, 1);
        assert_eq!(kept, Some(vec![4.0]), "{what}: {}", login.client);
    }
}

#[test]
fn a_leap_while_the_platform_is_stopped_ends_no_kept_session_and_time_does() {
    if peers::look_for("faketime").is_none() {
        return;
    }
    for leap in [31 * DAY, 3_653 * DAY] {
        for remembers in [true, false] {
            kept_sessions(leap, remembers);
        }
    }
}
