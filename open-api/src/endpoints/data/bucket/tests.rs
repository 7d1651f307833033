//! The grammar, and edges where clocks change.

use super::*;

fn edges(bucket: &str, from: &str, to: &str, zone: &str) -> Vec<String> {
    let zone = TimeZone::get(zone).unwrap();
    let bucket: BucketLength = bucket.parse().unwrap();
    bucket
        .edges(
            Timestamp::parse(from).unwrap(),
            Timestamp::parse(to).unwrap(),
            &zone,
        )
        .unwrap()
        .into_iter()
        .map(Timestamp::to_rfc3339)
        .collect()
}

#[test]
fn the_grammar() {
    for (text, seconds) in [
        ("1s", 1),
        ("5m", 300),
        ("300s", 300),
        ("1h", 3_600),
        ("6h", 21_600),
        ("24h", DAY),
        ("1d", DAY),
        ("1w", 7 * DAY),
    ] {
        assert_eq!(
            text.parse::<BucketLength>().unwrap().seconds(),
            seconds,
            "{text}"
        );
    }
    for bad in [
        "", "m", "5", "0m", "7m", "2d", "5h", "-5m", "1.5h", "1y", "분", "5 m", "+5m", "999999s",
    ] {
        assert!(bad.parse::<BucketLength>().is_err(), "{bad}");
    }
}

#[test]
fn five_minutes_around_a_question() {
    assert_eq!(
        edges(
            "5m",
            "2020-08-06T14:22:00+09:00",
            "2020-08-06T14:30:00+09:00",
            "Asia/Seoul"
        ),
        [
            "2020-08-06T05:20:00Z",
            "2020-08-06T05:25:00Z",
            "2020-08-06T05:30:00Z"
        ]
    );
}

#[test]
fn a_day_belongs_to_its_zone() {
    assert_eq!(
        edges(
            "1d",
            "2020-08-06T00:00:00+09:00",
            "2020-08-07T00:00:00+09:00",
            "Asia/Seoul"
        ),
        ["2020-08-05T15:00:00Z", "2020-08-06T15:00:00Z"]
    );
    assert_eq!(
        edges("1w", "2020-08-06T00:00:00Z", "2020-08-07T00:00:00Z", "UTC"),
        ["2020-08-03T00:00:00Z", "2020-08-10T00:00:00Z"]
    );
}

#[test]
fn clocks_that_change_make_long_and_short_buckets() {
    // Copenhagen, 2014-10-26: 25 hours, 02:00 to 03:00 twice.
    let day = ["2014-10-25T22:00:00Z", "2014-10-26T23:00:00Z"];
    assert_eq!(edges("1d", day[0], day[1], "Europe/Copenhagen"), day);
    let hours = edges("1h", day[0], day[1], "Europe/Copenhagen");
    assert_eq!(hours.len(), 26);
    assert_eq!(
        edges("6h", day[0], day[1], "Europe/Copenhagen"),
        [
            "2014-10-25T22:00:00Z",
            "2014-10-26T05:00:00Z",
            "2014-10-26T11:00:00Z",
            "2014-10-26T17:00:00Z",
            "2014-10-26T23:00:00Z"
        ]
    );
    // 2014-03-30: 23 hours.
    let short = edges(
        "1h",
        "2014-03-29T23:00:00Z",
        "2014-03-30T22:00:00Z",
        "Europe/Copenhagen",
    );
    assert_eq!(short.len(), 24);
}

/// Troll, 2014-03-30: at 01:00 UTC the clock goes from 01:00 to 03:00.
#[test]
fn an_edge_that_the_clock_never_shows_is_where_it_was_put_forward() {
    let day = ["2014-03-30T00:00:00Z", "2014-03-30T06:00:00Z"];
    assert_eq!(
        edges("2h", day[0], day[1], "Antarctica/Troll"),
        [
            "2014-03-30T00:00:00Z",
            "2014-03-30T01:00:00Z",
            "2014-03-30T02:00:00Z",
            "2014-03-30T04:00:00Z",
            "2014-03-30T06:00:00Z"
        ]
    );
    // One hour less in Copenhagen: 02:00 is where 03:00 begins.
    let day = ["2014-03-30T00:00:00Z", "2014-03-30T02:00:00Z"];
    assert_eq!(
        edges("2h", day[0], day[1], "Europe/Copenhagen"),
        [
            "2014-03-29T23:00:00Z",
            "2014-03-30T01:00:00Z",
            "2014-03-30T02:00:00Z"
        ]
    );
}

#[test]
fn too_many_are_refused() {
    let second: BucketLength = "1s".parse().unwrap();
    let from = Timestamp::parse("2020-08-06T00:00:00Z").unwrap();
    let to = Timestamp::parse("2020-08-07T00:00:00Z").unwrap();
    assert_eq!(
        second.edges(from, to, &TimeZone::UTC),
        Err(EdgesError::TooMany)
    );
    assert!(
        second
            .edges(Timestamp::MIN, Timestamp::MAX, &TimeZone::UTC)
            .is_err()
    );
}
