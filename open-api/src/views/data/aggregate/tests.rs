//! Columns as they are written.

use super::*;

#[test]
fn an_offset_with_seconds_is_not_rounded() {
    let seoul = TimeZone::get("Asia/Seoul").unwrap();
    // Local mean time, 08:27:52 ahead of UTC.
    let old = Timestamp::parse("1907-05-01T00:00:00Z").unwrap();
    assert_eq!(local(old, &seoul), "1907-05-01T00:00:00Z");
    let new = Timestamp::parse("2026-05-01T00:00:00Z").unwrap();
    assert_eq!(local(new, &seoul), "2026-05-01T09:00:00+09:00");
}

#[test]
fn what_comes_from_sketches_says_so() {
    let bucket = |hour: i64, approximate| Bucket {
        datastream: None,
        start: Timestamp::from_micros(hour * 3_600_000_000),
        end: Timestamp::from_micros((hour + 1) * 3_600_000_000),
        values: vec![Some(2.0), Some(7.5)],
        left_out: 3,
        approximate,
    };
    let buckets = [bucket(0, false), bucket(1, true)];
    let name = |name: &str, function| AggregateFunctionName {
        name: name.to_owned(),
        function,
    };
    let names = [
        name("count", AggregateFunction::Count),
        name("p95", AggregateFunction::Percentile(95)),
    ];
    let list = AggregateList {
        buckets: &buckets,
        names: &names,
        zone: &TimeZone::UTC,
        unit: Some("km/h"),
    };
    let json = serde_json::to_value(&list).unwrap();
    assert_eq!(json["items"][0].get("approximate"), None);
    assert_eq!(json["items"][1]["approximate"], true);
    assert_eq!(json["items"][1]["p95"], 7.5);
    let csv = String::from_utf8(list.csv()).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "start,end,datastream,count,p95,approximate,left_out"
    );
    assert!(lines[1].ends_with(",,2,7.5,false,3") && lines[2].ends_with(",,2,7.5,true,3"));

    let exact = AggregateList {
        names: &names[..1],
        ..list
    };
    let csv = String::from_utf8(exact.csv()).unwrap();
    assert!(csv.starts_with("start,end,datastream,count,left_out\r\n"));
}
