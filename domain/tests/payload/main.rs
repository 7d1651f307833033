//! The three payload formats, through `parse` alone.

#![allow(clippy::unwrap_used)]

mod compact;
mod refused;
mod senml;
mod senml_cbor;

use domain::payload::{ContentFormat, PayloadError, parse};
use domain::{DeviceId, ParsedValue, RejectReason, Telemetry, Timestamp};

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
