//! The messages of a load: SenML JSON of 108 bytes with one field, each with
//! its own time and a changing value; and the same again from device and
//! number alone, to compare what is read back.

use std::time::Duration;

use domain::Timestamp;

/// Bytes of a message with one field; those with more are as long as they are.
pub const PAYLOAD_BYTES: usize = 108;
/// Fields of `traffic.flow` that a message may carry, with their units.
pub const FIELDS: [(&str, &str); 3] = [
    ("speed", "km/h"),
    ("occupancy", "%"),
    ("volume", "{vehicle}"),
];
/// Messages of one device lie so far apart in time.
pub const STEP: Duration = Duration::from_millis(1);

const STEP_MICROS: i64 = 1_000;
/// `1777593540.123`
const TIME_DIGITS: usize = 14;
/// `57.25`, the tens a space below ten: every message is equally long.
const VALUE_DIGITS: usize = 5;
/// Values run through so many quarters.
const QUARTERS: u64 = 400;

/// What all devices of a run send.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// The time of each device's message 0, in whole milliseconds.
    pub base: Timestamp,
    pub fields: usize,
    template: Vec<u8>,
    time_at: usize,
    values_at: Vec<usize>,
}

impl Telemetry {
    /// `fields` of [`FIELDS`], the first message at `base`.
    pub fn new(base: Timestamp, fields: usize) -> Self {
        let base = Timestamp::from_micros(base.as_micros().div_euclid(STEP_MICROS) * STEP_MICROS);
        let mut template = b"[".to_vec();
        let mut time_at = 0;
        let mut values_at = Vec::new();
        for (at, (name, unit)) in FIELDS.iter().take(fields).enumerate() {
            if at == 0 {
                // One time for all records: a base time where there are more.
                let label = if fields == 1 { "{\"t\":" } else { "{\"bt\":" };
                template.extend_from_slice(label.as_bytes());
                time_at = template.len();
                template.extend_from_slice(&[b'0'; TIME_DIGITS]);
                template.extend_from_slice(b",");
            } else {
                template.extend_from_slice(b",{");
            }
            template
                .extend_from_slice(format!("\"n\":\"{name}\",\"u\":\"{unit}\",\"v\":").as_bytes());
            values_at.push(template.len());
            template.extend_from_slice(&[b'0'; VALUE_DIGITS]);
            template.push(b'}');
        }
        template.resize(template.len().max(PAYLOAD_BYTES - 1), b' ');
        template.push(b']');
        Self {
            base,
            fields,
            template,
            time_at,
            values_at,
        }
    }

    pub fn payload_bytes(&self) -> usize {
        self.template.len()
    }

    pub fn time(&self, number: u64) -> Timestamp {
        Timestamp::from_micros(self.base.as_micros() + number as i64 * STEP_MICROS)
    }

    /// The message whose observations have `time`; `None` for a foreign one.
    pub fn number(&self, time: Timestamp) -> Option<u64> {
        let since = time.as_micros() - self.base.as_micros();
        (since >= 0 && since % STEP_MICROS == 0).then_some((since / STEP_MICROS) as u64)
    }

    pub fn value(&self, device: u64, number: u64, field: usize) -> f64 {
        quarters(device, number, field) as f64 / 4.0
    }

    /// Adds the message to `out`.
    pub fn write(&self, device: u64, number: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.template);
        let message = &mut out[start..];
        let millis = (self.time(number).as_micros() / STEP_MICROS) as u64;
        let time = &mut message[self.time_at..self.time_at + TIME_DIGITS];
        digits(millis / 1_000, &mut time[..10]);
        time[10] = b'.';
        digits(millis % 1_000, &mut time[11..]);
        for (field, at) in self.values_at.iter().enumerate() {
            let quarters = quarters(device, number, field);
            let value = &mut message[*at..*at + VALUE_DIGITS];
            digits(quarters / 4, &mut value[..2]);
            if value[0] == b'0' {
                value[0] = b' ';
            }
            value[2] = b'.';
            digits(quarters % 4 * 25, &mut value[3..]);
        }
    }
}

fn quarters(device: u64, number: u64, field: usize) -> u64 {
    (number * 37 + device * 11 + field as u64 * 101) % QUARTERS
}

fn digits(mut number: u64, out: &mut [u8]) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests;
