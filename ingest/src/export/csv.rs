//! The table as CSV: UTF-8, RFC 4180, a header line, CRLF.
//!
//! Numbers have a column of their own, where nothing is ever put in front of a
//! minus; what a text gets, `text_formats::csv` says. An empty text is `""`,
//! what is missing an empty cell.

use std::io::{self, Write};

use domain::{DatastreamId, Timestamp, Value};
use text_formats::csv::write_text;

use super::selection::Series;
use super::table::{COLUMNS, Line};

const MICROS_A_DAY: i64 = 86_400_000_000;

pub(super) struct CsvWriter<W> {
    out: W,
    /// The cells that all rows of a datastream share.
    shared: Vec<u8>,
    of: Option<DatastreamId>,
    phenomenon: TimeText,
    result: TimeText,
    line: Vec<u8>,
}

impl<W: Write> CsvWriter<W> {
    pub(super) fn new(mut out: W) -> io::Result<Self> {
        out.write_all(COLUMNS.join(",").as_bytes())?;
        out.write_all(b"\r\n")?;
        Ok(Self {
            out,
            shared: Vec::new(),
            of: None,
            phenomenon: TimeText::default(),
            result: TimeText::default(),
            line: Vec::new(),
        })
    }

    pub(super) fn push(&mut self, line: &Line<'_>) -> io::Result<()> {
        let observation = line.observation;
        if self.of != Some(observation.datastream) {
            self.of = Some(observation.datastream);
            self.shared.clear();
            share(&mut self.shared, line.series);
        }
        let out = &mut self.line;
        out.clear();
        out.extend_from_slice(&self.shared);
        self.phenomenon.write(out, observation.time)?;
        out.push(b',');
        self.result.write(out, observation.received)?;
        out.push(b',');
        match &observation.value {
            None => out.extend_from_slice(b",,"),
            Some(Value::Number(number)) => {
                write_number(out, *number)?;
                out.extend_from_slice(b",,");
            }
            Some(Value::Boolean(boolean)) => write!(out, ",{boolean},")?,
            Some(Value::Text(value)) => {
                out.extend_from_slice(b",,");
                write_text(out, value);
            }
        }
        write!(
            out,
            ",{},{},{}",
            observation.quality.as_str(),
            observation.revision,
            observation.offset
        )?;
        for degrees in [line.place.map(|at| at.lat()), line.place.map(|at| at.lon())] {
            out.push(b',');
            if let Some(degrees) = degrees {
                write_number(out, degrees)?;
            }
        }
        out.extend_from_slice(b"\r\n");
        self.out.write_all(out)
    }

    pub(super) fn finish(self) -> W {
        self.out
    }
}

fn share(out: &mut Vec<u8>, series: &Series) {
    let datastream = series.datastream();
    out.extend_from_slice(datastream.id.to_string().as_bytes());
    for cell in [
        datastream.thing.as_str(),
        datastream.agency.as_str(),
        datastream.model.domain(),
        datastream.model.as_str(),
        datastream.field.as_str(),
    ] {
        out.push(b',');
        write_text(out, cell);
    }
    out.push(b',');
    if let Some(unit) = &datastream.unit {
        write_text(out, unit);
    }
    out.push(b',');
}

/// The shortest digits that give the same f64 again, as in the API.
fn write_number(out: &mut Vec<u8>, number: f64) -> io::Result<()> {
    serde_json::to_writer(out, &number).map_err(io::Error::from)
}

/// RFC 3339 in UTC. Most times lie in the day of the one before, so that the
/// calendar is asked once a day.
#[derive(Default)]
struct TimeText {
    day: Option<i64>,
    /// As `2026-05-01T`.
    date: String,
}

impl TimeText {
    fn write(&mut self, out: &mut Vec<u8>, time: Timestamp) -> io::Result<()> {
        let micros = time.as_micros();
        let day = micros.div_euclid(MICROS_A_DAY);
        if self.day != Some(day) {
            let midnight = Timestamp::from_micros(day * MICROS_A_DAY).to_rfc3339();
            let Some(end) = midnight.find('T') else {
                // Beyond the years that RFC 3339 can write.
                return out.write_all(midnight.as_bytes());
            };
            self.date.clear();
            self.date.push_str(&midnight[..=end]);
            self.day = Some(day);
        }
        let of_day = micros.rem_euclid(MICROS_A_DAY);
        let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
        out.extend_from_slice(self.date.as_bytes());
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(out, "{hour:02}:{minute:02}:{second:02}")?;
        if fraction != 0 {
            write!(out, ".{fraction:06}")?;
            let digits = out.iter().rposition(|byte| *byte != b'0');
            out.truncate(digits.map_or(0, |last| last + 1));
        }
        out.push(b'Z');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_minus_and_every_digit() {
        for number in [-12.5, 0.1 + 0.2, -0.0, 1e300, 5e-324] {
            let mut out = Vec::new();
            write_number(&mut out, number).unwrap();
            let read: f64 = std::str::from_utf8(&out).unwrap().parse().unwrap();
            assert_eq!(read.to_bits(), number.to_bits());
            assert_ne!(out[0], b'\'');
        }
    }

    #[test]
    fn times_agree_with_the_calendar_library() {
        let mut writer = TimeText::default();
        let mut micros = Timestamp::EARLIEST.as_micros();
        while micros < 4_102_444_800_000_000 {
            for time in [micros, micros + 1, micros + 999_000, micros + 60_000_000] {
                let time = Timestamp::from_micros(time);
                let mut out = Vec::new();
                writer.write(&mut out, time).unwrap();
                assert_eq!(String::from_utf8(out).unwrap(), time.to_rfc3339());
            }
            micros += 77_777_777_770_000;
        }
    }
}
