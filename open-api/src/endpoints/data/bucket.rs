//! Buckets of time: their grammar, and their edges in a time zone.
//!
//! A bucket is `Ns`, `Nm` or `Nh` that divides a day, `1d`, or `1w` from
//! Monday. Buckets start with the local day. Up to an hour they are so many
//! seconds long, whatever the clocks do; longer ones keep to the clock on the
//! wall, so on a day of 23 or 25 hours one of them is shorter or longer.

use std::str::FromStr;

use domain::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, ToSpan, ZonedDateTime};

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;
/// Buckets of one answer.
pub(super) const MAX_BUCKETS: usize = 10_000;

/// How long a bucket is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BucketLength {
    /// Seconds, of which a day has a whole number.
    Seconds(i64),
    Day,
    Week,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a bucket is so many s, m or h that divide a day, or 1d, or 1w: as 30s, 5m, 1h, 1d")]
pub(super) struct BucketLengthError;

impl FromStr for BucketLength {
    type Err = BucketLengthError;

    fn from_str(text: &str) -> Result<Self, BucketLengthError> {
        let unit_at = text
            .len()
            .checked_sub(1)
            .filter(|at| text.is_char_boundary(*at));
        let (number, unit) = text.split_at(unit_at.ok_or(BucketLengthError)?);
        let digits = (1..=5).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let number: i64 = number
            .parse()
            .ok()
            .filter(|_| digits)
            .ok_or(BucketLengthError)?;
        let seconds = match unit {
            "s" => number,
            "m" => number * 60,
            "h" => number * HOUR,
            "d" if number == 1 => DAY,
            "w" if number == 1 => return Ok(Self::Week),
            _ => return Err(BucketLengthError),
        };
        match seconds {
            DAY => Ok(Self::Day),
            1..DAY if DAY % seconds == 0 => Ok(Self::Seconds(seconds)),
            _ => Err(BucketLengthError),
        }
    }
}

/// Why there are no edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum EdgesError {
    #[error("more than {MAX_BUCKETS} buckets: take larger ones, or a shorter time")]
    TooMany,
    #[error("the time is outside the calendar")]
    Calendar,
}

impl From<jiff::Error> for EdgesError {
    fn from(_: jiff::Error) -> Self {
        Self::Calendar
    }
}

impl BucketLength {
    /// Its usual length, in seconds.
    pub(super) const fn seconds(self) -> i64 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
        }
    }

    /// The edges of all buckets that touch `from..to`, ascending.
    pub(super) fn edges(
        self,
        from: Timestamp,
        to: Timestamp,
        zone: &TimeZone,
    ) -> Result<Vec<Timestamp>, EdgesError> {
        let span = i128::from(to.as_micros()) - i128::from(from.as_micros());
        // Two more than fit: clocks that change may add a bucket or two.
        let most = i128::from(self.seconds()) * 1_000_000 * (MAX_BUCKETS as i128);
        if span > most {
            return Err(EdgesError::TooMany);
        }
        let mut edges: Vec<Timestamp> = Vec::new();
        let mut day = self.first_day(from, zone)?;
        loop {
            let next_day = match self {
                Self::Week => day.checked_add(7.days())?,
                Self::Day | Self::Seconds(_) => day.checked_add(1.day())?,
            };
            for edge in self.edges_of(day, next_day, zone)? {
                if edge <= from {
                    edges.clear();
                }
                if edges.last().is_none_or(|last| *last < edge) {
                    edges.push(edge);
                }
                if edge >= to && edges.len() > 1 {
                    return Ok(edges);
                }
            }
            day = next_day;
        }
    }

    fn first_day(self, from: Timestamp, zone: &TimeZone) -> Result<Date, EdgesError> {
        let local =
            jiff::Timestamp::from_microsecond(from.as_micros())?.to_zoned_datetime(zone.clone());
        let date = local.date();
        Ok(match self {
            Self::Week => {
                let since_monday = i64::from(date.weekday().to_monday_zero_offset());
                date.checked_sub(since_monday.days())?
            }
            Self::Day | Self::Seconds(_) => date,
        })
    }

    /// The edges that lie in one local day, or the one of a week.
    fn edges_of(
        self,
        day: Date,
        next_day: Date,
        zone: &TimeZone,
    ) -> Result<Vec<Timestamp>, EdgesError> {
        let start = day.to_zoned_datetime(zone.clone())?.start_of_day()?;
        match self {
            Self::Day | Self::Week => Ok(vec![micros(&start)]),
            Self::Seconds(step) if step <= HOUR => {
                let end = micros(&next_day.to_zoned_datetime(zone.clone())?.start_of_day()?);
                let start = micros(&start);
                let edges = (0..).map(|at| start.as_micros() + at * step * 1_000_000);
                Ok(edges
                    .take_while(|edge| *edge < end.as_micros())
                    .map(Timestamp::from_micros)
                    .collect())
            }
            Self::Seconds(step) => (0..DAY / step)
                .map(|at| {
                    let wall = Time::midnight().wrapping_add(SignedDuration::from_secs(at * step));
                    instant(day.to_datetime(wall), zone)
                })
                .collect(),
        }
    }
}

/// When the clock on the wall shows `wall`, or the first of two times. One that
/// it never shows is the instant at which the clocks were put forward: what
/// follows belongs to the bucket that the wall's clock names by then.
fn instant(wall: DateTime, zone: &TimeZone) -> Result<Timestamp, EdgesError> {
    let ambiguous = zone.to_ambiguous_timestamp(wall);
    let AmbiguousOffset::Gap { before, .. } = ambiguous.offset() else {
        let instant = ambiguous.compatible()?;
        return Ok(Timestamp::from_micros(instant.as_microsecond()));
    };
    // By the clock that was not put forward, which is at the gap or after it.
    let later = before.to_timestamp(wall)?;
    let after = later.checked_add(SignedDuration::from_micros(1))?;
    let gap = zone.preceding(after).next();
    let instant = gap.map_or(later, |transition| transition.timestamp());
    Ok(Timestamp::from_micros(instant.as_microsecond()))
}

fn micros(time: &ZonedDateTime) -> Timestamp {
    Timestamp::from_micros(time.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests;
