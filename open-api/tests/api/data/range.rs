//! `/v1/observations`: what many datastreams observed between two times.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::harness::{Platform, Setup};

const START: i64 = 1_777_593_600;
const DAY: &str = "/v1/observations?from=2026-05-01T00:00:00Z&to=2026-05-02T00:00:00Z";

/// `rows` speeds of a device, one a second, from `first` on: 0, 1, ... 99, 0, ...
fn send(platform: &Platform, device: &str, first: i64, rows: i64) {
    let all: Vec<Value> = (first..first + rows)
        .map(|row| {
            let quality = if row % 10 == 3 { "uncertain" } else { "good" };
            json!({"t": START + row, "v": {"speed": row % 100}, "q": quality})
        })
        .collect();
    for part in all.chunks(1_000) {
        platform.publish(device, &json!(part)).expect(200);
    }
}

/// Three public devices of which the last says where it is.
fn platform() -> Platform {
    let platform = Platform::set_up(Setup {
        flush_rows: 150,
        ..Setup::default()
    });
    for device in ["dev-1", "dev-2", "dev-3"] {
        platform.public_device(device, "traffic.flow");
    }
    send(&platform, "dev-1", 0, 200);
    send(&platform, "dev-2", 100, 150);
    let far = json!({"t": START, "v": {"speed": 7, "occupancy": 1}, "loc": [35.1, 129.1]});
    platform.publish("dev-3", &far).expect(200);
    platform
}

fn items(platform: &Platform, path: &str) -> Vec<Value> {
    let list = platform.get(path).expect(200);
    list["items"].as_array().unwrap().clone()
}

/// All pages, while something arrives before each further one.
fn pages(platform: &Platform, path: &str, mut arrive: impl FnMut()) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = platform.get(&path).expect(200);
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        next = page["next"].as_str().map(str::to_owned);
        arrive();
    }
    all
}

fn key(item: &Value) -> (u64, String) {
    let time = item["phenomenon_time"].as_str().unwrap();
    (item["datastream"].as_u64().unwrap(), time.to_owned())
}

#[test]
fn datastreams_come_in_order_of_number_with_what_each_of_them_answers() {
    let platform = platform();
    let all = items(&platform, &format!("{DAY}&limit=1000"));
    let mut expected = Vec::new();
    for (device, field) in [
        ("dev-1", "speed"),
        ("dev-2", "speed"),
        ("dev-3", "speed"),
        ("dev-3", "occupancy"),
    ] {
        let id = platform.datastream(device, field);
        let own = items(
            &platform,
            &format!("/v1/datastreams/{id}/observations?limit=1000"),
        );
        for mut item in own {
            item["datastream"] = id.into();
            item["thing"] = device.into();
            item["field"] = field.into();
            item["unit"] = json!(if field == "speed" { "km/h" } else { "%" });
            expected.push(item);
        }
    }
    expected.sort_by_key(key);
    assert_eq!(all.len(), 352);
    assert_eq!(all, expected);
    let one = items(&platform, "/v1/observations?thing=dev-3&order=desc");
    assert_eq!(one.len(), 2);
    let half = "/v1/observations?field=speed&from=2026-05-01T00:01:40Z&to=2026-05-01T00:01:42Z";
    let values: Vec<_> = items(&platform, half)
        .iter()
        .map(|item| (item["thing"].clone(), item["value"].clone()))
        .collect();
    let expected = [
        ("dev-1", 0.0),
        ("dev-1", 1.0),
        ("dev-2", 0.0),
        ("dev-2", 1.0),
    ];
    assert_eq!(
        values,
        expected.map(|(thing, value)| (json!(thing), json!(value)))
    );
}

#[test]
fn pages_of_both_orders_join_while_rows_arrive() {
    let platform = platform();
    let before: BTreeSet<_> = items(&platform, &format!("{DAY}&limit=1000"))
        .iter()
        .map(key)
        .collect();
    let mut arrived = 1_000;
    for order in ["asc", "desc"] {
        let path = format!("{DAY}&limit=37&order={order}");
        let read = pages(&platform, &path, || {
            for device in ["dev-1", "dev-2"] {
                send(&platform, device, arrived, 1);
            }
            arrived += 1;
        });
        let keys: Vec<_> = read.iter().map(key).collect();
        let once: BTreeSet<_> = keys.iter().cloned().collect();
        assert_eq!(once.len(), keys.len(), "{order}: something came twice");
        assert!(once.is_superset(&before), "{order}: something is missing");
        let mut sorted = keys.clone();
        sorted.sort_by(|one, other| {
            let times = one.1.cmp(&other.1);
            let times = if order == "asc" {
                times
            } else {
                times.reverse()
            };
            one.0.cmp(&other.0).then(times)
        });
        assert_eq!(keys, sorted, "{order}");
    }
}

#[test]
fn values_and_qualities_are_sifted() {
    let platform = platform();
    let all = items(&platform, &format!("{DAY}&limit=1000"));
    let plain = |passes: &dyn Fn(f64, &str) -> bool| -> Vec<_> {
        let passing = all.iter().filter(|item| {
            passes(
                item["value"].as_f64().unwrap(),
                item["quality"].as_str().unwrap(),
            )
        });
        passing.map(key).collect()
    };
    let asked = |words: &str| -> Vec<_> {
        let path = format!("{DAY}&limit=11&{words}");
        pages(&platform, &path, || {}).iter().map(key).collect()
    };
    assert_eq!(asked("value=gt:50"), plain(&|value, _| value > 50.0));
    assert_eq!(
        asked("value=ge:50,lt:60"),
        plain(&|value, _| (50.0..60.0).contains(&value))
    );
    assert_eq!(asked("value=le:0"), plain(&|value, _| value <= 0.0));
    assert_eq!(asked("value=eq:7"), plain(&|value, _| value == 7.0));
    assert_eq!(
        asked("value=gt:90&quality=uncertain"),
        plain(&|value, quality| value > 90.0 && quality == "uncertain")
    );
    assert_eq!(asked("value=gt:1000"), []);
    assert_eq!(asked("value=eq:true"), []);
}

