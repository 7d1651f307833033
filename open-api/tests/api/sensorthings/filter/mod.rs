//! `req/request-data/filter`, `built-in-filter-operations` and
//! `built-in-query-functions`: which entities pass.

mod relations;
mod times;

use serde_json::{Value, json};

use super::city::{SPEEDS, THINGS, city, datastream};
use super::client::{Client, each};
use crate::harness::Platform;

/// Which results of `flow-1`'s speed pass.
fn speeds(platform: &Platform, filter: &str) -> Vec<f64> {
    let set = format!("{}/Observations", datastream(platform, "flow-1", "speed"));
    let path = format!("{set}?$filter={filter}");
    for client in [Client::public(platform), Client::public(platform).v2_0()] {
        client.passing(&set, filter);
    }
    let found = Client::public(platform).all(&path);
    found
        .iter()
        .map(|one| one["result"].as_f64().unwrap())
        .collect()
}

#[track_caller]
fn speeds_are(platform: &Platform, filter: &str, expected: impl Fn(usize, f64) -> bool) {
    let of_all = SPEEDS.iter().copied().enumerate();
    let expected: Vec<f64> = of_all
        .filter(|(at, one)| expected(*at, *one))
        .map(|(_, one)| one)
        .collect();
    assert_eq!(speeds(platform, filter), expected, "{filter}");
}

#[track_caller]
fn things_are(platform: &Platform, filter: &str, expected: &[&str]) {
    for client in [Client::public(platform), Client::public(platform).v2_0()] {
        client.passing("/Things", filter);
        let found = client.ids(&format!("/Things?$filter={filter}"));
        assert_eq!(found, expected, "{} {filter}", client.version);
    }
}

#[test]
fn comparisons_logic_and_arithmetic_of_results() {
    let platform = city();
    type Holds = fn(usize, f64) -> bool;
    let cases: [(&str, Holds); 21] = [
        ("result eq 47", |_, one| one == 47.0),
        ("result eq 47.0", |_, one| one == 47.0),
        ("47 eq result", |_, one| one == 47.0),
        ("result eq '47'", |_, _| false),
        ("result ne 47", |_, one| one != 47.0),
        ("result ne '47'", |_, _| true),
        ("result gt 47", |_, one| one > 47.0),
        ("result ge 47", |_, one| one >= 47.0),
        ("result lt 47", |_, one| one < 47.0),
        ("result le 47", |_, one| one <= 47.0),
        ("46 lt result", |_, one| one > 46.0),
        ("result gt 45.5 and result lt 50", |_, one| {
            one > 45.5 && one < 50.0
        }),
        ("result lt 40 or result gt 53", |_, one| {
            !(40.0..=53.0).contains(&one)
        }),
        ("not (result gt 45)", |_, one| one <= 45.0),
        ("result add 3 eq 50", |_, one| one == 47.0),
        ("result sub 3 eq 50", |_, one| one == 53.0),
        ("result mul 2 gt 100", |_, one| one > 50.0),
        ("result div 2 eq 23.5", |_, one| one == 47.0),
        ("result mod 2 eq 1", |_, one| one % 2.0 == 1.0),
        ("result eq null", |_, _| false),
        ("result gt 40 and result lt 40", |_, _| false),
    ];
    for (filter, holds) in cases {
        speeds_are(&platform, filter, holds);
    }
    // `and` binds tighter than `or`, arithmetic than comparison; brackets tightest.
    speeds_are(
        &platform,
        "result eq 39 or result gt 50 and result lt 54",
        |_, one| one == 39.0 || one == 53.0,
    );
    speeds_are(
        &platform,
        "(result eq 39 or result gt 50) and result lt 54",
        |_, one| one == 39.0 || one == 53.0,
    );
    speeds_are(
        &platform,
        "(result eq 39 or result gt 50) and result lt 53",
        |_, one| one == 39.0,
    );
    speeds_are(&platform, "result sub 4 mul 10 eq 7", |_, one| one == 47.0);
    speeds_are(&platform, "(result sub 4) mul 10 eq 430", |_, one| {
        one == 47.0
    });
}

