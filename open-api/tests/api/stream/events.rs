//! The live stream: everything once, in order, resumable.

use serde_json::json;

use crate::harness::{Platform, Setup};

fn publish(platform: &Platform, device: &str, field: &str, value: u32) -> u64 {
    let payload = json!({"v": {field: value}});
    platform.publish(device, &payload).expect(200)["offset"]
        .as_u64()
        .unwrap()
}

#[test]
fn what_comes_is_seen() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    publish(&platform, "dev-1", "speed", 1);
    let mut stream = platform.stream("/v1/stream", &[]);
    let offset = publish(&platform, "dev-1", "speed", 2);
    let event = stream.next();
    assert_eq!((event.name, event.id), (None, Some(offset)));
    let data = event.data;
    assert_eq!(data["offset"], offset);
    for (name, value) in [
        ("device", "dev-1"),
        ("thing", "dev-1"),
        ("domain", "traffic"),
        ("model", "traffic.flow"),
        ("assurance", "password"),
    ] {
        assert_eq!(data[name], value);
    }
    let observation = &data["observations"][0];
    assert_eq!(
        (
            &observation["field"],
            &observation["value"],
            &observation["unit"]
        ),
        (&json!("speed"), &json!(2.0), &json!("km/h"))
    );
    assert_eq!(
        observation["datastream"],
        platform.datastream("dev-1", "speed")
    );
    assert!(observation["phenomenon_time"].is_string() && data["result_time"].is_string());
}

#[test]
fn resuming_leaves_no_gap_and_nothing_comes_twice() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let sent: Vec<u64> = (0..30)
        .map(|value| publish(&platform, "dev-1", "speed", value))
        .collect();
    let mut seen = Vec::new();
    let mut first = platform.stream("/v1/stream?from_offset=1", &[]);
    for _ in 0..10 {
        seen.push(first.next().id.unwrap());
    }
    drop(first);
    // As a browser does it: the old address, and the last id beside it.
    let last = seen.last().unwrap().to_string();
    let mut second = platform.stream("/v1/stream?from_offset=1", &[("last-event-id", &last)]);
    let more: Vec<u64> = (30..40)
        .map(|value| publish(&platform, "dev-1", "speed", value))
        .collect();
    for _ in 0..30 {
        seen.push(second.next().id.unwrap());
    }
    assert_eq!(seen, [sent, more].concat());
}

#[test]
fn a_reader_that_lags_goes_over_to_live() {
    const MESSAGES: u32 = 600;
    // Small segments: the log goes on to the next one beneath the reader.
    let platform = Platform::set_up(Setup {
        segment_bytes: 2 << 20,
        flush_rows: 20_000,
        ..Setup::default()
    });
    platform.public_device("dev-1", "safety.air");
    let text = "x".repeat(200);
    let message = |number: u32| {
        let rows: Vec<_> = (0..60)
            .map(|row| json!({"t": 1_777_593_600 + number * 60 + row, "v": {"firmware": text}}))
            .collect();
        platform.publish("dev-1", &json!(rows)).expect(200)["offset"]
            .as_u64()
            .unwrap()
    };
    let mut sent: Vec<u64> = (0..MESSAGES / 2).map(message).collect();
    let seen = std::thread::scope(|scope| {
        // Begins with the oldest, while the rest is published.
        let reader = scope.spawn(|| {
            let mut stream = platform.stream("/v1/stream?from_offset=1", &[]);
            let ids = (0..MESSAGES).map(|_| stream.next().id.unwrap());
            ids.collect::<Vec<u64>>()
        });
        sent.extend((MESSAGES / 2..MESSAGES).map(message));
        reader.join().unwrap()
    });
    assert_eq!(seen, sent);
}

#[test]
fn latest_hands_over_to_the_stream() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    publish(&platform, "dev-1", "speed", 1);
    let offset = platform.get("/v1/latest").expect(200)["offset"]
        .as_u64()
        .unwrap();
    let next = publish(&platform, "dev-1", "speed", 2);
    let mut stream = platform.stream(&format!("/v1/stream?from_offset={}", offset + 1), &[]);
    assert_eq!(stream.next().id, Some(next));
}

