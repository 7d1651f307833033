//! SenML: base values, times, names, and records that are refused one by one.

use domain::{DeviceId, ParsedValue, RejectReason, Timestamp};

use super::{at, numbers, read, reasons};

#[test]
fn senml_adds_base_values_and_resolves_names() {
    let telemetry = read(
        br#"[{"bn":"urn:dev:ow:dev-1:","bt":1777593540,"bu":"Cel","n":"temperature","v":23.5},
             {"n":"humidity","u":"%RH","v":43,"t":-60},
             {"n":"door","vb":false},{"n":"note","vs":"ok"},
             {"bn":"","bv":100,"bt":0,"n":"dev-1/level","u":"cm","v":1.5,"t":1777593541.25}]"#,
    )
    .unwrap();
    let first = &telemetry.observations[0];
    assert_eq!(
        (&*first.field, first.unit.as_deref()),
        ("temperature", Some("Cel"))
    );
    assert_eq!(first.time, Some(at("2026-04-30T23:59:00Z")));
    let second = &telemetry.observations[1];
    assert_eq!(
        (&*second.field, second.unit.as_deref()),
        ("humidity", Some("%RH"))
    );
    assert_eq!(second.time, Some(at("2026-04-30T23:58:00Z")));
    assert_eq!(telemetry.observations[2].value, ParsedValue::Boolean(false));
    assert_eq!(
        telemetry.observations[3].value,
        ParsedValue::Text("ok".into())
    );
    let last = &telemetry.observations[4];
    assert_eq!(
        (&*last.field, &last.value),
        ("level", &ParsedValue::Number(101.5))
    );
    assert_eq!(last.time, Some(at("2026-04-30T23:59:01.25Z")));
}

#[test]
fn senml_times_below_two_to_the_28_are_relative() {
    for (t, expected) in [
        ("-5", Some("2026-04-30T23:59:55Z")),
        ("-0.5", Some("2026-04-30T23:59:59.5Z")),
        ("30", Some("2026-05-01T00:00:30Z")),
        ("268435456", Some("1978-07-04T21:24:16Z")),
        ("4294967296", Some("2106-02-07T06:28:16Z")),
        ("\"1970-01-01T00:00:00Z\"", Some("1970-01-01T00:00:00Z")),
        ("0", None),
    ] {
        let text = format!(r#"[{{"n":"a","v":1,"t":{t}}}]"#);
        let telemetry = read(text.as_bytes()).unwrap();
        assert_eq!(numbers(&telemetry), [("a", expected.map(at), 1.0)], "{t}");
    }
}

#[test]
fn senml_records_are_judged_one_by_one() {
    let telemetry = read(
        br#"[{"bn":"dev-1:"},{"n":"a","v":1},{"n":"b","vd":"AA=="},{"n":"c","s":3},
             {"n":"d","v":"x"},{"n":"e","v":1,"vb":true},{"n":"f","v":1,"t":true},
             {"n":"g","v":1,"u":5},{"n":7,"v":1},{"bn":"dev-2:","n":"h","v":1},
             {"bn":"dev-1:","n":"i","v":null,"extra":{"deep":[1]}}]"#,
    )
    .unwrap();
    let fields: Vec<_> = telemetry
        .observations
        .iter()
        .map(|o| (o.index, &*o.field))
        .collect();
    assert_eq!(fields, [(1, "a"), (10, "i")]);
    assert_eq!(
        reasons(&telemetry),
        [
            (2, "dev-1:b".into(), RejectReason::WrongType),
            (3, "dev-1:c".into(), RejectReason::NoValue),
            (4, "dev-1:d".into(), RejectReason::WrongType),
            (5, "dev-1:e".into(), RejectReason::WrongType),
            (6, "dev-1:f".into(), RejectReason::UnreadableTime),
            (7, "dev-1:g".into(), RejectReason::UnknownUnit),
            (8, "dev-1:".into(), RejectReason::BadFieldName),
            (9, "dev-2:h".into(), RejectReason::OtherDevice),
        ]
    );
}

