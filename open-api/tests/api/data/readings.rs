//! Observations: what was sent is what is read.

use serde_json::{Value, json};

use crate::harness::Platform;

/// One speed a minute from 2020-08-06 00:00 in Seoul, sent in messages of 100.
pub(super) fn send_minutes(platform: &Platform, device: &str, count: usize) {
    let start = jiff::Timestamp::from_second(1_596_639_600).unwrap();
    let all: Vec<Value> = (0..count)
        .map(|minute| {
            let time = start + jiff::SignedDuration::from_mins(minute as i64);
            json!({"t": time.to_string(), "v": {"speed": (minute % 100) as f64 + 0.5}})
        })
        .collect();
    for part in all.chunks(100) {
        let receipt = platform.publish(device, &json!(part)).expect(200);
        assert_eq!(receipt["stored"], part.len());
    }
}

#[test]
fn what_was_acknowledged_is_read_back_page_by_page() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    send_minutes(&platform, "dev-1", 1_000);
    let id = platform.datastream("dev-1", "speed");
    for limit in [7, 333, 1_000, 10_000] {
        let all = platform.all(&format!("/v1/datastreams/{id}/observations?limit={limit}"));
        assert_eq!(all.len(), 1_000, "limit {limit}");
        for (minute, item) in all.iter().enumerate() {
            assert_eq!(item["value"], (minute % 100) as f64 + 0.5);
            assert_eq!(
                (&item["quality"], &item["revision"]),
                (&json!("good"), &json!(0))
            );
        }
        assert_eq!(all[0]["phenomenon_time"], "2020-08-05T15:00:00Z");
        assert!(all[0]["result_time"].is_string() && all[0]["offset"].is_u64());
    }
}

#[test]
fn from_is_inclusive_to_is_exclusive_and_a_space_is_a_plus() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    send_minutes(&platform, "dev-1", 10);
    let id = platform.datastream("dev-1", "speed");
    let mut ranges: Vec<String> = ["%2B09:00", "+09:00", "%2009:00"]
        .iter()
        .map(|offset| format!("from=2020-08-06T00:02:00{offset}&to=2020-08-06T00:05:00{offset}"))
        .collect();
    // Numbers too: seconds, and milliseconds.
    ranges.push("from=1596639720&to=1596639900000".to_owned());
    for range in ranges {
        let path = format!("/v1/datastreams/{id}/observations?{range}");
        let list = platform.get(&path).expect(200);
        let values: Vec<f64> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["value"].as_f64().unwrap())
            .collect();
        assert_eq!(values, [2.5, 3.5, 4.5], "{range}");
    }
    let path = format!("/v1/datastreams/{id}/observations?from=2020-08-06T00:02:00");
    let problem = platform.get(&path).problem(400, "invalid-parameter");
    assert!(
        problem["detail"].as_str().unwrap().contains("offset"),
        "{problem}"
    );
    let path = format!(
        "/v1/datastreams/{id}/observations?from=2021-01-01T00:00:00Z&to=2020-01-01T00:00:00Z"
    );
    platform.get(&path).problem(400, "invalid-parameter");
    platform
        .get("/v1/datastreams/999999/observations")
        .problem(404, "not-found");
    platform
        .get("/v1/datastreams/x/observations")
        .problem(404, "not-found");
}

#[test]
fn a_correction_is_a_revision_and_the_past_stays_readable() {
    let platform = Platform::start();
    platform.public_device("dev-1", "safety.air");
    let at = "2026-05-01T09:00:00+09:00";
    platform
        .publish("dev-1", &json!({"t": at, "v": {"pm25": 12}}))
        .expect(200);
    let id = platform.datastream("dev-1", "pm25");
    let path = format!("/v1/datastreams/{id}/observations");
    let first = platform.get(&path).expect(200)["items"][0].clone();
    // Receipts are whole milliseconds: the second one's is another.
    std::thread::sleep(std::time::Duration::from_millis(2));
    platform
        .publish("dev-1", &json!({"t": at, "v": {"pm25": 13}}))
        .expect(200);
    let list = platform.get(&path).expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&list["items"][0]["value"], &list["items"][0]["revision"]),
        (&json!(13.0), &json!(1))
    );
    let known = first["result_time"].as_str().unwrap();
    let before = platform.get(&format!("{path}?as_of={known}")).expect(200);
    assert_eq!(
        (
            &before["items"][0]["value"],
            &before["items"][0]["revision"]
        ),
        (&json!(12.0), &json!(0))
    );
}

