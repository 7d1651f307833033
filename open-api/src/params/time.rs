//! Times in queries and bodies: RFC 3339 with an offset, or a number as in
//! telemetry.

use std::str::FromStr;

use domain::{TimeError, Timestamp};
use http_edge::request::Text;
use serde::{Deserialize, Deserializer};

/// A time as a caller writes it. A `+` that a form decoder turned into a
/// space is read as the `+` that was meant. A plain number is seconds with a
/// fraction below 1e11, else milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Timestamp);

/// The shortest text before an offset, `2026-05-01T09:00:00`, in bytes.
const CIVIL_BYTES: usize = 19;

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        if let Some(number) = plain_number(text) {
            return Timestamp::from_number(number).map(Self);
        }
        match text.rfind(' ') {
            Some(at) if at >= CIVIL_BYTES => {
                let mended = format!("{}+{}", &text[..at], &text[at + 1..]);
                Timestamp::parse(&mended).map(Self)
            }
            _ => Timestamp::parse(text).map(Self),
        }
    }
}

/// Without exponents, `inf` and `nan`, which f64 would read too.
fn plain_number(text: &str) -> Option<f64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        .then(|| text.parse().ok())
        .flatten()
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(|Text(time)| time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_in_an_offsets_place_is_a_plus() {
        let meant = Timestamp::parse("2020-08-06T14:20:00+09:00").unwrap();
        assert_eq!("2020-08-06T14:20:00 09:00".parse(), Ok(Time(meant)));
        assert_eq!("2020-08-06T14:20:00+09:00".parse(), Ok(Time(meant)));
        assert_eq!(
            "2020-08-06 14:20:00".parse::<Time>(),
            Err(TimeError::NoOffset)
        );
    }

    #[test]
    fn a_number_is_seconds_or_milliseconds() {
        let meant = Timestamp::parse("2020-08-06T05:20:00.25Z").unwrap();
        assert_eq!("1596691200.25".parse(), Ok(Time(meant)));
        assert_eq!("1596691200250".parse(), Ok(Time(meant)));
        for text in ["1e9", "nan", "inf", "-", "."] {
            assert_eq!(text.parse::<Time>(), Err(TimeError::Form), "{text}");
        }
        assert_eq!("2020-08-06".parse::<Time>(), Err(TimeError::NoOffset));
        assert_eq!("9".repeat(30).parse::<Time>(), Err(TimeError::Range));
    }
}