#[test]
fn filters_leave_out_what_was_not_asked_for() {
    let platform = Platform::start();
    platform.public_device("road", "traffic.flow");
    platform.public_device("air", "safety.air");
    let road = publish(&platform, "road", "speed", 1);
    let air = publish(&platform, "air", "pm25", 1);
    for (filter, expected) in [
        ("domain=traffic", road),
        ("domain=safety", air),
        ("model=flow", road),
        ("model=safety.air", air),
        ("bbox=126.9,37.5,127,37.6&domain=safety", air),
        ("agency=agency-1", air),
    ] {
        let mut stream = platform.stream(&format!("/v1/stream?from_offset=1&{filter}"), &[]);
        assert_eq!(stream.next().id, Some(expected), "{filter}");
    }
    // A duplicate is stored nowhere, so it is no event.
    let payload = json!({"t": "2026-05-01T00:00:00Z", "v": {"speed": 9}});
    platform.publish("road", &payload).expect(200);
    let mut stream = platform.stream("/v1/stream", &[]);
    platform.publish("road", &payload).expect(200);
    let after = publish(&platform, "road", "speed", 10);
    assert_eq!(stream.next().id, Some(after));
}

#[test]
fn a_revoked_key_ends_its_streams() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let made = platform
        .post(
            "/v1/applications",
            &json!({"name": "app", "contact": "dev@example.com"}),
        )
        .expect(201);
    let key = made["key"]["key"].as_str().unwrap();
    let mut stream = platform.stream("/v1/stream", &[("x-api-key", key)]);
    let (id, key_id) = (
        made["id"].as_str().unwrap(),
        made["key"]["id"].as_str().unwrap(),
    );
    let path = format!("/v1/applications/{id}/keys/{key_id}");
    assert_eq!(platform.operator("DELETE", &path, None).status, 204);
    publish(&platform, "dev-1", "speed", 1);
    assert!(stream.ended());
}

#[test]
fn streams_end_when_the_platform_stops() {
    let platform = Platform::start();
    let mut stream = platform.stream("/v1/stream", &[]);
    let started = std::time::Instant::now();
    drop(platform);
    assert!(stream.ended());
    assert!(started.elapsed() < std::time::Duration::from_secs(30));
}

#[test]
fn what_is_gone_from_the_log_is_told_and_can_be_asked_for() {
    let platform = Platform::set_up(Setup {
        segment_bytes: 2 << 20,
        log_budget_bytes: 0,
        flush_rows: 10_000,
        ..Setup::default()
    });
    platform.public_device("dev-1", "safety.air");
    // About 10 MB of log, of which the store has nearly all and the budget
    // keeps nothing.
    let text = "x".repeat(240);
    let sent: Vec<u64> = (0..180)
        .map(|message| {
            let rows: Vec<_> = (0..200)
                .map(|row| {
                    let time = 1_777_593_600 + message * 200 + row;
                    json!({"t": time, "v": {"firmware": text}})
                })
                .collect();
            platform.publish("dev-1", &json!(rows)).expect(200)["offset"]
                .as_u64()
                .unwrap()
        })
        .collect();
    let metric = |name: &str| {
        let text = platform.get("/metrics").text;
        let line = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap()
            .to_owned();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let waiting = std::time::Instant::now();
    while metric("madang_files ") < 2 {
        assert!(waiting.elapsed() < std::time::Duration::from_secs(60));
        std::thread::yield_now();
    }
    // Until then nothing is gone, and the stream simply begins at the start.
    let gap = loop {
        let first = platform
            .stream("/v1/stream?from_offset=1&domain=safety", &[])
            .next();
        if first.name.is_some() {
            break first;
        }
        assert!(waiting.elapsed() < std::time::Duration::from_secs(60));
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(gap.name.as_deref(), Some("gap"));
    let (from, to) = (
        gap.data["from_offset"].as_u64().unwrap(),
        gap.data["to_offset"].as_u64().unwrap(),
    );
    assert_eq!((from, gap.id), (1, Some(to - 1)));
    let day = gap.data["export"].as_str().unwrap();
    let exported = platform.all(&day.replace("{date}", "2026-05-01"));
    assert!(!exported.is_empty(), "{day}");
    // What the gap event says does fill it: with the stream after it, all.
    let mut seen = Vec::new();
    for datastream in platform.all(gap.data["datastreams"].as_str().unwrap()) {
        let fill = gap.data["fill"]
            .as_str()
            .unwrap()
            .replace("{id}", &datastream["id"].to_string());
        for item in platform.all(&format!("{fill}&limit=10000")) {
            seen.push(item["offset"].as_u64().unwrap());
        }
    }
    seen.dedup();
    let mut stream = platform.stream("/v1/stream", &[("last-event-id", &(to - 1).to_string())]);
    while seen.len() < sent.len() {
        seen.push(stream.next().id.unwrap());
    }
    assert_eq!(seen, sent);
}

#[test]
fn an_empty_last_event_id_is_none() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    platform.publish("dev-1", &json!({"speed": 1})).expect(200);
    let mut events = platform.stream("/v1/stream", &[("last-event-id", "")]);
    platform.publish("dev-1", &json!({"speed": 2})).expect(200);
    assert_eq!(events.next().data["observations"][0]["value"], 2.0);
}
