//! Messages as they are expected when they are read back.

use domain::payload::parse;
use domain::{DeviceId, ParsedValue};

use super::*;

#[test]
fn each_message_says_what_it_is_expected_to() {
    let base = Timestamp::parse("2026-05-01T00:00:00.123Z").unwrap();
    let device = DeviceId::new("dev-1").unwrap();
    for fields in 1..=FIELDS.len() {
        let telemetry = Telemetry::new(base, fields);
        for number in [0, 1, 399, 400, 123_456_789] {
            let mut payload = Vec::new();
            telemetry.write(7, number, &mut payload);
            let read = parse(&payload, None, &device, base).unwrap();
            assert!(read.rejections.is_empty());
            assert_eq!(read.observations.len(), fields);
            for (field, observation) in read.observations.iter().enumerate() {
                assert_eq!(observation.field, FIELDS[field].0);
                assert_eq!(observation.time, Some(telemetry.time(number)));
                assert_eq!(telemetry.number(telemetry.time(number)), Some(number));
                let expected = telemetry.value(7, number, field);
                assert_eq!(observation.value, ParsedValue::Number(expected));
            }
        }
    }
    assert_eq!(Telemetry::new(base, 1).payload_bytes(), PAYLOAD_BYTES);
}

#[test]
fn neighbouring_values_differ() {
    let telemetry = Telemetry::new(Timestamp::from_micros(0), 1);
    for number in 0..1_000 {
        assert_ne!(
            telemetry.value(3, number, 0),
            telemetry.value(3, number + 1, 0)
        );
    }
}
