//! Time: microseconds since 1970-01-01 UTC, everywhere.

use std::fmt;
use std::time::Duration;

/// The longest text that is looked at for a time with ever so many digits of a
/// second, in bytes.
const MAX_TEXT_BYTES: usize = 256;

/// Microseconds since 1970-01-01T00:00:00Z. Finer input is truncated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Timestamp(i64);

/// The present, as far as it is known: a clock may be in doubt, and then no more
/// than this can be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// What ends before it is over for certain.
    pub earliest: Timestamp,
    /// What begins after it is ahead for certain.
    pub latest: Timestamp,
}

/// A clock that is right.
impl From<Timestamp> for Moment {
    fn from(now: Timestamp) -> Self {
        Self {
            earliest: now,
            latest: now,
        }
    }
}

/// Why a text or a number is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("a time needs an offset, as 2026-05-01T09:00:00+09:00 or ...Z")]
    NoOffset,
    #[error("a time is written as RFC 3339, as 2026-05-01T09:00:00+09:00")]
    Form,
    #[error("the time is out of range")]
    Range,
}

impl Timestamp {
    /// 1900-01-01T00:00:00Z: nothing older is accepted from a device.
    pub const EARLIEST: Self = Self(-2_208_988_800_000_000);
    /// How far into the future a device's time may lie: 10 minutes.
    pub const MAX_AHEAD_MICROS: i64 = 600_000_000;
    /// 0001-01-01T00:00:00Z and 9999-12-30T22:00:00Z: what RFC 3339 can write
    /// with any offset, in microseconds.
    const FIRST_PRINTABLE: i64 = -62_135_596_800_000_000;
    const LAST_PRINTABLE: i64 = 253_402_207_200_000_000;
    pub const MIN: Self = Self(i64::MIN);
    pub const MAX: Self = Self(i64::MAX);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds, where RFC 3339 can write them with any offset.
    pub fn from_printable_micros(micros: i64) -> Result<Self, TimeError> {
        if (Self::FIRST_PRINTABLE..=Self::LAST_PRINTABLE).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(TimeError::Range)
        }
    }

    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339. A missing offset is an error of its own, since it is
    /// the most common mistake.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        if let Some(fast) = parse_usual(text.as_bytes()) {
            return Ok(fast);
        }
        match without_finest_digits(text) {
            Some(shorter) => parse_any(&shorter),
            None => parse_any(text),
        }
    }

    /// A number is seconds (with a fraction) below 1e11, else milliseconds.
    pub fn from_number(number: f64) -> Result<Self, TimeError> {
        let per_unit = if number.abs() < 1e11 { 1e6 } else { 1e3 };
        let micros = number * per_unit;
        // NaN is in no range.
        if !(Self::FIRST_PRINTABLE as f64..=Self::LAST_PRINTABLE as f64).contains(&micros) {
            return Err(TimeError::Range);
        }
        if number.fract() == 0.0 {
            return Ok(Self(number as i64 * per_unit as i64));
        }
        // A decimal fraction has no exact binary form: 1.1 s may come as a hair
        // less than 1100000 us, which truncation would turn into another
        // microsecond. Where `number` is the f64 nearest to whole microseconds
        // those were meant.
        let near = micros.round();
        let whole = if near / per_unit == number {
            near
        } else {
            micros.floor()
        };
        Ok(Self(whole as i64))
    }

    /// Later by `seconds`; an error where RFC 3339 could not write it any more.
    pub fn plus_seconds(self, seconds: f64) -> Result<Self, TimeError> {
        let sum = self.0 as f64 + seconds * 1e6;
        if !(Self::FIRST_PRINTABLE as f64..=Self::LAST_PRINTABLE as f64).contains(&sum) {
            return Err(TimeError::Range);
        }
        Ok(Self(self.0 + (seconds * 1e6).round() as i64))
    }

    /// Itself where it is whole milliseconds, else the next that is.
    #[inline]
    pub const fn ceil_to_millis(self) -> Self {
        match self.0.rem_euclid(1_000) {
            0 => self,
            over => Self(self.0.saturating_add(1_000 - over)),
        }
    }

    /// How long it is from now to a later time; nothing where that is over.
    pub fn until(self, later: Self) -> Duration {
        let micros = later.0.saturating_sub(self.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// RFC 3339 in UTC, with as many digits of a second as it has.
    pub fn to_rfc3339(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => time.fmt(f),
            Err(_) => write!(f, "{} us", self.0),
        }
    }
}

fn parse_any(text: &str) -> Result<Timestamp, TimeError> {
    match text.parse::<jiff::Timestamp>() {
        // Cut downwards, before 1970 too: the whole microsecond that it lies in.
        Ok(time) => Ok(Timestamp(time.as_nanosecond().div_euclid(1_000) as i64)),
        Err(_) if text.parse::<jiff::civil::DateTime>().is_ok() => Err(TimeError::NoOffset),
        Err(_) => Err(TimeError::Form),
    }
}

/// Digits of a second beyond the ninth, which the full parser refuses and which
/// say nothing here; `None` where there are none.
fn without_finest_digits(text: &str) -> Option<String> {
    const KEPT: usize = 9;
    let start = text.find(['.', ','])? + 1;
    let digits = text.as_bytes()[start..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    (digits > KEPT && text.len() <= MAX_TEXT_BYTES)
        .then(|| [&text[..start + KEPT], &text[start + digits..]].concat())
}

/// The form that devices send: `2026-05-01T09:00:00[.ffffff](Z|±hh:mm)`.
/// Anything else, and any doubtful digit, is left to the full parser.
fn parse_usual(text: &[u8]) -> Option<Timestamp> {
    fn digits(text: &[u8]) -> Option<i64> {
        text.iter().try_fold(0i64, |sum, byte| {
            byte.is_ascii_digit()
                .then(|| sum * 10 + i64::from(byte - b'0'))
        })
    }
    if text.len() < 20
        || text[4] != b'-'
        || text[7] != b'-'
        || text[10] != b'T'
        || text[13] != b':'
        || text[16] != b':'
    {
        return None;
    }
    let (year, month, day) = (
        digits(&text[..4])?,
        digits(&text[5..7])?,
        digits(&text[8..10])?,
    );
    let (hour, minute, second) = (
        digits(&text[11..13])?,
        digits(&text[14..16])?,
        digits(&text[17..19])?,
    );
    // Days 29 to 31 need the calendar, and second 60 its own rule.
    if year < 1 || !(1..=12).contains(&month) || !(1..=28).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = &text[19..];
    let mut micros = 0;
    if rest[0] == b'.' {
        let end = rest[1..].iter().position(|b| !b.is_ascii_digit())? + 1;
        let fraction = &rest[1..end];
        if fraction.is_empty() {
            return None;
        }
        let kept = &fraction[..fraction.len().min(6)];
        micros = digits(kept)? * 10i64.pow(6 - kept.len() as u32);
        rest = &rest[end..];
    }
    let offset_minutes = match rest {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let total = hours * 60 + minutes;
            if *sign == b'-' { -total } else { total }
        }
        _ => return None,
    };
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
        - offset_minutes * 60;
    Some(Timestamp(seconds * 1_000_000 + micros))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, for years from 1.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests;
