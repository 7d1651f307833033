//! The devices by their health: the list, its filters and its counts.

use domain::Timestamp;
use serde_json::{Value, json};

use crate::harness::Platform;

fn ago(minutes: i64) -> String {
    let now = Timestamp::parse(&jiff::Timestamp::now().to_string()).unwrap();
    Timestamp::from_micros(now.as_micros() - minutes * 60_000_000).to_rfc3339()
}

/// A day of readings every ten minutes, which `value` gives.
fn publish_a_day(platform: &Platform, id: &str, value: impl Fn(i64) -> f64) {
    let readings: Vec<Value> = (0..150)
        .map(|step| json!({"t": ago((149 - step) * 10), "v": {"speed": value(step)}}))
        .collect();
    platform.publish(id, &json!(readings)).expect(200);
}

/// One that does well, one that is stuck, and one that never sent anything.
fn three_devices(platform: &Platform) -> String {
    let agency = platform.agency();
    for id in ["a-well", "b-stuck", "c-never"] {
        platform.device(id, &agency, "traffic.flow", &json!({}));
    }
    publish_a_day(platform, "a-well", |step| 40.0 + (step % 7) as f64);
    publish_a_day(platform, "b-stuck", |step| 40.0 + (step.min(60) % 7) as f64);
    agency
}

/// The devices that a list has, in its order.
fn devices(platform: &Platform, path: &str) -> Vec<String> {
    let items = platform.all(path);
    let id = |item: &Value| item["device"].as_str().unwrap().to_owned();
    items.iter().map(id).collect()
}

#[test]
fn the_worst_device_comes_first_and_says_why_and_when() {
    let platform = Platform::start();
    let agency = three_devices(&platform);
    let path = "/v1/health/devices";
    assert_eq!(
        platform.all(path),
        Vec::<Value>::new(),
        "nobody has looked yet"
    );
    let before = ago(0);
    platform.look_at_all_devices();

    let items = platform.all("/v1/health/devices?limit=1");
    let short = |item: &Value| {
        let reason = item["reasons"][0]["code"].clone();
        (item["device"].clone(), item["band"].clone(), reason)
    };
    let [never, stuck, well] = &items[..] else {
        panic!("{items:?}");
    };
    assert_eq!(short(never), (json!("c-never"), json!("poor"), Value::Null));
    assert_eq!(short(stuck).0, "b-stuck");
    assert_eq!(short(stuck).2, "stuck");
    assert_eq!(short(well), (json!("a-well"), json!("good"), Value::Null));
    assert_eq!((&never["score"], &well["score"]), (&json!(0), &json!(100)));
    assert!(well["at"].as_str().unwrap() >= before.as_str(), "{well}");
    assert_eq!(well["agency"], agency.as_str());
    assert_eq!(stuck["datastreams"][0]["field"], "speed");
    // The same as when it is asked for.
    let asked = platform
        .operator("GET", "/v1/devices/b-stuck/health", None)
        .expect(200);
    assert_eq!(asked["score"], stuck["score"]);
}

#[test]
fn the_list_is_narrowed_by_score_reason_agency_and_model() {
    let platform = Platform::start();
    let agency = three_devices(&platform);
    platform.device("d-other", &platform.agency(), "safety.air", &json!({}));
    platform.look_at_all_devices();
    for (query, expected) in [
        ("below=100", vec!["c-never", "d-other", "b-stuck"]),
        ("below=1", vec!["c-never", "d-other"]),
        ("reason=stuck", vec!["b-stuck"]),
        ("reason=never", vec!["c-never", "d-other"]),
        ("reason=drift", vec![]),
        ("model=air", vec!["d-other"]),
        (&format!("agency={agency}&reason=never"), vec!["c-never"]),
    ] {
        let path = format!("/v1/health/devices?limit=1&{query}");
        assert_eq!(devices(&platform, &path), expected, "{query}");
    }
    let problem = platform
        .operator("GET", "/v1/health/devices?reason=stuk", None)
        .expect(400);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("Did you mean stuck?"), "{detail}");
    platform
        .operator("GET", "/v1/health/devices?agency=none", None)
        .expect(400);
}

#[test]
fn the_summary_counts_by_agency_and_what_nobody_has_looked_at() {
    let platform = Platform::start();
    let agency = three_devices(&platform);
    platform.look_at_all_devices();
    platform.device("d-new", &agency, "traffic.flow", &json!({}));
    let summary = platform.all("/v1/health/summary");
    let [of_agency] = &summary[..] else {
        panic!("{summary:?}");
    };
    let count = |name: &str| of_agency[name].as_u64().unwrap();
    assert_eq!(of_agency["agency"], agency.as_str());
    assert_eq!(
        ["devices", "good", "unknown"].map(count),
        [4, 1, 1],
        "{of_agency}"
    );
    assert_eq!(count("fair") + count("poor"), 2);
    assert_eq!(of_agency["reasons"]["stuck"], 1);
    assert_eq!(of_agency["reasons"]["never"], 1);
    assert!(of_agency["oldest"].is_string());
}

#[test]
fn a_device_that_went_to_another_agency_is_looked_at_anew() {
    let platform = Platform::start();
    three_devices(&platform);
    platform.look_at_all_devices();
    let new = platform.agency();
    platform
        .operator(
            "POST",
            "/v1/devices/b-stuck/transfer",
            Some(json!({"agency": new})),
        )
        .expect(200);
    let listed = || devices(&platform, "/v1/health/devices?limit=1");
    assert_eq!(listed(), ["c-never", "a-well"]);
    let of_new = format!("/v1/health/devices?agency={new}");
    assert_eq!(devices(&platform, &of_new), Vec::<String>::new());
    let summary = platform.all("/v1/health/summary");
    let counts = summary.iter().find(|one| one["agency"] == new.as_str());
    assert_eq!(counts.unwrap()["unknown"], 1, "{summary:?}");

    platform.look_at_all_devices();
    assert_eq!(listed(), ["c-never", "b-stuck", "a-well"]);
    assert_eq!(devices(&platform, &of_new), ["b-stuck"]);
}

#[test]
fn a_device_that_is_out_of_service_has_no_score() {
    let platform = Platform::start();
    let agency = three_devices(&platform);
    platform.look_at_all_devices();
    platform
        .operator("POST", "/v1/devices/c-never/revoke", None)
        .expect(200);
    let listed = || devices(&platform, "/v1/health/devices");
    assert_eq!(listed(), ["b-stuck", "a-well"]);
    platform.look_at_all_devices();
    assert_eq!(listed(), ["b-stuck", "a-well"]);
    let metrics = platform.operator("GET", "/metrics", None).text;
    assert!(
        metrics.contains("madang_health_devices{band=\"poor\"} 0"),
        "{metrics}"
    );
    let path = format!("/v1/health/devices?agency={agency}");
    assert_eq!(devices(&platform, &path).len(), 2);
}

#[test]
fn the_bands_of_restricted_devices_are_in_the_metrics_for_operators_alone() {
    let platform = Platform::start();
    three_devices(&platform);
    platform.look_at_all_devices();
    let of_all = platform.get("/metrics").text;
    assert!(!of_all.contains("madang_health_"), "{of_all}");
    let metrics = platform.operator("GET", "/metrics", None).text;
    for line in [
        "madang_health_devices{band=\"good\"} 1",
        "madang_health_passes_total 1",
        "madang_health_pass_failures 0",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}
