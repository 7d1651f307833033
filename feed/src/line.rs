//! One observation as one line of the InfluxDB line protocol, version 2, times
//! in microseconds.
//!
//! ```text
//! traffic.flow,agency=seoul,thing=dev-1 speed=12.1,speed__q=0i 1690000000000000
//! ```
//!
//! - The measurement is the data model, and the tags say whose and which
//!   thing's it is. With the field that is the datastream's identity: a
//!   replaced device goes on with the same points, and a correction overwrites
//!   the value that it corrects.
//! - A field has a name that every store takes ([`field_name`]). The same
//!   name with `__q` at the end is that of its quality: 0 good, 1 uncertain, 2
//!   bad, 3 missing. Two fields of one time are one point in the store, so each
//!   has a quality of its own. It is an integer since stores of numbers alone
//!   read every text as 0.
//! - A missing value is told by its quality, without the field itself.
//! - A line has no position: the store knows no audience.
//!
//! Escapes are those of the specification. It knows no line breaks in a line:
//! one in a text is written as `\n` or `\r`, as Telegraf does.

pub(crate) mod field_name;
pub(crate) mod parts;

use device_registry::Datastream;
use domain::ids::MAX_ID_BYTES;
use domain::value::MAX_TEXT_BYTES;
use domain::{Quality, Timestamp, Value};
use ingest::StoredObservation;

use field_name::MAX_FIELD_BYTES;

/// Ends the name of a field's quality; the field's own name comes before it.
pub const QUALITY_SUFFIX: &str = "__q";

/// The longest line, in bytes: a model of two names and a dot, two tags with
/// their keys, the field twice, a text of which every byte is escaped, and a
/// time of 20 digits.
pub(crate) const MAX_LINE_BYTES: usize = (2 * MAX_ID_BYTES + 1)
    + (",agency=".len() + MAX_ID_BYTES)
    + (",thing=".len() + MAX_ID_BYTES)
    + (1 + MAX_FIELD_BYTES + 1 + 2 * MAX_TEXT_BYTES + 2)
    + (1 + MAX_FIELD_BYTES + QUALITY_SUFFIX.len() + "=0i".len())
    + (1 + 20 + 1);

/// What a line says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Line<'a> {
    pub measurement: &'a str,
    pub agency: &'a str,
    pub thing: &'a str,
    pub field: &'a str,
    /// `None`: missing.
    pub value: Option<&'a Value>,
    pub quality: Quality,
    pub time: Timestamp,
}

impl<'a> Line<'a> {
    pub(crate) fn of(datastream: &Datastream<'a>, observation: &'a StoredObservation) -> Self {
        Self {
            measurement: datastream.model.as_str(),
            agency: datastream.agency.as_str(),
            thing: datastream.thing.as_str(),
            field: datastream.field.as_str(),
            value: observation.value.as_ref(),
            quality: observation.quality,
            time: observation.time,
        }
    }

    /// Appends the line, its end included.
    pub fn write(&self, out: &mut Vec<u8>) {
        push_escaped(out, self.measurement, b", ");
        // In the order of the tags' keys: what stores sort anyway.
        out.extend_from_slice(b",agency=");
        push_escaped(out, self.agency, b",= ");
        out.extend_from_slice(b",thing=");
        push_escaped(out, self.thing, b",= ");
        out.push(b' ');
        let field = field_name::written(self.field);
        if let Some(value) = self.value {
            push_escaped(out, &field, b",= ");
            out.push(b'=');
            push_value(out, value);
            out.push(b',');
        }
        push_escaped(out, &field, b",= ");
        out.extend_from_slice(QUALITY_SUFFIX.as_bytes());
        out.extend_from_slice(&[b'=', b'0' + self.quality.code(), b'i', b' ']);
        push_text(out, format_args!("{}", self.time.as_micros()));
        out.push(b'\n');
    }
}

fn push_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        // The shortest form that reads back as the same number, `1e300` and not
        // 300 zeros.
        Value::Number(number) => push_text(out, format_args!("{number:?}")),
        Value::Boolean(truth) => push_text(out, format_args!("{truth}")),
        Value::Text(text) => {
            out.push(b'"');
            push_escaped(out, text, b"\"\\");
            out.push(b'"');
        }
    }
}

/// Puts a backslash before each of `special`, and writes line breaks as two
/// characters.
fn push_escaped(out: &mut Vec<u8>, text: &str, special: &[u8]) {
    for byte in text.bytes() {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            _ => {
                if special.contains(&byte) {
                    out.push(b'\\');
                }
                out.push(byte);
            }
        }
    }
}

fn push_text(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    std::io::Write::write_fmt(out, text).expect("a Vec takes all");
}

#[cfg(test)]
mod tests;
