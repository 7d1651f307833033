//! A day of phenomenon time.

use std::fmt;
use std::str::FromStr;

use domain::Timestamp;

const MICROS_A_DAY: i64 = 86_400_000_000;
/// The length of `2026-05-01`.
const TEXT_BYTES: usize = 10;

/// A day in UTC, from 1900-01-01 on: nothing older is accepted from a device.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Day(i32);

/// Why a text is no day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a day is written as 2026-05-01, in UTC, from 1900-01-01 on")]
pub struct DayError;

impl Day {
    /// The day that a time lies in.
    pub fn of(time: Timestamp) -> Self {
        let days = time.as_micros().div_euclid(MICROS_A_DAY);
        Self(days.clamp(i64::from(i32::MIN), i64::from(i32::MAX - 1)) as i32)
    }

    /// Its first microsecond.
    pub fn start(self) -> Timestamp {
        Timestamp::from_micros(i64::from(self.0) * MICROS_A_DAY)
    }

    /// The first microsecond after it.
    pub fn end(self) -> Timestamp {
        Timestamp::from_micros((i64::from(self.0) + 1) * MICROS_A_DAY)
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        if text.len() != TEXT_BYTES {
            return Err(DayError);
        }
        let start = Timestamp::parse(&format!("{text}T00:00:00Z")).map_err(|_| DayError)?;
        let day = Self::of(start);
        // The calendar's own notation for the same day, and no other.
        let plain = start >= Timestamp::EARLIEST && day.to_string() == text;
        // Where no time can be written any more, no end of a day can.
        let ends = day.end().to_rfc3339().ends_with('Z');
        (plain && ends).then_some(day).ok_or(DayError)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.start().to_rfc3339();
        f.write_str(start.split('T').next().unwrap_or(&start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_it_is_written() {
        for text in ["1900-01-01", "1969-12-31", "2024-02-29", "2026-05-01"] {
            let day: Day = text.parse().unwrap();
            assert_eq!(day.to_string(), text);
            assert_eq!(Day::of(day.start()), day);
            assert_eq!(
                Day::of(Timestamp::from_micros(day.end().as_micros() - 1)),
                day
            );
            assert_ne!(Day::of(day.end()), day);
        }
    }

    #[test]
    fn whatever_is_no_day_is_refused() {
        for text in [
            "",
            "2026-5-1",
            "2026-02-30",
            "9999-99-99",
            "9999-12-31",
            "0000-00-00",
            "1899-12-31",
            "2026-05-01Z",
            "2026/05/01",
            "../../../..",
            "２０２６",
            "-026-05-01",
            "+026-05-01",
            "2026-05-1\u{0}",
        ] {
            assert_eq!(text.parse::<Day>(), Err(DayError), "{text}");
        }
    }
}
