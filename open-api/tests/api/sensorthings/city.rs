//! What the tests read: two cities with a handful of devices, of which one is
//! restricted, and what they sent on the first of May.

use std::num::NonZeroU32;

use open_api::Quotas;
use serde_json::{Value, json};

use crate::harness::{Platform, Setup};

pub(super) const CITY_HALL: (f64, f64) = (37.566_412, 126.977_968);
pub(super) const NAMSAN: (f64, f64) = (37.551_2, 126.988_2);
pub(super) const BEACH: (f64, f64) = (35.158_7, 129.160_4);
/// The same as the public sees them, longitude first.
pub(super) const CITY_HALL_CELL: [f64; 2] = [126.9775, 37.5665];
pub(super) const NAMSAN_CELL: [f64; 2] = [126.9885, 37.5515];
pub(super) const BEACH_CELL: [f64; 2] = [129.1605, 35.1585];

/// Of `flow-1`, one a minute from 00:00 UTC.
pub(super) const SPEEDS: [f64; 10] = [40.0, 47.0, 54.0, 43.0, 50.0, 39.0, 46.0, 53.0, 42.0, 49.0];

/// The name of `flow-2`: every sign that a careless parser would cut at.
pub(super) const AWKWARD: &str = "O'Neill; 1/2, east (b) & c";
/// In the name of what only its agency may see.
pub(super) const HIDDEN: &str = "quagga";

/// The things that everybody sees, in order of id.
pub(super) const THINGS: [&str; 5] = ["flow-1", "flow-2", "lot-1", "river-1", "signal-1"];

pub(super) fn city() -> Platform {
    // A test asks more than a person may.
    let quotas = Quotas {
        anonymous_a_minute: NonZeroU32::MAX,
        operator_a_minute: NonZeroU32::MAX,
        ..Quotas::default()
    };
    // Some of what is read lies in files, some in memory.
    let platform = Platform::set_up(Setup {
        quotas,
        flush_rows: 7,
        ..Setup::default()
    });
    register(&platform);
    observe(&platform);
    let river = json!({
        "agency": "busan", "kind": "river-section", "things": ["river-1"],
        "title": {"en": "Suyeong river", "ko": "수영강"},
        "description": "from the dam to the sea",
        "geometry": {"type": "LineString",
            "coordinates": [[129.160_4, 35.158_7], [129.161_8, 35.162_3]]},
    });
    let made = platform.operator("PUT", "/v1/features/suyeong", Some(river));
    made.expect(201);
    platform
}

fn register(platform: &Platform) {
    for agency in ["seoul", "busan"] {
        let body = json!({"id": agency, "name": agency});
        let made = platform.operator("POST", "/v1/agencies", Some(body));
        made.expect(201);
    }
    let hall = Some(CITY_HALL);
    for (id, agency, model, name, place) in [
        ("flow-1", "seoul", "traffic.flow", "세종대로 1", hall),
        ("flow-9", "seoul", "traffic.flow", HIDDEN, hall),
        ("flow-2", "seoul", "traffic.flow", AWKWARD, Some(NAMSAN)),
        ("signal-1", "seoul", "traffic.signal", "signal", hall),
        (
            "river-1",
            "busan",
            "disaster.water-level",
            "Suyeong",
            Some(BEACH),
        ),
        ("lot-1", "seoul", "traffic.parking", "lot", None),
    ] {
        let place = place.map(|(lat, lon)| json!({"lat": lat, "lon": lon}));
        let is_hidden = name == HIDDEN;
        let visibility = if is_hidden { "restricted" } else { "public" };
        let more = json!({"name": name, "visibility": visibility, "location": place});
        platform.device(id, agency, model, &more);
    }
}

fn observe(platform: &Platform) {
    let speeds = SPEEDS.iter().enumerate();
    let speeds = speeds.map(|(minute, speed)| at(minute, "00", "speed", speed));
    let others = [at(0, "30", "speed", &30.0), at(1, "30", "speed", &31.0)];
    let phases = [at(0, "00", "phase", &"red"), at(1, "00", "phase", &"green")];
    let levels = [at(0, "00", "level", &1.25), at(10, "00", "level", &-0.5)];
    for (device, payload) in [
        ("flow-1", speeds.collect()),
        ("flow-1", at(3, "00", "volume", &12)),
        ("flow-2", json!(others)),
        ("flow-9", at(5, "00", "speed", &99.0)),
        ("signal-1", json!(phases)),
        ("signal-1", at(1, "00", "remaining", &12)),
        ("river-1", json!(levels)),
        ("river-1", at(20, "00", "level", &Value::Null)),
        ("lot-1", at(7, "00", "available", &7)),
    ] {
        let receipt = platform.publish(device, &payload).expect(200);
        assert_eq!(receipt["rejected"].as_u64().unwrap_or(0), 0, "{receipt}");
    }
}

/// One value of the first hour of the first of May.
pub(super) fn at(minute: usize, second: &str, field: &str, value: &impl serde::Serialize) -> Value {
    json!({"t": format!("2026-05-01T00:{minute:02}:{second}Z"), "v": {field: value}})
}

/// Moves the thing of a device, as of some time.
pub(super) fn relocate(platform: &Platform, device: &str, to: Option<(f64, f64)>, since: &str) {
    let to = to.map(|(lat, lon)| json!({"lat": lat, "lon": lon}));
    let patch = json!({"location": to, "since": since});
    let path = format!("/v1/devices/{device}");
    platform.operator("PATCH", &path, Some(patch)).expect(200);
}

/// Of a device's field, as `/Datastreams(7)`.
pub(super) fn datastream(platform: &Platform, device: &str, field: &str) -> String {
    format!("/Datastreams({})", platform.datastream(device, field))
}
