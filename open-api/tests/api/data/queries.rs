//! What can be asked of many observations: selections, buckets of a zone, and
//! the limits of one question.

use serde_json::{Value, json};

use crate::harness::Platform;

/// Speeds at these times, in one message.
fn send(platform: &Platform, device: &str, speeds: &[(&str, f64)]) {
    let rows: Vec<Value> = speeds
        .iter()
        .map(|(time, speed)| json!({"t": time, "v": {"speed": speed}}))
        .collect();
    platform.publish(device, &json!(rows)).expect(200);
}

fn items(platform: &Platform, path: &str) -> Vec<Value> {
    let list = platform.get(path).expect(200);
    list["items"].as_array().unwrap().clone()
}

fn refused(platform: &Platform, path: &str, words: &str) {
    let problem = platform.get(path).problem(400, "invalid-parameter");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(words), "{path}: {detail}");
}

#[test]
fn one_selection_for_latest_lists_and_aggregates() {
    let platform = Platform::start();
    let places = [("a-1", 37.5665, 126.9775), ("b-1", 35.1805, 129.0755)];
    let mut agencies = Vec::new();
    for (id, lat, lon) in places {
        let agency = platform.agency();
        let more = json!({"visibility": "public", "location": {"lat": lat, "lon": lon}});
        platform.device(id, &agency, "traffic.flow", &more);
        send(
            &platform,
            id,
            &[(
                "2026-05-01T00:00:00Z",
                if id == "a-1" { 40.0 } else { 80.0 },
            )],
        );
        agencies.push(agency);
    }
    // Replaced: the thing and its datastreams stay, the device is another.
    let more = json!({"visibility": "public", "thing": "a-1"});
    platform.device("a-2", &agencies[0], "traffic.flow", &more);
    send(&platform, "a-2", &[("2026-05-01T00:10:00Z", 60.0)]);
    let agency = format!("agency={}", agencies[0]);
    for filter in [
        "thing=a-1",
        "device=a-2",
        agency.as_str(),
        "bbox=126.9,37.5,127,37.6",
        "near=37.5665,126.9775,50",
        "thing=a-1&domain=traffic&model=flow&device=a-2",
    ] {
        let latest = items(&platform, &format!("/v1/latest?field=speed&{filter}"));
        assert_eq!(latest.len(), 1, "{filter}");
        assert_eq!(
            (&latest[0]["thing"], &latest[0]["value"]),
            (&json!("a-1"), &json!(60.0))
        );
        let lists = items(&platform, &format!("/v1/datastreams?field=speed&{filter}"));
        assert_eq!(lists.len(), 1, "{filter}");
        let path = format!("/v1/aggregate?field=speed&bucket=1h&fn=avg,first,last&{filter}");
        let buckets = items(&platform, &path);
        assert_eq!(
            (
                &buckets[0]["avg"],
                &buckets[0]["first"],
                &buckets[0]["last"]
            ),
            (&json!(50.0), &json!(40.0), &json!(60.0)),
            "{filter}"
        );
    }
    let all = items(
        &platform,
        "/v1/aggregate?field=speed&domain=traffic&bucket=1d&fn=count,max",
    );
    assert_eq!(
        (&all[0]["count"], &all[0]["max"]),
        (&json!(3), &json!(80.0))
    );
    let none = items(
        &platform,
        "/v1/aggregate?field=speed&thing=c-1&bucket=1d&fn=count",
    );
    assert_eq!(none, [] as [Value; 0]);
    let id = platform.datastream("a-2", "speed");
    refused(
        &platform,
        &format!("/v1/aggregate?datastream={id}&thing=a-1&bucket=1h&fn=avg"),
        "field=",
    );
    refused(&platform, "/v1/aggregate?bucket=1h&fn=avg", "field=");
}

#[test]
fn percentiles_are_those_of_the_numbers() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let times: Vec<String> = (0..101)
        .map(|second| format!("2026-05-01T00:{:02}:{:02}Z", second / 60, second % 60))
        .collect();
    let speeds: Vec<(&str, f64)> = times
        .iter()
        .enumerate()
        .map(|(at, time)| (time.as_str(), ((at * 37) % 101) as f64))
        .collect();
    send(&platform, "dev-1", &speeds);
    let id = platform.datastream("dev-1", "speed");
    for percents in [[1, 5, 25, 50, 75, 95, 99], [0, 2, 33, 66, 90, 98, 100]] {
        let names: Vec<String> = percents
            .iter()
            .map(|percent| format!("p{percent}"))
            .collect();
        let path = format!(
            "/v1/aggregate?datastream={id}&bucket=1h&fn={}",
            names.join(",")
        );
        let buckets = items(&platform, &path);
        for (name, percent) in names.iter().zip(percents) {
            assert_eq!(buckets[0][name], f64::from(percent), "{name}");
        }
    }
    for function in ["p101", "p", "p5.5", "median", "avg,avg"] {
        refused(
            &platform,
            &format!("/v1/aggregate?datastream={id}&bucket=1h&fn={function}"),
            "fn",
        );
    }
}

