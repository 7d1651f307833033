//! Seconds as SenML writes them: relative to now below 2^28 (RFC 8428, 4.5.3),
//! since 1970 otherwise.
//!
//! A time of today in billionths needs 61 bits, and an f64 has 53: LwM2M clients
//! write such times as decimal fractions in CBOR (`[-9, 1795951601473669747]`),
//! and those stay integers until the microsecond is cut off.

use crate::{TimeError, Timestamp};

const RELATIVE_BELOW: i64 = 1 << 28;
/// From here on a number counts milliseconds, as everywhere.
const MILLISECONDS_FROM: i128 = 100_000_000_000;
const NANOS: i128 = 1_000_000_000;
/// Up to here every whole number is an f64.
const EXACT: f64 = 9_007_199_254_740_992.0;

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Seconds {
    Float(f64),
    /// Billionths.
    Nanos(i128),
}

impl Seconds {
    /// Base time and a record's own.
    pub(super) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Float(one), Self::Float(other)) => Self::Float(one + other),
            (one, other) => match (one.nanos(), other.nanos()) {
                (Some(a), Some(b)) => Self::Nanos(a.saturating_add(b)),
                _ => Self::Float(one.float() + other.float()),
            },
        }
    }

    pub(super) fn is_zero(self) -> bool {
        matches!(self, Self::Float(0.0) | Self::Nanos(0))
    }

    pub(super) fn is_relative(self) -> bool {
        match self {
            Self::Float(seconds) => seconds < RELATIVE_BELOW as f64,
            Self::Nanos(nanos) => nanos < i128::from(RELATIVE_BELOW) * NANOS,
        }
    }

    /// As a time before or after `now`.
    pub(super) fn relative_to(self, now: Timestamp) -> Result<Timestamp, TimeError> {
        match self {
            Self::Float(seconds) => now.plus_seconds(seconds),
            Self::Nanos(nanos) => printable(i128::from(now.as_micros()) + nanos.div_euclid(1_000)),
        }
    }

    pub(super) fn since_1970(self) -> Result<Timestamp, TimeError> {
        match self {
            Self::Float(seconds) => Timestamp::from_number(seconds),
            Self::Nanos(nanos) if nanos >= MILLISECONDS_FROM * NANOS => {
                printable(nanos.div_euclid(1_000_000))
            }
            Self::Nanos(nanos) => printable(nanos.div_euclid(1_000)),
        }
    }

    /// `None` for a fraction that is an f64 only.
    fn nanos(self) -> Option<i128> {
        match self {
            Self::Nanos(nanos) => Some(nanos),
            Self::Float(seconds) if seconds.fract() == 0.0 && seconds.abs() <= EXACT => {
                Some(i128::from(seconds as i64) * NANOS)
            }
            Self::Float(_) => None,
        }
    }

    fn float(self) -> f64 {
        match self {
            Self::Float(seconds) => seconds,
            Self::Nanos(nanos) => nanos as f64 / NANOS as f64,
        }
    }
}

/// Microseconds, where RFC 3339 can write them.
fn printable(micros: i128) -> Result<Timestamp, TimeError> {
    i64::try_from(micros)
        .map_err(|_| TimeError::Range)
        .and_then(Timestamp::from_printable_micros)
}
