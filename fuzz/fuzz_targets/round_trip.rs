//! Decode, encode, decode, compare: shared by the payload targets.

use domain::payload::encode::{EncodeError, Reading, encode};
use domain::payload::{ContentFormat, MAX_PAYLOAD_BYTES, PayloadError, parse};
use domain::{DeviceId, Telemetry, Timestamp};

pub fn round_trip(format: ContentFormat, bytes: &[u8]) {
    let device = DeviceId::new("dev-1").expect("a good id");
    let now = Timestamp::from_micros(1_777_593_600_000_000);
    let Ok(first) = parse(bytes, Some(format), &device, now) else {
        return;
    };
    let sequence = first
        .sequence
        .filter(|_| format == ContentFormat::CompactJson);
    let readings = readings(&first);
    let mut written = Vec::new();
    match encode(format, &readings, sequence, &mut written) {
        // SenML reads relative times that it cannot write as absolute ones.
        Err(EncodeError::Nothing | EncodeError::Time) => return,
        Err(error) => panic!("{error} for {readings:?}"),
        Ok(()) => {}
    }
    let second = match parse(&written, Some(format), &device, now) {
        // Spelled out in full, a message may outgrow what may be sent.
        Err(PayloadError::TooLong) if written.len() > MAX_PAYLOAD_BYTES => return,
        second => second.expect("what was written can be read"),
    };
    assert_eq!(readings, self::readings(&second));
    assert_eq!(sequence, second.sequence);
    assert!(second.rejections.is_empty());
}

/// In the order of the payload; fields that are words of compact JSON itself
/// come out of `v` only, and go back into it.
fn readings<'a>(telemetry: &Telemetry<'a>) -> Vec<Reading<'a>> {
    telemetry
        .observations
        .iter()
        .cloned()
        .map(Reading::from)
        .collect()
}
