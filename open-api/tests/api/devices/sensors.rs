//! Sensors over HTTP: put in, calibrated and swapped, and what of them who sees.

use serde_json::{Value, json};

use crate::harness::{Platform, Reply};

const SENSORS: &str = "/v1/devices/dev-1/sensors";

/// A public device, and the number of what it sends.
fn platform() -> (Platform, u64) {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let speed = platform.datastream("dev-1", "speed");
    (platform, speed)
}

fn add(platform: &Platform, body: Value) -> Reply {
    platform.operator("POST", SENSORS, Some(body))
}

fn radar(speed: u64, installed: &str) -> Value {
    json!({"name": "Radar", "maker": "Hanbit", "model": "R-1", "serial": "0A2B33",
        "note": "at the mast", "datasheet": "https://maker.example/r1.pdf",
        "datastreams": [speed], "installed_at": installed})
}

fn calibrate(platform: &Platform, sensor: u64, at: &str, until: Option<&str>) -> Reply {
    let body = json!({"at": at, "by": "KTL", "certificate": "26-0042", "valid_until": until,
        "result": "gain 1.02"});
    let path = format!("{SENSORS}/{sensor}/calibrations");
    platform.operator("POST", &path, Some(body))
}

#[test]
fn the_public_sees_what_measures_and_not_its_serial_number() {
    let (platform, speed) = platform();
    let datastream = format!("/v1/datastreams/{speed}");
    let shown = platform.get(&datastream).expect(200);
    assert_eq!(shown["sensor"], Value::Null);
    let history = format!("{datastream}/sensors");
    assert_eq!(platform.get(&history).expect(200)["items"], json!([]));
    let made = add(&platform, radar(speed, "2026-05-01T00:00:00Z")).expect(201);
    assert_eq!(
        (&made["id"], &made["serial"]),
        (&json!(1), &json!("0A2B33"))
    );
    assert_eq!(made["datasheet_type"], "application/pdf");
    assert_eq!(made["calibrations"], json!([]));
    let at = "2026-04-20T01:00:00Z";
    let recorded = calibrate(&platform, 1, at, Some("2026-05-20T01:00:00Z")).expect(201);
    assert_eq!(recorded["expired"], true, "long ago by now");

    let everybody = platform.get(&datastream).expect(200)["sensor"].clone();
    assert_eq!(everybody["name"], "Radar");
    assert_eq!(everybody["maker"], "Hanbit");
    assert_eq!(
        everybody["calibration"]["valid_until"],
        "2026-05-20T01:00:00Z"
    );
    assert_eq!(everybody["calibration"]["expired"], true);
    for path in [&datastream, &history] {
        let text = platform.get(path).text;
        for hidden in ["0A2B33", "at the mast", "KTL", "26-0042", "gain"] {
            assert!(!text.contains(hidden), "{path}: {text}");
        }
    }
    let owner = platform.operator("GET", &datastream, None).expect(200);
    assert_eq!(owner["sensor"]["serial"], "0A2B33");
    assert_eq!(owner["sensor"]["calibration"]["certificate"], "26-0042");
    // A list does not look at each.
    let listed = platform.get("/v1/datastreams?device=dev-1").expect(200);
    assert!(listed["items"][0].get("sensor").is_none());
    platform.get(SENSORS).problem(401, "unauthenticated");
}

#[test]
fn of_an_observations_time_sensor_and_calibration_are_told() {
    let (platform, speed) = platform();
    add(&platform, radar(speed, "2026-05-01T00:00:00Z")).expect(201);
    calibrate(
        &platform,
        1,
        "2026-04-20T00:00:00Z",
        Some("2026-06-01T00:00:00Z"),
    )
    .expect(201);
    calibrate(&platform, 1, "2026-06-10T00:00:00Z", None).expect(201);
    let next = json!({"name": "Lidar", "datastreams": [speed],
        "installed_at": "2026-07-01T00:00:00Z"});
    add(&platform, next).expect(201);
    let then = |time: &str| {
        let path = format!("/v1/datastreams/{speed}/sensors?at={time}");
        let items = platform.get(&path).expect(200)["items"].clone();
        assert!(items.as_array().unwrap().len() <= 1, "{items}");
        let one = &items[0];
        json!([
            one["name"],
            one["calibration"]["at"],
            one["calibration"]["expired"]
        ])
    };
    let first = "2026-04-20T00:00:00Z";
    assert_eq!(then("2026-04-30T00:00:00Z"), json!([null, null, null]));
    assert_eq!(then("2026-05-02T00:00:00Z"), json!(["Radar", first, false]));
    assert_eq!(then("2026-06-05T00:00:00Z"), json!(["Radar", first, true]));
    let second = json!(["Radar", "2026-06-10T00:00:00Z", false]);
    assert_eq!(then("2026-06-30T23:59:59Z"), second);
    assert_eq!(then("2026-07-01T00:00:00Z"), json!(["Lidar", null, null]));
    // Its predecessor is told with its times.
    let all = platform.all(&format!("{SENSORS}?limit=1"));
    assert_eq!(all.len(), 2);
    assert_eq!(all[0]["removed_at"], "2026-07-01T00:00:00Z");
    assert_eq!(all[0]["calibration"]["at"], "2026-06-10T00:00:00Z");
    let one = platform
        .operator("GET", &format!("{SENSORS}/1"), None)
        .expect(200);
    assert_eq!(one["calibrations"].as_array().unwrap().len(), 2);
}

#[test]
fn a_refusal_says_what_to_do() {
    let (platform, speed) = platform();
    add(&platform, radar(speed, "2026-05-01T00:00:00Z")).expect(201);
    let mut other = radar(speed, "2026-04-01T00:00:00Z");
    let told = add(&platform, other.clone()).problem(409, "conflict");
    assert_eq!(told["code"], "datastream-measured");
    assert!(told["detail"].as_str().unwrap().contains("removed_at"));
    other["datastreams"] = json!([987_654]);
    let told = add(&platform, other.clone()).problem(400, "invalid-body");
    assert_eq!(told["code"], "unknown-datastream");
    other["datasheet"] = "javascript:alert(1)".into();
    add(&platform, other.clone()).problem(400, "invalid-body");
    other["datasheet"] = Value::Null;
    other["datasheet_type"] = "text/html".into();
    add(&platform, other).problem(400, "invalid-body");
    for path in ["/v1/devices/dev-1/sensors/9", "/v1/devices/dev-1/sensors/x"] {
        platform
            .operator("GET", path, None)
            .problem(404, "not-found");
        let patch = Some(json!({"name": "x"}));
        platform
            .operator("PATCH", path, patch)
            .problem(404, "not-found");
    }
    let patch =
        Some(json!({"datasheet": null, "serial": "", "removed_at": "2026-06-01T00:00:00Z"}));
    let patched = platform
        .operator("PATCH", &format!("{SENSORS}/1"), patch)
        .expect(200);
    let left = [
        &patched["datasheet"],
        &patched["datasheet_type"],
        &patched["serial"],
    ];
    assert_eq!(left, [&Value::Null; 3]);
    let shown = platform
        .get(&format!("/v1/datastreams/{speed}"))
        .expect(200);
    assert_eq!(shown["sensor"], Value::Null);
    let back = Some(json!({"removed_at": null}));
    platform
        .operator("PATCH", &format!("{SENSORS}/1"), back)
        .expect(200);
    let shown = platform
        .get(&format!("/v1/datastreams/{speed}"))
        .expect(200);
    assert_eq!(shown["sensor"]["name"], "Radar");
}