#[test]
fn results_of_any_type_are_compared_with_what_is_of_theirs() {
    let platform = city();
    let client = Client::public(&platform);
    let results = |filter: &str| -> Vec<Value> {
        client.passing("/Observations", filter);
        let found = client.all(&format!("/Observations?$filter={filter}"));
        each(&found, "result").into_iter().cloned().collect()
    };
    assert_eq!(results("result eq 'red'"), [json!("red")]);
    assert_eq!(results("startswith(result, 'g')"), [json!("green")]);
    assert_eq!(results("result eq null"), [Value::Null]);
    assert_eq!(results("result lt 1"), [json!(-0.5)]);
    assert_eq!(results("result ge 'green' and result le 'red'").len(), 2);
    assert_eq!(results("result ne null").len(), 19);
    assert_eq!(results("result gt 0 or result le 0").len(), 17);
    assert_eq!(results("not (result gt 0)").len(), 4);
    assert_eq!(results("result in (12,'red',null)").len(), 4);
    assert_eq!(
        results("Datastream/Thing/properties/agency eq 'busan' and result ne null").len(),
        2
    );
}

#[test]
fn texts() {
    let platform = city();
    for (filter, expected) in [
        ("name eq '세종대로 1'", &["flow-1"][..]),
        // As forms and most clients write spaces.
        ("name+eq+'세종대로+1'", &["flow-1"]),
        ("name eq 'O''Neill; 1/2, east (b) %26 c'", &["flow-2"]),
        (
            "name ne 'signal'",
            &["flow-1", "flow-2", "lot-1", "river-1"],
        ),
        ("id eq 'lot-1'", &["lot-1"]),
        ("@iot.id eq 'lot-1'", &["lot-1"]),
        ("id gt 'lot-1'", &["river-1", "signal-1"]),
        ("id eq 1", &[]),
        ("substringof('gnal', name)", &["signal-1"]),
        ("substringof('signals', name)", &[]),
        ("contains(name, 'gnal')", &["signal-1"]),
        ("startswith(name, 'O''')", &["flow-2"]),
        ("endswith(name, 'c')", &["flow-2"]),
        ("length(name) eq 6", &["flow-1", "signal-1"]),
        ("indexof(name, 'g') eq 2", &["signal-1"]),
        (
            "indexof(name, 'xyz') eq -1 and startswith(id,'lot')",
            &["lot-1"],
        ),
        ("substring(name, 1) eq 'ot'", &["lot-1"]),
        ("substring(name, 0, 2) eq '세종'", &["flow-1"]),
        ("tolower(name) eq 'suyeong'", &["river-1"]),
        ("toupper(name) eq 'LOT'", &["lot-1"]),
        ("trim(concat(' ', name)) eq 'lot'", &["lot-1"]),
        ("concat(concat(name, ', '), id) eq 'lot, lot-1'", &["lot-1"]),
        ("properties/agency eq 'busan'", &["river-1"]),
        ("properties/devices/0 eq 'river-1'", &["river-1"]),
        ("properties/absent eq null and name eq 'lot'", &["lot-1"]),
        ("properties/absent ne null", &[]),
        ("properties/absent gt 5", &[]),
        ("not (properties/absent gt 5)", &THINGS),
        ("startswith(properties/absent, 'x')", &[]),
        ("not startswith(properties/absent, 'x')", &[]),
        ("id in ('lot-1','flow-1','none')", &["flow-1", "lot-1"]),
        ("id eq 'lot-1' or id eq 'river-1'", &["lot-1", "river-1"]),
        ("id eq 'lot-1' and id eq 'river-1'", &[]),
        ("id eq 'lot-1' or name eq 'signal'", &["lot-1", "signal-1"]),
        (
            "not (id eq 'lot-1')",
            &["flow-1", "flow-2", "river-1", "signal-1"],
        ),
        ("true", &THINGS),
        ("false", &[]),
        ("1 eq 1", &THINGS),
    ] {
        things_are(&platform, filter, expected);
    }
}

#[test]
fn numbers() {
    let platform = city();
    let client = Client::public(&platform);
    let half = datastream(&platform, "river-1", "level");
    let set = format!("{half}/Observations");
    for (filter, expected) in [
        ("round(result) eq 1", json!(1.25)),
        ("floor(result) eq 1", json!(1.25)),
        ("ceiling(result) eq 2", json!(1.25)),
        ("floor(result) eq -1", json!(-0.5)),
        ("ceiling(result) ge 0 and result lt 0", json!(-0.5)),
        ("round(result) lt 0", json!(-0.5)),
    ] {
        assert_eq!(client.passing(&set, filter), 1, "{filter}");
        let found = client.page(&format!("{set}?$filter={filter}"));
        assert_eq!(found[0]["result"], expected, "{filter}");
    }
}
