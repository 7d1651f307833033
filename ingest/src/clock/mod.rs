//! The platform's clock: what receipts say, and what times are judged by.
//!
//! The system's clock may be wrong: a board without a battery starts in 1970, a
//! hand sets it ten years ahead. So it is followed only while it goes on as it
//! did, by the clock that counts from the machine's start. Where it leaps, or
//! stands before what was durable already, it is told everywhere, and:
//!
//! - `now` goes on by the other clock, or says the earliest that it can be;
//! - `latest` is the latest that it can be: only what lies beyond it is ahead;
//! - `settled` is what deletion counts from: it follows no leap for a week.
//!
//! In reading order: `course` (the rules, without I/O), `source` (the system's
//! two clocks), `file` (what outlives a restart), `platform_clock`.

mod course;
mod file;
mod platform_clock;
mod source;
#[cfg(test)]
mod tests;

use std::time::{SystemTime, UNIX_EPOCH};

use domain::{Moment, Timestamp};

pub use course::{ClockReport, ClockStanding};
pub use file::CLOCK_FILE;
pub use platform_clock::{ClockTrust, PlatformClock, Ticking};
pub use source::{SystemClocks, TimeSource};

/// Where received stamps come from, and what deletion and the judgement of
/// times go by: the platform's clock, or a test's.
pub trait Clock: Send + Sync + 'static {
    /// What a receipt says; where the time is not known, the earliest that it
    /// can be.
    fn now(&self) -> Timestamp;

    /// How far the time may be from that. Costs next to nothing.
    fn spread(&self) -> Spread {
        Spread::default()
    }

    /// What there is to say of the clock.
    fn report(&self) -> ClockReport {
        ClockReport::default()
    }

    /// What deletion counts from: never ahead of what is known for long.
    fn settled(&self) -> Timestamp {
        self.spread().settled(self.now())
    }

    /// Now, between the earliest and the latest that it can be.
    fn moment(&self) -> Moment {
        let earliest = self.now();
        Moment {
            earliest,
            latest: self.spread().latest(earliest),
        }
    }
}

/// How far the time may be from what the clock says, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spread {
    /// So much later it may be.
    pub ahead: i64,
    /// So much earlier is what deletion counts from.
    pub unsettled: i64,
    /// What is assigned now is no more than the earliest that it can be.
    pub in_doubt: bool,
}

impl Spread {
    /// Beyond it, a time is ahead for certain.
    pub fn latest(self, now: Timestamp) -> Timestamp {
        Timestamp::from_micros(now.as_micros().saturating_add(self.ahead))
    }

    pub fn settled(self, now: Timestamp) -> Timestamp {
        Timestamp::from_micros(now.as_micros().saturating_sub(self.unsettled))
    }
}

/// The clock of the machine, believed as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        of_system(SystemTime::now())
    }
}

fn of_system(time: SystemTime) -> Timestamp {
    let micros = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
    };
    Timestamp::from_micros(micros)
}
