//! Writing SenML CBOR, by hand: a handful of item kinds, and a device's
//! firmware would do the same.

use super::{EncodeError, Reading, senml_micros};
use crate::ParsedValue;

const UNSIGNED: u8 = 0x00;
const NEGATIVE: u8 = 0x20;
const TEXT: u8 = 0x60;
const ARRAY: u8 = 0x80;
const MAP: u8 = 0xa0;
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;
const FLOAT32: u8 = 0xfa;
const FLOAT64: u8 = 0xfb;

/// The integer labels of RFC 8428, table 4.
const NAME: u64 = 0;
const UNIT: u64 = 1;
const VALUE: u64 = 2;
const STRING_VALUE: u64 = 3;
const BOOLEAN_VALUE: u64 = 4;
const TIME: u64 = 6;

pub(super) fn senml(readings: &[Reading<'_>], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    head(ARRAY, readings.len() as u64, out);
    for reading in readings {
        let time = senml_micros(reading)?;
        let entries = 2 + u64::from(time.is_some()) + u64::from(reading.unit.is_some());
        head(MAP, entries, out);
        label(NAME, out);
        text(&reading.field, out);
        if let Some(unit) = &reading.unit {
            label(UNIT, out);
            text(unit, out);
        }
        if let Some(micros) = time {
            label(TIME, out);
            number(micros as f64 / 1e6, out);
        }
        match &reading.value {
            ParsedValue::Number(value) => {
                label(VALUE, out);
                number(*value, out);
            }
            ParsedValue::Boolean(value) => {
                label(BOOLEAN_VALUE, out);
                out.push(if *value { TRUE } else { FALSE });
            }
            ParsedValue::Text(value) => {
                label(STRING_VALUE, out);
                text(value, out);
            }
            ParsedValue::Null => {
                label(VALUE, out);
                out.push(NULL);
            }
        }
    }
    Ok(())
}

fn label(label: u64, out: &mut Vec<u8>) {
    head(UNSIGNED, label, out);
}

fn text(text: &str, out: &mut Vec<u8>) {
    head(TEXT, text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// An integer where the number is one, else the shortest exact float.
fn number(number: f64, out: &mut Vec<u8>) {
    /// Up to here every integer is an f64.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let negative_zero = number == 0.0 && number.is_sign_negative();
    if number.fract() == 0.0 && number.abs() <= EXACT && !negative_zero {
        let integer = number as i64;
        if integer < 0 {
            head(NEGATIVE, !integer as u64, out);
        } else {
            head(UNSIGNED, integer as u64, out);
        }
    } else if f64::from(number as f32) == number {
        out.push(FLOAT32);
        out.extend_from_slice(&(number as f32).to_be_bytes());
    } else {
        out.push(FLOAT64);
        out.extend_from_slice(&number.to_be_bytes());
    }
}

/// Major type and its argument in the shortest form.
fn head(major: u8, argument: u64, out: &mut Vec<u8>) {
    match argument {
        0..24 => out.push(major | argument as u8),
        24..=0xff => out.extend_from_slice(&[major | 24, argument as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend_from_slice(&(argument as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend_from_slice(&(argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&argument.to_be_bytes());
        }
    }
}
