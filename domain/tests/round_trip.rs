//! What a device writes, the platform reads: to the bit and the microsecond.

#![allow(clippy::unwrap_used)]

use domain::payload::encode::{EncodeError, Reading, encode};
use domain::payload::{ContentFormat, parse};
use domain::{DeviceId, Location, ParsedValue, Quality, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn device() -> DeviceId {
    DeviceId::new("dev-1").unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-05-01T00:00:00Z").unwrap()
}

fn value() -> impl Strategy<Value = ParsedValue<'static>> {
    prop_oneof![
        4 => (proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO)
            .prop_map(ParsedValue::Number),
        4 => (-100_000i32..100_000, 0..5).prop_map(|(n, digits)| {
            ParsedValue::Number(f64::from(n) / 10f64.powi(digits))
        }),
        1 => any::<bool>().prop_map(ParsedValue::Boolean),
        1 => "\\PC{0,60}".prop_map(|text| ParsedValue::Text(text.into())),
        1 => Just(ParsedValue::Null),
    ]
}

/// Any time that compact JSON can say, and any that SenML can.
fn any_time() -> impl Strategy<Value = Timestamp> {
    (-2_208_988_800_000_000i64..200_000_000_000_000_000).prop_map(Timestamp::from_micros)
}

fn senml_time() -> impl Strategy<Value = Timestamp> {
    (268_435_456_000_000i64..8_589_934_592_000_000).prop_map(Timestamp::from_micros)
}

fn compact_reading() -> impl Strategy<Value = Reading<'static>> {
    let quality = prop_oneof![
        Just(Quality::Good),
        Just(Quality::Bad),
        Just(Quality::Missing)
    ];
    let location = (
        -900_000_000i32..=900_000_000,
        -1_800_000_000i32..=1_800_000_000,
    )
        .prop_map(|(lat, lon)| Location::from_e7(lat, lon));
    (
        "[A-Za-z0-9_~-]{1,64}",
        option::of(any_time()),
        value(),
        option::weighted(0.2, quality),
        option::weighted(0.2, location),
    )
        .prop_filter("a word of compact JSON itself", |(field, ..)| {
            !["t", "v", "q", "loc", "seq"].contains(&field.as_str())
        })
        .prop_map(|(field, time, value, quality, location)| Reading {
            field: field.into(),
            time,
            value,
            unit: None,
            quality,
            location,
        })
}

fn senml_reading() -> impl Strategy<Value = Reading<'static>> {
    (
        "[A-Za-z0-9_~-]{1,64}",
        option::of(senml_time()),
        value(),
        option::of("[a-z/%]{1,8}"),
    )
        .prop_map(|(field, time, value, unit)| Reading {
            field: field.into(),
            time,
            value,
            unit: unit.map(Into::into),
            quality: None,
            location: None,
        })
}

/// Bits, not `==`: -0.0 is another number than 0.0 here.
fn bits(reading: &Reading<'_>) -> Option<u64> {
    match reading.value {
        ParsedValue::Number(number) => Some(number.to_bits()),
        _ => None,
    }
}

fn comes_back(
    format: ContentFormat,
    readings: &[Reading<'static>],
    sequence: Option<u64>,
) -> Result<(), TestCaseError> {
    let mut bytes = Vec::new();
    encode(format, readings, sequence, &mut bytes).unwrap();
    // Both told and found out by the first bytes.
    for told in [Some(format), None] {
        let telemetry = parse(&bytes, told, &device(), now()).unwrap();
        prop_assert!(
            telemetry.rejections.is_empty(),
            "{:?}",
            telemetry.rejections
        );
        prop_assert_eq!(telemetry.sequence, sequence);
        let read: Vec<Reading<'_>> = telemetry.observations.into_iter().map(Into::into).collect();
        prop_assert_eq!(readings, &read[..]);
        prop_assert!(readings.iter().map(bits).eq(read.iter().map(bits)));
    }
    Ok(())
}

proptest! {
    #[test]
    fn compact_json_comes_back(
        readings in vec(compact_reading(), 1..8),
        sequence in option::of(0u64..1 << 53),
    ) {
        comes_back(ContentFormat::CompactJson, &readings, sequence)?;
    }

    #[test]
    fn senml_json_comes_back(readings in vec(senml_reading(), 1..8)) {
        comes_back(ContentFormat::SenmlJson, &readings, None)?;
    }

    #[test]
    fn senml_cbor_comes_back(readings in vec(senml_reading(), 1..8)) {
        comes_back(ContentFormat::SenmlCbor, &readings, None)?;
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300), format in 0usize..4) {
        let format = ContentFormat::ALL.get(format).copied();
        let _ = parse(&bytes, format, &device(), now());
    }

    /// Nearer to the formats than arbitrary bytes: a good payload with damage.
    #[test]
    fn damaged_payloads_never_panic(
        readings in vec(senml_reading(), 1..4),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        for format in [ContentFormat::SenmlJson, ContentFormat::SenmlCbor] {
            let mut bytes = Vec::new();
            encode(format, &readings, None, &mut bytes).unwrap();
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let _ = parse(&bytes, Some(format), &device(), now());
            let _ = parse(&bytes[..cut.index(bytes.len())], None, &device(), now());
        }
    }
}

#[test]
fn what_a_format_cannot_say_is_an_error() {
    let mut out = Vec::new();
    let mut check = |format, reading: Reading<'static>, error| {
        assert_eq!(encode(format, &[reading], None, &mut out), Err(error));
    };
    let reading = || Reading::number("a", 1.0);
    let before = Timestamp::parse("1970-01-01T00:00:00Z").unwrap();
    for senml in [ContentFormat::SenmlJson, ContentFormat::SenmlCbor] {
        check(senml, reading().at(before), EncodeError::Time);
        let judged = Reading {
            quality: Some(Quality::Bad),
            ..reading()
        };
        check(senml, judged, EncodeError::Quality);
    }
    check(
        ContentFormat::CompactJson,
        reading().in_unit("cm"),
        EncodeError::Unit,
    );
    check(
        ContentFormat::CompactJson,
        Reading::number("a", f64::NAN),
        EncodeError::NotFinite,
    );
    assert_eq!(
        encode(ContentFormat::SenmlJson, &[], None, &mut out),
        Err(EncodeError::Nothing)
    );
}