#[test]
fn missing_text_and_doubtful_values_say_so() {
    let platform = Platform::start();
    platform.public_device("dev-1", "safety.air");
    platform
        .publish(
            "dev-1",
            &json!({"v": {"pm25": null, "pm10": 5_000, "firmware": "1.2, \"beta\"", "novel": 1}}),
        )
        .expect(200);
    let list = platform.get("/v1/latest?device=dev-1").expect(200);
    let of = |field: &str| {
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["field"] == field)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (of("pm25")["value"].clone(), of("pm25")["quality"].clone()),
        (json!(null), json!("missing"))
    );
    assert_eq!(of("pm10")["quality"], "uncertain");
    assert!(
        of("pm10")["flags"]
            .as_array()
            .unwrap()
            .contains(&json!("out_of_range"))
    );
    assert_eq!(of("firmware")["value"], "1.2, \"beta\"");
    assert!(
        of("novel")["flags"]
            .as_array()
            .unwrap()
            .contains(&json!("extra"))
    );
    let csv = platform.send(
        "GET",
        "/v1/latest?device=dev-1&field=firmware",
        &[("accept", "text/csv")],
        None,
    );
    assert!(csv.text.contains("\"1.2, \"\"beta\"\"\""), "{}", csv.text);
}

#[test]
fn lists_are_tables_too() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    send_minutes(&platform, "dev-1", 3);
    let id = platform.datastream("dev-1", "speed");
    let csv = |path: &str| platform.send("GET", path, &[("accept", "text/csv")], None);
    let table = csv(&format!("/v1/datastreams/{id}/observations?limit=2"));
    assert!(
        table
            .header("content-type")
            .unwrap()
            .starts_with("text/csv")
    );
    let lines: Vec<&str> = table.text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "phenomenon_time,result_time,value,quality,revision,offset,flags,location.lat,location.lon"
    );
    assert!(
        lines[1].starts_with("2020-08-05T15:00:00Z,") && lines[1].contains(",0.5,good,0,"),
        "{}",
        lines[1]
    );
    assert_eq!(lines.len(), 4);
    let link = table.header("link").unwrap();
    let next = link.strip_prefix('<').unwrap().split('>').next().unwrap();
    let rest = csv(next);
    assert!(rest.text.contains(",2.5,good,0,"), "{}", rest.text);
    for path in [
        "/v1/latest",
        "/v1/datastreams",
        "/v1/things",
        "/v1/models",
        "/v1/aggregate?field=speed&bucket=1h&fn=avg",
    ] {
        let table = csv(path);
        assert_eq!(table.status, 200, "{path}: {}", table.text);
        let columns = table.text.lines().next().unwrap().split(',').count();
        assert!(
            columns > 3 && table.text.lines().count() > 1,
            "{path}: {}",
            table.text
        );
    }
    let json = platform.send(
        "GET",
        "/v1/latest",
        &[("accept", "application/json, text/csv;q=0.5")],
        None,
    );
    assert!(json.json()["items"].is_array());
}

#[test]
fn a_gap_in_a_stream_is_filled_by_offsets() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let offsets: Vec<u64> = (0..10)
        .map(|second| {
            let payload =
                json!({"t": format!("2026-05-01T00:00:{second:02}Z"), "v": {"speed": second}});
            platform.publish("dev-1", &payload).expect(200)["offset"]
                .as_u64()
                .unwrap()
        })
        .collect();
    let id = platform.datastream("dev-1", "speed");
    let path = format!(
        "/v1/datastreams/{id}/observations?from_offset={}&to_offset={}&limit=2",
        offsets[3], offsets[8]
    );
    let values: Vec<Value> = platform
        .all(&path)
        .iter()
        .map(|item| item["offset"].clone())
        .collect();
    assert_eq!(
        values,
        offsets[3..8]
            .iter()
            .map(|offset| json!(offset))
            .collect::<Vec<_>>()
    );
}
