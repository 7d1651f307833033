//! The API's main answers, whole: status, headers and every byte of the body,
//! beside what stands in `expected/`. What differs from one run to the next is
//! masked. With `MADANG_WRITE_EXPECTED=1` the files are written anew: look at
//! the difference before it is kept.

use std::path::PathBuf;

use serde_json::json;

use crate::harness::{Platform, Reply};

/// Members whose values are of the clock, or of chance.
const MASKED: [&str; 4] = ["result_time", "created", "last_seen", "request_id"];
/// Headers that tell of one request, of the clock, or of the body's length, which
/// decides whether it could have been compressed.
const LEFT_OUT: [&str; 7] = [
    "connection",
    "content-length",
    "date",
    "ratelimit-remaining",
    "ratelimit-reset",
    "vary",
    "x-request-id",
];

/// `"name":"..."` becomes `"name":"<name>"`.
fn mask(text: &str) -> String {
    let mut masked = text.to_owned();
    for name in MASKED {
        let begin = format!("\"{name}\":\"");
        let mut parts = masked.split(&begin);
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            let (_, rest) = part.split_once('"').unwrap();
            out.push_str(&format!("{begin}<{name}>\"{rest}"));
        }
        masked = out;
    }
    masked
}

/// A line for each item, so that a difference is seen at once.
fn lines(text: &str) -> String {
    text.replace("},{", "},\n{").replace("[{", "[\n{")
}

fn expect(name: &str, answer: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/api/expected")
        .join(name);
    if std::env::var_os("MADANG_WRITE_EXPECTED").is_some() {
        std::fs::write(&file, answer).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(answer, expected, "{name}");
}

fn expect_reply(platform: &Platform, name: &str, reply: &Reply) {
    let mut headers: Vec<String> = reply
        .headers()
        .filter(|(name, _)| !LEFT_OUT.contains(name))
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect();
    headers.sort();
    let answer = format!(
        "{}\n{}\n{}\n",
        reply.status,
        headers.concat(),
        lines(&mask(&reply.text))
    );
    let host = platform.address.to_string();
    expect(name, &answer.replace(&host, "<host>"));
}

/// Two devices of two models, with a reading or two each.
fn platform() -> Platform {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    platform.public_device("dev-2", "safety.air");
    for payload in [
        json!({"t": "2026-05-01T09:00:00+09:00", "v": {"speed": 43.5, "occupancy": 12}}),
        json!({"t": "2026-05-01T09:01:00+09:00", "v": {"speed": 45}}),
        json!({"t": "2026-05-01T09:01:00+09:00", "v": {"speed": 44.25}}),
        json!({"t": "2026-05-01T09:06:00+09:00", "v": {"speed": 4000}, "loc": [37.57, 126.98]}),
    ] {
        platform.publish("dev-1", &payload).expect(200);
    }
    let air = json!([
        {"t": 1_777_593_600, "v": {"pm25": 12.1, "firmware": "1.0 \"b\""}},
        {"t": 1_777_593_660, "v": {"pm25": 11}, "q": "uncertain"},
    ]);
    platform.publish("dev-2", &air).expect(200);
    platform
}

#[test]
fn lists_of_data() {
    let platform = platform();
    let speed = platform.datastream("dev-1", "speed");
    let observations = format!("/v1/datastreams/{speed}/observations");
    let aggregate = "/v1/aggregate?bucket=5m&fn=avg,min,max,count,p50&from=2026-05-01T00:00:00Z&to=2026-05-01T00:10:00Z";
    for (name, path) in [
        ("latest.txt", "/v1/latest".to_owned()),
        (
            "latest-page.txt",
            "/v1/latest?domain=traffic&limit=1".to_owned(),
        ),
        ("things.txt", "/v1/things".to_owned()),
        ("datastreams.txt", "/v1/datastreams".to_owned()),
        ("summary.txt", "/v1/datastreams/summary".to_owned()),
        ("observations.txt", observations.clone()),
        (
            "observations-page.txt",
            format!("{observations}?limit=2&count=true"),
        ),
        (
            "range-page.txt",
            "/v1/observations?thing=dev-1&order=desc&limit=2".to_owned(),
        ),
        ("aggregate.txt", format!("{aggregate}&field=speed")),
        (
            "aggregate-each.txt",
            format!("{aggregate}&datastream={speed}&tz=Asia/Seoul"),
        ),
    ] {
        expect_reply(&platform, name, &platform.get(&path));
    }
    let csv = platform.send("GET", &observations, &[("accept", "text/csv")], None);
    assert_eq!(csv.text.lines().count(), 4, "{}", csv.text);
}

#[test]
fn what_operators_read() {
    let platform = platform();
    for (name, path) in [
        ("devices.txt", "/v1/devices"),
        ("devices-page.txt", "/v1/devices?model=flow&limit=1"),
        ("device.txt", "/v1/devices/dev-2"),
        ("connection.txt", "/v1/devices/dev-2/connection"),
        ("agencies.txt", "/v1/agencies"),
    ] {
        expect_reply(&platform, name, &platform.operator("GET", path, None));
    }
}

#[test]
fn problems() {
    let platform = platform();
    for (name, path) in [
        ("problem-parameter.txt", "/v1/latest?domian=traffic"),
        ("problem-word.txt", "/v1/latest?domain=trafic"),
        ("problem-not-found.txt", "/v1/datastreams/999"),
        ("problem-unauthenticated.txt", "/v1/devices"),
        ("problem-day.txt", "/v1/export/2026-05-32"),
    ] {
        expect_reply(&platform, name, &platform.get(path));
    }
    let unreadable = platform.publish("dev-1", &json!({"v": 5}));
    expect_reply(&platform, "problem-telemetry.txt", &unreadable);
}

#[test]
fn events_of_a_stream() {
    let platform = platform();
    let mut stream = platform.stream("/v1/stream?from_offset=1", &[]);
    let events: Vec<String> = (0..5).map(|_| stream.text()).collect();
    expect("stream.txt", &lines(&mask(&events.concat())));
}
