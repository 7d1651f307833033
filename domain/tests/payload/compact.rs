//! Compact JSON: objects of fields, and arrays of them.

use domain::payload::PayloadError;
use domain::{Location, ParsedValue, Quality, RejectReason};

use super::{at, numbers, read, reasons, refusal};

#[test]
fn a_compact_object_has_a_time_and_fields() {
    let time = Some(at("2026-04-30T23:59:00Z"));
    for t in [
        "\"2026-05-01T08:59:00+09:00\"",
        "1777593540",
        "1777593540.000",
        "1777593540000",
    ] {
        let text = format!(r#"{{"t": {t}, "v": {{"pm25": 12.1, "pm10": 30}}}}"#);
        let telemetry = read(text.as_bytes()).unwrap();
        assert_eq!(
            numbers(&telemetry),
            [("pm25", time, 12.1), ("pm10", time, 30.0)],
            "{t}"
        );
        assert!(telemetry.rejections.is_empty());
    }
}

#[test]
fn place_quality_and_count_may_stand_before_or_after_the_fields() {
    let telemetry = read(
        br#"{"q":"uncertain","v":{"level":1.5,"note":"ice","open":true,"gap":null},
             "seq":7,"loc":[37.5,127.0],"t":1777593540000}"#,
    )
    .unwrap();
    assert_eq!(telemetry.sequence, Some(7));
    for observation in &telemetry.observations {
        assert_eq!(observation.quality, Some(Quality::Uncertain));
        assert_eq!(
            observation.location,
            Some(Location::new(37.5, 127.0).unwrap())
        );
        assert_eq!(observation.time, Some(at("2026-04-30T23:59:00Z")));
    }
    let values: Vec<_> = telemetry
        .observations
        .iter()
        .map(|o| o.value.clone())
        .collect();
    assert_eq!(
        values,
        [
            ParsedValue::Number(1.5),
            ParsedValue::Text("ice".into()),
            ParsedValue::Boolean(true),
            ParsedValue::Null
        ]
    );
}

#[test]
fn a_flat_object_is_fields_without_a_time() {
    let telemetry = read(br#" {"pm25": 12.1, "dev-1:pm10": 30} "#).unwrap();
    assert_eq!(
        numbers(&telemetry),
        [("pm25", None, 12.1), ("pm10", None, 30.0)]
    );
}

#[test]
fn an_array_of_objects_numbers_its_observations_through() {
    let telemetry =
        read(br#"[{"t":1777593540,"v":{"a":1,"b":[1]}},{"t":1777593541,"v":{"a":2}},{"a":3}]"#)
            .unwrap();
    let indices: Vec<_> = telemetry.observations.iter().map(|o| o.index).collect();
    assert_eq!(indices, [0, 2, 3]);
    assert_eq!(
        reasons(&telemetry),
        [(1, "b".into(), RejectReason::WrongType)]
    );
}

#[test]
fn a_bad_observation_does_not_harm_the_others() {
    let long = "x".repeat(257);
    let text = format!(
        r#"{{"v":{{"ok":1,"big":1e999,"text":"{long}","dev-2:x":1,"sp ace":1,"nest":{{"a":1}}}},"vendor":"x"}}"#
    );
    let telemetry = read(text.as_bytes()).unwrap();
    assert_eq!(numbers(&telemetry), [("ok", None, 1.0)]);
    assert_eq!(
        reasons(&telemetry),
        [
            (1, "big".into(), RejectReason::NotFinite),
            (2, "text".into(), RejectReason::BadText),
            (3, "dev-2:x".into(), RejectReason::OtherDevice),
            (4, "sp ace".into(), RejectReason::BadFieldName),
            (5, "nest".into(), RejectReason::WrongType),
            (6, "vendor".into(), RejectReason::UnknownKey),
        ]
    );
}

#[test]
fn what_speaks_of_all_fields_and_cannot_be_read_rejects_them_all() {
    for (extra, reason) in [
        (
            r#""t":"2026-05-01T09:00:00""#,
            RejectReason::TimeWithoutOffset,
        ),
        (r#""t":"yesterday""#, RejectReason::UnreadableTime),
        (r#""t":[1]"#, RejectReason::UnreadableTime),
        (r#""t":1e300"#, RejectReason::ImpossibleTime),
        (r#""q":"fine""#, RejectReason::BadQuality),
        (r#""loc":[91,0]"#, RejectReason::BadLocation),
        (r#""loc":[1,2,3]"#, RejectReason::BadLocation),
        (r#""loc":{"lat":1}"#, RejectReason::BadLocation),
    ] {
        let text = format!(r#"[{{"v":{{"a":1,"b":2}},{extra}}},{{"v":{{"a":3}}}}]"#);
        let telemetry = read(text.as_bytes()).unwrap();
        assert_eq!(
            reasons(&telemetry),
            [(0, "a".into(), reason), (1, "b".into(), reason)],
            "{extra}"
        );
        assert_eq!(numbers(&telemetry), [("a", None, 3.0)]);
    }
}

/// `ts` is a time and `values` are the fields, whoever taught the device that.
#[test]
fn thingsboards_form_is_read() {
    let time = Some(at("2026-04-30T23:59:00Z"));
    for text in [
        r#"{"ts":1777593540000,"values":{"pm25":12.1,"pm10":30}}"#,
        r#"{"values":{"pm25":12.1,"pm10":30},"ts":1777593540}"#,
        r#"[{"ts":1777593540000,"values":{"pm25":12.1}},{"ts":1777593540000,"pm10":30}]"#,
        r#"{"ts":"2026-05-01T08:59:00+09:00","pm25":12.1,"pm10":30}"#,
        r#"{"t":1777593540,"values":{"pm25":12.1,"pm10":30}}"#,
        r#"{"ts":1777593540,"v":{"pm25":12.1,"pm10":30}}"#,
    ] {
        let telemetry = read(text.as_bytes()).unwrap();
        assert_eq!(
            numbers(&telemetry),
            [("pm25", time, 12.1), ("pm10", time, 30.0)],
            "{text}"
        );
    }
    // Inside the fields they are fields, and `values` that is none is one.
    let telemetry = read(br#"{"v":{"ts":1,"values":2}}"#).unwrap();
    assert_eq!(
        numbers(&telemetry),
        [("ts", None, 1.0), ("values", None, 2.0)]
    );
    let telemetry = read(br#"{"values":2}"#).unwrap();
    assert_eq!(numbers(&telemetry), [("values", None, 2.0)]);
    let telemetry = read(br#"{"ts":"soon","values":{"a":1}}"#).unwrap();
    assert_eq!(
        reasons(&telemetry),
        [(0, "a".into(), RejectReason::UnreadableTime)]
    );
    for twice in [
        r#"{"t":1,"ts":1,"v":{"a":1}}"#,
        r#"{"v":{"a":1},"values":{"b":1}}"#,
        r#"{"ts":1,"ts":1,"a":1}"#,
    ] {
        assert_eq!(
            refusal(twice.as_bytes()),
            Some(PayloadError::DuplicateKey),
            "{twice}"
        );
    }
    assert_eq!(
        refusal(br#"{"ts":1777593540000}"#),
        Some(PayloadError::Shape)
    );
}
