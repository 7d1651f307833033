//! The three payload formats, through `parse` alone.

#![allow(clippy::unwrap_used)]

use domain::payload::{
    ContentFormat, MAX_DEPTH, MAX_OBSERVATIONS, MAX_PAYLOAD_BYTES, PayloadError, parse,
};
use domain::{DeviceId, Location, ParsedValue, Quality, RejectReason, Telemetry, Timestamp};

const NOW: &str = "2026-05-01T00:00:00Z";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn read(bytes: &[u8]) -> Result<Telemetry<'_>, PayloadError> {
    parse(bytes, None, &DeviceId::new("dev-1").unwrap(), at(NOW))
}

fn refusal(bytes: &[u8]) -> Option<PayloadError> {
    read(bytes).err()
}

/// Field, time and number of each observation, in order.
fn numbers<'t>(telemetry: &'t Telemetry<'_>) -> Vec<(&'t str, Option<Timestamp>, f64)> {
    let number = |value: &ParsedValue<'_>| match value {
        ParsedValue::Number(number) => *number,
        other => panic!("{other:?} is no number"),
    };
    telemetry
        .observations
        .iter()
        .map(|o| (&*o.field, o.time, number(&o.value)))
        .collect()
}

fn reasons(telemetry: &Telemetry<'_>) -> Vec<(u16, String, RejectReason)> {
    telemetry
        .rejections
        .iter()
        .map(|r| (r.index, r.field.to_string(), r.reason))
        .collect()
}

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