#[test]
fn a_day_is_as_long_as_the_zone_says() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let id = platform.datastream("dev-1", "speed");
    // Midnight in Seoul is 15:00 UTC.
    send(
        &platform,
        "dev-1",
        &[
            ("2026-05-01T14:59:59Z", 1.0),
            ("2026-05-01T15:00:00Z", 2.0),
            ("2026-05-02T14:59:59Z", 3.0),
            ("2026-05-02T15:00:00Z", 4.0),
        ],
    );
    let path = format!("/v1/aggregate?datastream={id}&bucket=1d&fn=sum&tz=Asia/Seoul");
    let found: Vec<(String, f64)> = items(&platform, &path)
        .iter()
        .map(|day| {
            (
                day["start"].as_str().unwrap().to_owned(),
                day["sum"].as_f64().unwrap(),
            )
        })
        .collect();
    let day = |number: u8| format!("2026-05-0{number}T00:00:00+09:00");
    assert_eq!(found, [(day(1), 1.0), (day(2), 5.0), (day(3), 4.0)]);

    // Paris: 2025-03-30 has 23 hours, 2025-10-26 has 25.
    for (first, days) in [
        (
            "2025-03-29T23:00:00Z",
            ["2025-03-30T00:00:00+01:00", "2025-03-31T00:00:00+02:00"],
        ),
        (
            "2025-10-25T22:00:00Z",
            ["2025-10-26T00:00:00+02:00", "2025-10-27T00:00:00+01:00"],
        ),
    ] {
        let start: jiff::Timestamp = first.parse().unwrap();
        let times: Vec<String> = (0..48)
            .map(|hour| (start + jiff::SignedDuration::from_hours(hour)).to_string())
            .collect();
        let speeds: Vec<(&str, f64)> = times.iter().map(|time| (time.as_str(), 1.0)).collect();
        send(&platform, "dev-1", &speeds);
        let hours = if first.contains("-03-") { 23 } else { 25 };
        let path = format!(
            "/v1/aggregate?datastream={id}&bucket=1d&fn=count&tz=Europe/Paris&from={}&to={}",
            times[0], times[47]
        );
        let found = items(&platform, &path);
        assert_eq!(
            (&found[0]["start"], &found[0]["count"]),
            (&json!(days[0]), &json!(hours))
        );
        assert_eq!(
            (&found[0]["end"], &found[1]["start"]),
            (&json!(days[1]), &json!(days[1]))
        );
    }
    refused(
        &platform,
        &format!("/v1/aggregate?datastream={id}&bucket=1d&fn=count&tz=Seoul"),
        "Asia/Seoul",
    );
}

#[test]
fn too_much_at_once_is_refused_with_the_way_out() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    send(&platform, "dev-1", &[("2026-05-01T00:00:00Z", 1.0)]);
    let id = platform.datastream("dev-1", "speed");
    let year = "from=2025-01-01T00:00:00Z&to=2026-01-01T00:00:00Z";
    refused(
        &platform,
        &format!("/v1/aggregate?datastream={id}&bucket=1m&fn=avg&{year}"),
        "larger",
    );
    let functions: Vec<String> = (0..17).map(|percent| format!("p{percent}")).collect();
    refused(
        &platform,
        &format!(
            "/v1/aggregate?datastream={id}&bucket=1h&fn={}",
            functions.join(",")
        ),
        "16",
    );
    for limit in ["0", "10001", "-1", "x"] {
        refused(
            &platform,
            &format!("/v1/datastreams/{id}/observations?limit={limit}"),
            "10000",
        );
    }
    let long = format!("/v1/latest?domain={}", "x".repeat(9_000));
    platform.get(&long).problem(414, "uri-too-long");
    refused(&platform, "/v1/latest?boundry=x", "boundry");
    refused(&platform, "/v1/latest?near=37.5,127,-5", "lat,lon,metres");
    refused(
        &platform,
        "/v1/latest?bbox=37,126,38",
        "west,south,east,north",
    );
}
