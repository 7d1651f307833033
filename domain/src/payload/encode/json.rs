//! Writing compact JSON and SenML JSON.

use std::io::Write;

use super::{EncodeError, Reading, senml_micros};
use crate::{ParsedValue, Timestamp};

/// One object where all readings share time, place and quality, otherwise an
/// array with an object for each run of readings that do.
pub(super) fn compact(
    readings: &[Reading<'_>],
    sequence: Option<u64>,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    if readings.iter().any(|reading| reading.unit.is_some()) {
        return Err(EncodeError::Unit);
    }
    let start = out.len();
    let mut rest = readings;
    let mut objects = 0;
    while !rest.is_empty() {
        let run = run_length(rest);
        let (object, after) = rest.split_at(run);
        rest = after;
        objects += 1;
        if objects > 1 {
            out.push(b',');
        }
        compact_object(object, sequence.filter(|_| rest.is_empty()), out);
    }
    if objects > 1 {
        out.insert(start, b'[');
        out.push(b']');
    }
    Ok(())
}

/// How many readings fit into one object: alike, and no field twice.
fn run_length(readings: &[Reading<'_>]) -> usize {
    let shared = |reading: &Reading<'_>| (reading.time, reading.location, reading.quality);
    let first = shared(&readings[0]);
    (1..readings.len())
        .find(|at| {
            let reading = &readings[*at];
            shared(reading) != first || readings[..*at].iter().any(|r| r.field == reading.field)
        })
        .unwrap_or(readings.len())
}

fn compact_object(readings: &[Reading<'_>], sequence: Option<u64>, out: &mut Vec<u8>) {
    let Reading {
        time,
        location,
        quality,
        ..
    } = &readings[0];
    out.push(b'{');
    if let Some(time) = time {
        out.extend_from_slice(b"\"t\":");
        compact_time(*time, out);
        out.push(b',');
    }
    if let Some(location) = location {
        let _ = write!(out, "\"loc\":[{},{}],", location.lat(), location.lon());
    }
    if let Some(quality) = quality {
        let _ = write!(out, "\"q\":\"{}\",", quality.as_str());
    }
    if let Some(sequence) = sequence {
        let _ = write!(out, "\"seq\":{sequence},");
    }
    out.extend_from_slice(b"\"v\":{");
    for (at, reading) in readings.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        string(&reading.field, out);
        out.push(b':');
        value(&reading.value, out);
    }
    out.extend_from_slice(b"}}");
}

/// Milliseconds where that is exact and cannot be taken for seconds.
fn compact_time(time: Timestamp, out: &mut Vec<u8>) {
    const LEAST_MILLIS: i64 = 100_000_000_000;
    let micros = time.as_micros();
    // Writing to a Vec cannot fail.
    let _ = if micros % 1_000 == 0 && (micros / 1_000).abs() >= LEAST_MILLIS {
        write!(out, "{}", micros / 1_000)
    } else {
        write!(out, "\"{time}\"")
    };
}

pub(super) fn senml(readings: &[Reading<'_>], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    out.push(b'[');
    for (at, reading) in readings.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"n\":");
        string(&reading.field, out);
        if let Some(unit) = &reading.unit {
            out.extend_from_slice(b",\"u\":");
            string(unit, out);
        }
        if let Some(micros) = senml_micros(reading)? {
            let _ = write!(out, ",\"t\":{}", micros / 1_000_000);
            if micros % 1_000_000 != 0 {
                let _ = write!(out, ".{:06}", micros % 1_000_000);
            }
        }
        let label: &[u8] = match reading.value {
            ParsedValue::Number(_) | ParsedValue::Null => b",\"v\":",
            ParsedValue::Boolean(_) => b",\"vb\":",
            ParsedValue::Text(_) => b",\"vs\":",
        };
        out.extend_from_slice(label);
        value(&reading.value, out);
        out.push(b'}');
    }
    out.push(b']');
    Ok(())
}

fn value(value: &ParsedValue<'_>, out: &mut Vec<u8>) {
    match value {
        // The shortest text whose nearest f64 is this number; JSON has no
        // trouble with its plain notation at any size.
        ParsedValue::Number(number) => {
            let _ = write!(out, "{number}");
        }
        ParsedValue::Boolean(true) => out.extend_from_slice(b"true"),
        ParsedValue::Boolean(false) => out.extend_from_slice(b"false"),
        ParsedValue::Text(text) => string(text, out),
        ParsedValue::Null => out.extend_from_slice(b"null"),
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..=0x1f => {
                let _ = write!(out, "\\u{byte:04x}");
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