#[test]
fn senml_cbor_reads_every_number_that_cbor_has() {
    let one = |value: &[u8]| {
        let mut bytes = vec![0x81, 0xa2, 0x00, 0x61, b'a', 0x02];
        bytes.extend_from_slice(value);
        let number = match read(&bytes).unwrap().observations.first()?.value {
            ParsedValue::Number(number) => ParsedValue::Number(number),
            ParsedValue::Null => ParsedValue::Null,
            ref other => panic!("{other:?}"),
        };
        Some(number)
    };
    let number = |n| Some(ParsedValue::Number(n));
    assert_eq!(one(&[0x0a]), number(10.0));
    assert_eq!(one(&[0x29]), number(-10.0));
    assert_eq!(
        one(&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        number(1.8446744073709552e19)
    );
    assert_eq!(one(&[0xf9, 0x3e, 0x00]), number(1.5));
    assert_eq!(one(&[0xfa, 0x3f, 0xc0, 0x00, 0x00]), number(1.5));
    assert_eq!(
        one(&[0xfb, 0x40, 0x28, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33]),
        number(12.1)
    );
    // A decimal fraction: [-1, 121].
    assert_eq!(one(&[0xc4, 0x82, 0x20, 0x18, 0x79]), number(12.1));
    assert_eq!(one(&[0xf6]), Some(ParsedValue::Null));
    // NaN, infinity, a bignum, undefined.
    for refused in [
        &[0xf9, 0x7e, 0x00][..],
        &[0xf9, 0x7c, 0x00],
        &[0xc2, 0x41, 0x01],
        &[0xf7],
    ] {
        assert_eq!(one(refused), None, "{refused:?}");
    }
}

#[test]
fn senml_cbor_takes_indefinite_containers_and_base_labels() {
    // [_ {_ -2: "dev-1:", -3: 1777593540, -4: "cm"}, {0: "level", 2: 5, "x": [1]}]
    let mut bytes = vec![0x9f, 0xbf, 0x21, 0x66];
    bytes.extend_from_slice(b"dev-1:");
    bytes.extend_from_slice(&[0x22, 0x1a]);
    bytes.extend_from_slice(&1_777_593_540u32.to_be_bytes());
    bytes.extend_from_slice(&[0x23, 0x62, b'c', b'm', 0xff, 0xa3, 0x00, 0x65]);
    bytes.extend_from_slice(b"level");
    bytes.extend_from_slice(&[0x02, 0x05, 0x61, b'x', 0x81, 0x01, 0xff]);
    let telemetry = read(&bytes).unwrap();
    assert_eq!(
        numbers(&telemetry),
        [("level", Some(at("2026-04-30T23:59:00Z")), 5.0)]
    );
    assert_eq!(telemetry.observations[0].unit.as_deref(), Some("cm"));
}

#[test]
fn limits_hold_before_anything_is_allocated() {
    assert_eq!(refusal(b""), Some(PayloadError::Empty));
    assert_eq!(refusal(b"  "), Some(PayloadError::Empty));
    assert_eq!(
        refusal(&vec![b' '; MAX_PAYLOAD_BYTES + 1]),
        Some(PayloadError::TooLong)
    );
    let records = |n: usize| format!("[{}]", vec![r#"{"n":"a","v":1}"#; n].join(","));
    assert_eq!(
        read(records(MAX_OBSERVATIONS).as_bytes())
            .unwrap()
            .observations
            .len(),
        MAX_OBSERVATIONS
    );
    let too_many = Some(PayloadError::TooManyObservations);
    assert_eq!(refusal(records(MAX_OBSERVATIONS + 1).as_bytes()), too_many);
    let fields: Vec<_> = (0..=MAX_OBSERVATIONS)
        .map(|n| format!("\"f{n}\":1"))
        .collect();
    assert_eq!(
        refusal(format!("{{\"v\":{{{}}}}}", fields.join(",")).as_bytes()),
        too_many
    );
    let objects = format!("[{}]", vec![r#"{"v":{}}"#; MAX_OBSERVATIONS + 1].join(","));
    assert_eq!(refusal(objects.as_bytes()), too_many);
    // A CBOR array that only claims to be long.
    assert_eq!(
        refusal(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        too_many
    );
    let mut long = vec![0x9f];
    long.resize(MAX_OBSERVATIONS + 2, 0xa0);
    assert_eq!(refusal(&long), too_many);
}

#[test]
fn depth_is_limited() {
    let deep = |n: usize| format!(r#"{{"v":{{"a":{}{}}}}}"#, "[".repeat(n), "]".repeat(n));
    assert!(read(deep(MAX_DEPTH - 3).as_bytes()).is_ok());
    assert_eq!(
        refusal(deep(MAX_DEPTH).as_bytes()),
        Some(PayloadError::TooDeep)
    );
    assert_eq!(
        refusal(deep(30_000).as_bytes()),
        Some(PayloadError::TooDeep)
    );
    let object = format!(r#"[{{"n":"a","v":1,"x":{}"#, "{\"a\":".repeat(10_000));
    assert_eq!(refusal(object.as_bytes()), Some(PayloadError::TooDeep));
    for nest in [0x81, 0x9f, 0xd8] {
        let mut bytes = vec![0x81, 0xa1, 0x61, b'x'];
        bytes.resize(60_000, nest);
        if nest == 0xd8 {
            bytes[4..]
                .iter_mut()
                .skip(1)
                .step_by(2)
                .for_each(|tag| *tag = 99);
        }
        assert_eq!(refusal(&bytes), Some(PayloadError::TooDeep), "{nest:x}");
    }
}

#[test]
fn duplicate_keys_are_refused() {
    let twice = Some(PayloadError::DuplicateKey);
    for text in [
        &br#"{"t":1,"t":1,"v":{"a":1}}"#[..],
        br#"{"v":{"a":1},"v":{"a":2}}"#,
        br#"{"v":{"a":1,"a":2}}"#,
        br#"{"a":1,"a":1}"#,
        br#"{"v":{"a":{"x":1,"x":2}}}"#,
        br#"[{"n":"a","v":1,"v":2}]"#,
        br#"[{"n":"a","v":1,"x":1,"x":1}]"#,
        &[0x81, 0xa3, 0x00, 0x61, b'a', 0x02, 0x01, 0x02, 0x02],
        // The label 2 and its text "v".
        &[0x81, 0xa3, 0x00, 0x61, b'a', 0x02, 0x01, 0x61, b'v', 0x02],
        &[0x81, 0xa2, 0x18, 0x63, 0x01, 0x18, 0x63, 0x01],
    ] {
        assert_eq!(refusal(text), twice, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn what_cannot_be_read_at_all_says_why() {
    for (text, error) in [
        (&b"12"[..], PayloadError::Shape),
        (b"\"text\"", PayloadError::Shape),
        (b"null", PayloadError::Shape),
        (b"{}", PayloadError::Shape),
        (b"[]", PayloadError::Shape),
        (b"[[]]", PayloadError::Shape),
        (br#"{"t":1}"#, PayloadError::Shape),
        (br#"{"v":12.5}"#, PayloadError::Shape),
        (br#"[{"bn":7,"n":"a","v":1}]"#, PayloadError::Shape),
        (br#"{"v":{"a":NaN}}"#, PayloadError::Json),
        (br#"{"v":{"a":1}"#, PayloadError::Json),
        (br#"{"v":{"a":1}} {}"#, PayloadError::Json),
        (b"{\"a\":\"\xff\"}", PayloadError::Json),
        (
            br#"[{"n":"a","v":1,"shape_":2}]"#,
            PayloadError::UnknownMandatoryLabel,
        ),
        (br#"[{"bver":11,"n":"a","v":1}]"#, PayloadError::Version),
        (
            &[0x81, 0xa1, 0x62, b'x', b'_', 0x01],
            PayloadError::UnknownMandatoryLabel,
        ),
        (&[0x81], PayloadError::Cbor),
        (&[0x80, 0x00], PayloadError::Cbor),
        (&[0x81, 0x01], PayloadError::Shape),
        (&[0x80], PayloadError::Shape),
        // A name of indefinite length.
        (
            &[0x81, 0xa2, 0x00, 0x7f, 0x61, b'a', 0xff, 0x02, 0x01],
            PayloadError::Cbor,
        ),
        (
            &[
                0x81, 0xa1, 0x00, 0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            ],
            PayloadError::Cbor,
        ),
    ] {
        assert_eq!(
            refusal(text),
            Some(error),
            "{}",
            String::from_utf8_lossy(text)
        );
    }
}

#[test]
fn the_content_type_decides_where_there_is_one() {
    let device = DeviceId::new("dev-1").unwrap();
    let as_format = |bytes: &'static [u8], format| parse(bytes, Some(format), &device, at(NOW));
    let senml: &[u8] = br#"[{"n":"a","v":1}]"#;
    assert!(as_format(senml, ContentFormat::SenmlJson).is_ok());
    // SenML is JSON too: a library that says no more is not refused.
    assert_eq!(
        as_format(senml, ContentFormat::CompactJson),
        as_format(senml, ContentFormat::SenmlJson)
    );
    let texts: &[u8] = br#" [{"n":"note","vs":"ok"},{"n":"door","vb":true}]"#;
    let read = as_format(texts, ContentFormat::CompactJson).unwrap();
    let fields: Vec<_> = read.observations.iter().map(|o| &*o.field).collect();
    assert_eq!(fields, ["note", "door"]);
    let compact: &[u8] = br#"[{"t":1777593540,"v":{"n":1}},{"n":2}]"#;
    let read = as_format(compact, ContentFormat::CompactJson).unwrap();
    assert_eq!(read.observations.len(), 2);
    assert_eq!(
        as_format(senml, ContentFormat::SenmlCbor),
        Err(PayloadError::Shape)
    );
    assert_eq!(
        as_format(br#"{"a":1}"#, ContentFormat::SenmlJson),
        Err(PayloadError::Shape)
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

/// As Leshan's client for LwM2M sends them: billionths of a second as a decimal
/// fraction, which no f64 holds, and values as half floats.
#[test]
fn senml_cbor_times_in_billionths_are_cut_not_rounded() {
    const NANOS: i64 = 1_795_951_601_473_669_747;
    let fraction = |mantissa: i64, exponent: u8| {
        let mut bytes = vec![0xc4, 0x82, exponent];
        match mantissa < 0 {
            true => bytes.push(0x3b),
            false => bytes.push(0x1b),
        }
        let argument = if mantissa < 0 { !mantissa } else { mantissa };
        bytes.extend_from_slice(&argument.to_be_bytes());
        bytes
    };
    let whole = |seconds: u32| [&[0x1a][..], &seconds.to_be_bytes()].concat();
    let half: &[u8] = &[0xf9, 0x4d, 0x40];
    // Label 6 is the time, -3 the base time.
    let pack = |base: &[u8], own: &[u8]| {
        let mut bytes = vec![0x81, 0xa4, 0x22];
        bytes.extend_from_slice(base);
        bytes.extend_from_slice(&[0x00, 0x61, b'a', 0x06]);
        bytes.extend_from_slice(own);
        bytes.push(0x02);
        bytes.extend_from_slice(half);
        bytes
    };
    let micros = |bytes: &[u8]| {
        let telemetry = read(bytes).unwrap();
        assert_eq!(telemetry.rejections, []);
        assert_eq!(telemetry.observations[0].value, ParsedValue::Number(21.0));
        telemetry.observations[0].time.map(Timestamp::as_micros)
    };
    let zero: &[u8] = &[0x00];
    // 0x28 is -9.
    assert_eq!(
        micros(&pack(zero, &fraction(NANOS, 0x28))),
        Some(1_795_951_601_473_669)
    );
    assert_eq!(
        micros(&pack(&fraction(NANOS, 0x28), zero)),
        Some(1_795_951_601_473_669)
    );
    assert_eq!(
        micros(&pack(&whole(1_795_951_600), &fraction(1_473_669_999, 0x28))),
        Some(1_795_951_601_473_669)
    );
    assert_eq!(
        micros(&pack(&fraction(NANOS, 0x28), &fraction(-1, 0x28))),
        Some(1_795_951_601_473_669)
    );
    // Relative: a nanosecond before now lies in the microsecond before.
    let now = at(NOW).as_micros();
    assert_eq!(micros(&pack(zero, &fraction(-1, 0x28))), Some(now - 1));
    assert_eq!(micros(&pack(zero, &fraction(0, 0x28))), None);
    // -3 with milliseconds since 1970, and what no calendar has.
    assert_eq!(
        micros(&pack(zero, &fraction(1_795_951_601_473, 0x22))),
        Some(1_795_951_601_473_000)
    );
    // [3, i64::MAX] seconds.
    let far = pack(zero, &fraction(i64::MAX, 0x03));
    assert_eq!(
        reasons(&read(&far).unwrap()),
        [(0, "a".into(), RejectReason::ImpossibleTime)]
    );
}
