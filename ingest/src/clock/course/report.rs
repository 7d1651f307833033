//! What the clock says of itself, in figures and in words.

use std::fmt;

use domain::Timestamp;

use super::{DAY, HOUR, MINUTE, SECOND};

/// How far the system's clock is believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ClockStanding {
    /// As it is.
    #[default]
    Followed,
    /// It leapt ahead, and has to stay there before it is followed.
    Held,
    /// It leapt ahead by years: somebody has to say that it is right.
    Strange,
    /// It stands before what was durable, or before this program was made.
    Behind,
}

/// What the clock says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClockReport {
    pub standing: ClockStanding,
    /// Microseconds that the system's clock is ahead of the platform's.
    pub system_ahead: i64,
    /// Leaps since the start, that at the start included.
    pub leaps: u64,
    /// The last of them: when by the platform's time, and by how much.
    pub last_leap: Option<(Timestamp, i64)>,
    /// Microseconds that deletion still waits for, where the clock has leapt.
    pub deletion_waits: Option<i64>,
    /// What is wrong and what to do, where something is.
    pub says: Option<String>,
}

/// What is told in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::clock) struct Told(pub(in crate::clock) String);

/// A stretch of time, as a person would say it.
pub(super) struct Span(pub(super) i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.saturating_abs();
        match micros {
            ..MINUTE => write!(f, "{:.1} s", micros as f64 / SECOND as f64),
            MINUTE..HOUR => write!(f, "{} min", micros / MINUTE),
            HOUR..172_800_000_000 => write!(f, "{} h", micros / HOUR),
            _ => write!(f, "{} days", micros / DAY),
        }
    }
}

/// A leap either way.
pub(super) struct Leap(pub(super) i64);

impl fmt::Display for Leap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.0 < 0 { "back" } else { "ahead" };
        write!(f, "{way} by {}", Span(self.0))
    }
}