/// One long base unit must not be copied into each of a thousand records.
#[test]
fn a_unit_that_is_none_costs_no_more_than_its_beginning() {
    let unit = format!("\\u0041{}", "x".repeat(40_000));
    let records = vec![r#"{"n":"level","v":1}"#; 900].join(",");
    let payload = format!(r#"[{{"bu":"{unit}"}},{records}]"#);
    let device = DeviceId::new("dev-1").unwrap();
    let parsed = domain::payload::parse(payload.as_bytes(), None, &device, Timestamp::MIN).unwrap();
    assert_eq!(parsed.observations.len(), 900);
    let kept = parsed
        .observations
        .iter()
        .map(|it| it.unit.as_ref().unwrap().len());
    assert_eq!(kept.max(), Some(64));
}

/// The Python libraries' own examples have the device's id as the base name,
/// without a separator.
#[test]
fn a_senml_base_name_that_is_the_device_needs_no_separator() {
    for (base, name) in [
        ("dev-1", "pm25"),
        ("dev-1", ":pm25"),
        ("dev-1", "/pm25"),
        ("dev-1", "dev-1:pm25"),
        ("dev-1:", "pm25"),
        ("dev-1/", "pm25"),
        ("urn:dev:ow:dev-1", "pm25"),
        ("urn:dev:ow:dev-1", ":pm25"),
        ("urn:dev:ow:dev-1:", "pm25"),
        ("", "pm25"),
        ("", "dev-1:pm25"),
        ("pm25", ""),
        ("dev-1:pm25", ""),
        ("dev", "-1:pm25"),
    ] {
        let own = if name.is_empty() {
            String::new()
        } else {
            format!(r#""n":"{name}","#)
        };
        let text = format!(r#"[{{"bn":"{base}",{own}"v":5}},{{"n":"","t":-1}}]"#);
        let telemetry = read(text.as_bytes()).unwrap();
        assert_eq!(numbers(&telemetry), [("pm25", None, 5.0)], "{base} {name}");
    }
    // It holds for the records after it.
    let telemetry = read(
        br#"[{"bn":"dev-1","bt":1777593540},{"n":"pm25","v":5},{"n":"pm10","v":6},{"bn":"air.","n":"co","v":7}]"#,
    )
    .unwrap();
    let time = Some(at("2026-04-30T23:59:00Z"));
    assert_eq!(
        numbers(&telemetry),
        [
            ("pm25", time, 5.0),
            ("pm10", time, 6.0),
            ("air.co", time, 7.0)
        ]
    );
}

/// Never a field that nobody meant, as `dev-2pm25`.
#[test]
fn a_senml_base_name_that_is_not_the_device_is_refused_by_name() {
    for (base, own, shown, reason) in [
        (
            "dev-2",
            r#""n":"pm25","#,
            "dev-2pm25",
            RejectReason::BaseName,
        ),
        (
            "dev-1-",
            r#""n":"pm25","#,
            "dev-1-pm25",
            RejectReason::BaseName,
        ),
        ("sensor", r#""n":"7","#, "sensor7", RejectReason::BaseName),
        ("dev-1", "", "dev-1", RejectReason::BaseName),
        ("dev-1", r#""n":"","#, "dev-1", RejectReason::BaseName),
        (
            "dev-1",
            r#""n":"dev-2:pm25","#,
            "dev-1dev-2:pm25",
            RejectReason::OtherDevice,
        ),
        (
            "dev-2:",
            r#""n":"pm25","#,
            "dev-2:pm25",
            RejectReason::OtherDevice,
        ),
        (
            "urn:dev:ow:dev-2",
            r#""n":"pm25","#,
            "urn:dev:ow:dev-2pm25",
            RejectReason::OtherDevice,
        ),
        (
            "/3303/0/5700",
            "",
            "/3303/0/5700",
            RejectReason::OtherDevice,
        ),
        (
            "dev-1",
            r#""n":"pm 25","#,
            "dev-1pm 25",
            RejectReason::BadFieldName,
        ),
        ("dev-1:", "", "dev-1:", RejectReason::BadFieldName),
    ] {
        let text = format!(r#"[{{"bn":"{base}",{own}"v":5}}]"#);
        let telemetry = read(text.as_bytes()).unwrap();
        assert_eq!(telemetry.observations.len(), 0, "{text}");
        assert_eq!(reasons(&telemetry), [(0, shown.into(), reason)], "{text}");
    }
}
