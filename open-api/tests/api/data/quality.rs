//! What is uncertain or bad is shown, and counts only where that is asked for.

use serde_json::{Value, json};

use crate::harness::Platform;

fn items(platform: &Platform, path: &str) -> Vec<Value> {
    let list = platform.get(path).expect(200);
    list["items"].as_array().unwrap().clone()
}

/// Speeds, of which one is beyond what the model takes for plausible, one is
/// bad by the device's own word, and one is missing.
fn furnished() -> (Platform, u64) {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let payload = json!([
        {"t": "2026-05-01T00:00:00Z", "v": {"speed": 40.0}},
        {"t": "2026-05-01T00:01:00Z", "v": {"speed": 1_388.0}},
        {"t": "2026-05-01T00:02:00Z", "v": {"speed": 7.0}, "q": "bad"},
        {"t": "2026-05-01T00:03:00Z", "v": {"speed": null}},
        {"t": "2026-05-01T00:04:00Z", "v": {"speed": 44.0}},
        {"t": "2026-05-01T01:00:00Z", "v": {"speed": 2_000.0}}
    ]);
    platform.publish("dev-1", &payload).expect(200);
    let id = platform.datastream("dev-1", "speed");
    (platform, id)
}

#[test]
fn a_mean_is_of_good_numbers_and_tells_how_many_it_left_out() {
    let (platform, id) = furnished();
    for subject in [format!("datastream={id}"), "field=speed".to_owned()] {
        let path = format!("/v1/aggregate?{subject}&bucket=1h&fn=avg,max,count,p50");
        let hours = items(&platform, &path);
        let hour = |at: usize| {
            ["avg", "max", "count", "p50", "left_out"].map(|name| hours[at][name].clone())
        };
        assert_eq!(
            hour(0),
            [json!(42.0), json!(44.0), json!(2), json!(42.0), json!(2)]
        );
        // Nothing hides: an hour without a good number is told.
        assert_eq!(
            hour(1),
            [Value::Null, Value::Null, json!(0), Value::Null, json!(1)]
        );
        let wide = items(&platform, &format!("{path}&quality=good,uncertain"));
        assert_eq!(
            (&wide[0]["max"], &wide[0]["count"], &wide[0]["left_out"]),
            (&json!(1_388.0), &json!(3), &json!(1))
        );
        let all = items(&platform, &format!("{path}&quality=all"));
        assert_eq!(
            (&all[0]["count"], &all[0]["left_out"]),
            (&json!(4), &json!(0))
        );
    }
    let path = format!("/v1/aggregate?datastream={id}&bucket=1h&fn=avg,count");
    let table = platform.send("GET", &path, &[("accept", "text/csv")], None);
    let lines: Vec<&str> = table.text.lines().collect();
    assert_eq!(lines[0], "start,end,datastream,avg,count,left_out");
    assert!(
        lines[1].ends_with(",42.0,2,2") && lines[2].ends_with(",,0,1"),
        "{lines:?}"
    );
    let problem = platform
        .get(&format!("{path}&quality=fine"))
        .problem(400, "invalid-parameter");
    assert!(problem["detail"].as_str().unwrap().contains("uncertain"));
}

#[test]
fn observations_latest_and_streams_take_a_quality() {
    let (platform, id) = furnished();
    let path = format!("/v1/datastreams/{id}/observations");
    for (quality, count) in [
        ("good", 2),
        ("uncertain", 2),
        ("bad,missing", 2),
        ("all", 6),
        ("good,uncertain", 4),
    ] {
        let found = items(&platform, &format!("{path}?quality={quality}"));
        assert_eq!(found.len(), count, "{quality}");
    }
    // Page by page too.
    let pages = platform.all(&format!("{path}?quality=uncertain&limit=1"));
    let values: Vec<&Value> = pages.iter().map(|item| &item["value"]).collect();
    assert_eq!(values, [&json!(1_388.0), &json!(2_000.0)]);
    platform
        .get(&format!("{path}?quality=good&count=true"))
        .problem(400, "invalid-parameter");
    assert_eq!(
        items(&platform, "/v1/latest?field=speed&quality=uncertain").len(),
        1
    );
    assert_eq!(
        items(&platform, "/v1/latest?field=speed&quality=good").len(),
        0
    );
    let mut events = platform.stream("/v1/stream?from_offset=1&quality=good", &[]);
    let frame = events.next().data;
    let values = frame["observations"].as_array().unwrap();
    let values: Vec<&Value> = values.iter().map(|one| &one["value"]).collect();
    assert_eq!(values, [&json!(40.0), &json!(44.0)]);
}

#[test]
fn a_refinement_judges_what_comes_and_nothing_that_has_come() {
    let platform = Platform::start();
    let device = platform.public_device("dev-1", "traffic.flow");
    let agency = device["agency"].as_str().unwrap().to_owned();
    let id = platform.datastream("dev-1", "speed");
    let publish = |minute: u32| {
        let time = format!("2026-05-01T00:{minute:02}:00Z");
        let payload = json!({"t": time, "v": {"speed": 100.0}});
        platform.publish("dev-1", &payload).expect(200);
    };
    let refine = |refinement: Value| {
        let path = format!("/v1/agencies/{agency}/refinements/traffic.flow");
        platform
            .operator("PUT", &path, Some(refinement))
            .expect(200);
    };
    let qualities = || -> Vec<Value> {
        let path = format!("/v1/datastreams/{id}/observations");
        let all = items(&platform, &path);
        all.iter().map(|one| one["quality"].clone()).collect()
    };
    publish(0);
    refine(json!({"fields": [{"name": "speed", "max": 50}]}));
    // The same again is a duplicate, and keeps the verdict that it had.
    publish(0);
    publish(1);
    assert_eq!(qualities(), ["good", "uncertain"]);
    refine(json!({}));
    publish(1);
    publish(2);
    assert_eq!(qualities(), ["good", "uncertain", "good"]);
    let latest = items(&platform, "/v1/latest?device=dev-1&field=speed");
    assert_eq!(latest[0]["quality"], "good");
}