#[test]
fn a_table_and_lines_bring_the_whole_range_in_one_answer() {
    let platform = platform();
    // More than a piece of either.
    send(&platform, "dev-2", 1_000, 3_000);
    let all = items(&platform, &format!("{DAY}&limit=10000"));
    let path = format!("{DAY}&order=asc");
    let lines = platform.send("GET", &path, &[("accept", "application/x-ndjson")], None);
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> = lines
        .expect_text(200)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, all);
    let table = platform.send("GET", &path, &[("accept", "text/csv")], None);
    let table: Vec<&str> = table.expect_text(200).lines().collect();
    assert_eq!(table.len(), all.len() + 1);
    assert_eq!(
        table[0],
        "datastream,thing,field,unit,phenomenon_time,result_time,value,quality,revision,offset,flags,location.lat,location.lon"
    );
    for (line, item) in table[1..].iter().zip(&all) {
        let (datastream, time) = key(item);
        assert!(line.starts_with(&format!("{datastream},")), "{line}");
        assert!(line.contains(&time), "{line}");
    }
    // With a limit it is a page, as of other lists.
    let page = platform.send(
        "GET",
        &format!("{DAY}&limit=2"),
        &[("accept", "text/csv")],
        None,
    );
    assert!(
        page.header("link")
            .is_some_and(|link| link.contains("cursor="))
    );
    assert_eq!(page.expect_text(200).lines().count(), 3);
    // An empty table has its header, where the words exist.
    let empty = format!("{DAY}&value=gt:1000");
    let empty = platform.send("GET", &empty, &[("accept", "text/csv")], None);
    assert_eq!(empty.expect_text(200).lines().count(), 1);
    let mistyped = format!("{DAY}&domain=trafic");
    let mistyped = platform.send("GET", &mistyped, &[("accept", "text/csv")], None);
    mistyped.problem(400, "invalid-parameter");
}

#[test]
fn a_box_is_about_where_each_observation_was_made() {
    let platform = platform();
    let near = |place: &str| items(&platform, &format!("{DAY}&near={place},2000&limit=1000"));
    let there = near("35.1,129.1");
    assert_eq!(there.len(), 2);
    assert!(there.iter().all(|item| item["thing"] == "dev-3"));
    // Where the thing stands, it observed nothing itself.
    let things: BTreeSet<_> = near("37.5665,126.978")
        .iter()
        .map(|item| item["thing"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(things, ["dev-1", "dev-2"].map(str::to_owned).into());
    // Of a thing that has moved, what it observed before stays where it was.
    let moved = json!({"location": {"lat": 36.0, "lon": 128.0}});
    platform
        .operator("PATCH", "/v1/devices/dev-2", Some(moved))
        .expect(200);
    assert_eq!(near("37.5665,126.978").len(), 350);
    assert_eq!(near("36.0,128.0").len(), 0);
}

#[test]
fn what_cannot_be_answered_says_what_can() {
    let platform = platform();
    for (path, word) in [
        ("/v1/observations", "from and to are needed"),
        ("/v1/observations?domain=traffic", "from and to are needed"),
        (
            "/v1/observations?from=2026-05-01T00:00:00Z",
            "from and to are needed",
        ),
        (
            "/v1/observations?from=2026-05-02T00:00:00Z&to=2026-05-01T00:00:00Z",
            "from lies after to",
        ),
        ("/v1/observations?thing=dev-1&value=50", "gt:50,le:80"),
        ("/v1/observations?thing=dev-1&value=gt:x", "gt:50,le:80"),
        ("/v1/observations?thing=dev-1&order=up", "asc"),
        ("/v1/observations?thing=dev-1&cursor=x", "cursor"),
        ("/v1/observations?thing=dev-1&limit=0", "limit"),
        ("/v1/observations?thing=dev-1&quality=fine", "quality"),
        ("/v1/observations?thing=dev-1&valeu=gt:5", "mean value?"),
    ] {
        let problem = platform.get(path).problem(400, "invalid-parameter");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{path}: {detail}");
    }
    assert_eq!(
        items(&platform, "/v1/observations?thing=none"),
        [] as [Value; 0]
    );
}

/// Two at once is the most that one address reads of files.
#[test]
fn who_reads_nothing_keeps_nobody_from_reading() {
    let platform = platform();
    send(&platform, "dev-2", 1_000, 40_000);
    let hosts = platform.address.to_string();
    let mut idle = Vec::new();
    for _ in 0..6 {
        let mut socket = TcpStream::connect(platform.address).unwrap();
        let head =
            format!("GET {DAY} HTTP/1.1\r\nhost: {hosts}\r\naccept: application/x-ndjson\r\n\r\n");
        socket.write_all(head.as_bytes()).unwrap();
        idle.push(socket);
    }
    for _ in 0..3 {
        assert_eq!(items(&platform, "/v1/observations?thing=dev-3").len(), 2);
    }
    let whole = platform.send("GET", DAY, &[("accept", "application/x-ndjson")], None);
    assert_eq!(whole.expect_text(200).lines().count(), 40_352);
}
