//! Times and intervals in filters: offsets, dates, durations, and their parts.

use serde_json::json;

use super::{speeds, speeds_are};
use crate::sensorthings::city::{at, city, datastream};
use crate::sensorthings::client::Client;

#[test]
fn times_with_offsets_dates_and_durations() {
    let platform = city();
    type Holds = fn(usize, f64) -> bool;
    let cases: [(&str, Holds); 26] = [
        ("phenomenonTime eq 2026-05-01T00:03:00Z", |at, _| at == 3),
        ("phenomenonTime ne 2026-05-01T00:03:00Z", |at, _| at != 3),
        ("phenomenonTime gt 2026-05-01T00:03:00Z", |at, _| at > 3),
        ("phenomenonTime ge 2026-05-01T00:03:00.000Z", |at, _| {
            at >= 3
        }),
        ("phenomenonTime lt 2026-05-01T00:03:00Z", |at, _| at < 3),
        ("phenomenonTime le 2026-05-01T00:03:00Z", |at, _| at <= 3),
        ("2026-05-01T00:03:00Z lt phenomenonTime", |at, _| at > 3),
        // The same instant, as it is written elsewhere; `+` is a plus.
        ("phenomenonTime eq 2026-05-01T09:03:00+09:00", |at, _| {
            at == 3
        }),
        ("phenomenonTime eq 2026-05-01T09:03:00%2B09:00", |at, _| {
            at == 3
        }),
        ("phenomenonTime eq 2026-05-01T09:03:00+0900", |at, _| {
            at == 3
        }),
        ("phenomenonTime eq 2026-04-30T17:03:00-0700", |at, _| {
            at == 3
        }),
        (
            "phenomenonTime gt 2026-05-01T00:02:59.999999Z and phenomenonTime lt \
                2026-05-01T00:04:00.000001Z",
            |at, _| at == 3 || at == 4,
        ),
        (
            "phenomenonTime ge 2026-05-01T00:05:00Z and phenomenonTime lt 2026-05-01T00:03:00Z",
            |_, _| false,
        ),
        (
            "phenomenonTime lt 2026-05-01T00:02:00Z or phenomenonTime gt 2026-05-01T00:08:00Z",
            |at, _| !(2..=8).contains(&at),
        ),
        // A date is midnight in UTC, and not the whole day.
        ("phenomenonTime eq 2026-05-01", |at, _| at == 0),
        ("phenomenonTime gt 2026-05-01", |at, _| at > 0),
        ("date(phenomenonTime) eq 2026-05-01", |_, _| true),
        ("time(phenomenonTime) ge 00:08:00", |at, _| at >= 8),
        (
            "phenomenonTime add duration'PT5M' gt 2026-05-01T00:12:00Z",
            |at, _| at > 7,
        ),
        (
            "phenomenonTime gt 2026-05-01T01:00:00Z sub duration'PT55M'",
            |at, _| at > 5,
        ),
        ("phenomenonTime gt now() sub duration'P1D'", |_, _| false),
        ("phenomenonTime lt now()", |_, _| true),
        (
            "phenomenonTime sub 2026-05-01T00:00:00Z ge duration'PT480S'",
            |at, _| at >= 8,
        ),
        ("resultTime gt phenomenonTime", |_, _| true),
        ("resultTime lt 2026-05-01T00:00:00Z", |_, _| false),
        (
            "phenomenonTime ge mindatetime() and phenomenonTime lt maxdatetime()",
            |_, _| true,
        ),
    ];
    for (filter, holds) in cases {
        speeds_are(&platform, filter, holds);
    }
}

#[test]
fn parts_of_times() {
    let platform = city();
    let late = json!({"t": "2026-02-03T23:58:09.25Z", "v": {"speed": 77}});
    platform.publish("flow-1", &late).expect(200);
    for part in [
        "year(phenomenonTime) eq 2026 and result eq 77",
        "month(phenomenonTime) eq 2",
        "day(phenomenonTime) eq 3",
        "hour(phenomenonTime) eq 23",
        "minute(phenomenonTime) eq 58",
        "second(phenomenonTime) eq 9",
        "fractionalseconds(phenomenonTime) gt 0",
        "totaloffsetminutes(phenomenonTime) eq 0 and month(phenomenonTime) eq 2",
        "date(phenomenonTime) eq 2026-02-03",
        "time(phenomenonTime) eq 23:58:09.25",
    ] {
        assert_eq!(speeds(&platform, part), [77.0], "{part}");
    }
}

/// An interval is compared by its ends.
#[test]
fn the_time_of_a_datastream_is_an_interval() {
    let platform = city();
    let client = Client::public(&platform);
    let speed = platform.datastream("flow-1", "speed");
    // From 00:00 to 00:09.
    for (word, starts, middle, ends) in [
        ("lt", false, false, true),
        ("le", false, false, true),
        ("gt", false, false, false),
        ("ge", true, false, false),
        ("eq", false, false, false),
        ("ne", true, true, true),
    ] {
        for (minute, expected) in [(0, starts), (5, middle), (9, ends)] {
            let filter =
                format!("phenomenonTime {word} 2026-05-01T00:0{minute}:00Z and id eq {speed}");
            let found = client.passing("/Datastreams", &filter);
            assert_eq!(found, usize::from(expected), "{filter}");
        }
    }
    let whole = "phenomenonTime eq 2026-05-01T00:00:00Z/2026-05-01T00:09:00Z";
    assert_eq!(client.passing("/Datastreams", whole), 1);
    platform
        .publish("flow-1", &at(20, "00", "speed", &1.0))
        .expect(200);
    assert_eq!(client.passing("/Datastreams", whole), 0);
    let path = datastream(&platform, "flow-1", "speed");
    let longer = client.get(&path)["phenomenonTime"].clone();
    assert_eq!(longer, "2026-05-01T00:00:00Z/2026-05-01T00:20:00Z");
}
