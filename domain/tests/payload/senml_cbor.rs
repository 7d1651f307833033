//! SenML in CBOR: its numbers, containers and times.

use domain::{ParsedValue, RejectReason, Timestamp};

use super::{NOW, at, numbers, read, reasons};

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

/// As Leshan's client for LwM2M sends them: billionths of a second as a decimal
/// fraction, which no f64 holds, and values as half floats.
#[test]
fn senml_cbor_times_in_billionths_are_cut_not_rounded() {
    const NANOS: i64 = 1_795_951_601_473_669_747;
    let fraction = |mantissa: i64, exponent: u8| {
        let mut bytes = vec![0xc4, 0x82, exponent];
        if mantissa < 0 {
            bytes.push(0x3b);
        } else {
            bytes.push(0x1b);
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
