//! Facts of a series' data.

use domain::Timestamp;

use crate::facts::{SeriesFacts, Stuck, Why};

/// What a score is about: the last day.
pub const WINDOW_SECONDS: i64 = 86_400;
/// Where nothing tells how often a series comes, one reading a day is expected.
const ASSUMED_INTERVAL: f64 = 86_400.0;
/// Fewer expected readings tell nothing of how many are missing.
const FEWEST_EXPECTED: f64 = 4.0;
/// Hours with readings from which on it is told what is usual.
const FEWEST_HOURS: usize = 12;
/// Neighbours that a median of medians needs.
const FEWEST_NEIGHBOURS: usize = 3;
/// A spread is never taken as less than this share of the neighbours' median:
/// they may all stand side by side and agree to the last digit.
const LEAST_SPREAD: f64 = 0.05;

/// The numbers of one hour.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Hour {
    pub start: Timestamp,
    /// Good numbers.
    pub good: u64,
    /// Numbers that are uncertain or bad.
    pub left_out: u64,
    /// Of the good ones, where there are any.
    pub min_max: Option<(f64, f64)>,
}

/// One of the newest readings.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Reading {
    pub time: Timestamp,
    pub received: Timestamp,
    /// The device gave the time.
    pub own_time: bool,
}

/// What is looked at of one series.
#[derive(Clone, PartialEq, Debug)]
pub struct SeriesData {
    pub now: Timestamp,
    /// The receipt of the newest reading; `None`: there is none.
    pub last_received: Option<Timestamp>,
    /// The last eight days, oldest first; hours without numbers are not there.
    /// `None`: there are too many rows to look at.
    pub hours: Option<Vec<Hour>>,
    /// Some of the newest readings, oldest first.
    pub recent: Vec<Reading>,
    /// Where the window begins for this series: a day ago, or with its first
    /// reading.
    pub since: Timestamp,
    /// Readings since then.
    pub count: u64,
    /// Readings that came beside them and were there already.
    pub repeated: u64,
    /// Seconds, by the model.
    pub expected_interval: Option<f64>,
    /// The model's range.
    pub range: (Option<f64>, Option<f64>),
    /// The median of the window, and those of the neighbours.
    pub medians: Result<(f64, Vec<f64>), Why>,
}

impl SeriesData {
    pub fn facts(&self) -> SeriesFacts {
        let interval = self.expected_interval.or_else(|| self.usual_interval());
        let interval = interval.unwrap_or(ASSUMED_INTERVAL);
        SeriesFacts {
            silent: self
                .last_received
                .map(|received| silence(received, self.now))
                .ok_or(Why::NoReadings),
            interval,
            missed: self.missed(interval),
            clock: self.clock(),
            implausible: self.implausible(),
            stuck: self.stuck(interval),
            drift: self.drift(),
            repeated: self.repeated(),
        }
    }

    /// The median of what lies between two readings: gaps do not move it.
    fn usual_interval(&self) -> Option<f64> {
        let mut between: Vec<f64> = self
            .recent
            .windows(2)
            .map(|pair| seconds(pair[0].time, pair[1].time))
            .collect();
        (between.len() >= 3).then(|| median(&mut between))
    }

    fn missed(&self, interval: f64) -> Result<f64, Why> {
        if self.last_received.is_none() {
            return Err(Why::NoReadings);
        }
        let expected = (seconds(self.since, self.now) / interval).floor();
        if expected < FEWEST_EXPECTED {
            return Err(Why::TooFew);
        }
        Ok((1.0 - self.count as f64 / expected).max(0.0))
    }

    fn repeated(&self) -> Result<f64, Why> {
        match self.count + self.repeated {
            0 => Err(Why::NoReadings),
            all => Ok(self.repeated as f64 / all as f64),
        }
    }

    /// The least delay: a message that waited on its way says nothing of the
    /// clock, and one of a few came at once.
    fn clock(&self) -> Result<f64, Why> {
        if self.recent.is_empty() {
            return Err(Why::NoReadings);
        }
        let own = self.recent.iter().filter(|reading| reading.own_time);
        own.map(|reading| seconds(reading.time, reading.received))
            .min_by(f64::total_cmp)
            .ok_or(Why::NoOwnTimes)
    }

    fn implausible(&self) -> Result<f64, Why> {
        let hours = self.hours()?;
        let (mut good, mut left_out) = (0, 0);
        for hour in hours {
            if seconds(hour.start, self.now) <= WINDOW_SECONDS as f64 {
                good += hour.good;
                left_out += hour.left_out;
            }
        }
        match good + left_out {
            0 => Err(Why::NoReadings),
            all => Ok(left_out as f64 / all as f64),
        }
    }

    /// The hours, where there are numbers in any.
    fn hours(&self) -> Result<&[Hour], Why> {
        let hours = self.hours.as_deref().ok_or(Why::TooMuch)?;
        match (hours.is_empty(), self.recent.is_empty()) {
            (true, true) => Err(Why::NoReadings),
            (true, false) => Err(Why::NoNumbers),
            (false, _) => Ok(hours),
        }
    }

    /// The newest run of equal hours against the longest one before it.
    fn stuck(&self, interval: f64) -> Result<Stuck, Why> {
        let values: Vec<(f64, f64)> = self
            .hours()?
            .iter()
            .filter_map(|hour| hour.min_max)
            .collect();
        let Some((value, _)) = values.last().copied() else {
            return Err(Why::TooFew);
        };
        let (mut run, mut longest, mut held): (usize, usize, Option<f64>) = (0, 0, None);
        for (min, max) in &values {
            if held == Some(*min) && min == max {
                run += 1;
            } else {
                longest = longest.max(run);
                // An hour in which it changed is in no run.
                (run, held) = if min == max {
                    (1, Some(*min))
                } else {
                    (0, None)
                };
            }
        }
        if run == values.len() {
            return Err(Why::Constant);
        }
        if values.len() < FEWEST_HOURS {
            return Err(Why::TooFew);
        }
        let ends = [Some(0.0), self.range.0, self.range.1];
        if run > 0 && ends.contains(&Some(value)) {
            return Err(Why::Resting);
        }
        let an_hour = (interval / 3_600.0).max(1.0);
        let usual = (3 * longest.max(1)) as f64 * an_hour;
        Ok(Stuck {
            hours: run as f64 * an_hour,
            usual: usual.max(12.0 * interval / 3_600.0),
        })
    }

    fn drift(&self) -> Result<f64, Why> {
        let (own, others) = self.medians.as_ref().map_err(|why| *why)?;
        if others.len() < FEWEST_NEIGHBOURS {
            return Err(Why::NoNeighbours);
        }
        let middle = median(&mut others.clone());
        let mut away: Vec<f64> = others.iter().map(|one| (one - middle).abs()).collect();
        // Of a normal distribution it would be the standard deviation.
        let spread = 1.4826 * median(&mut away);
        let spread = spread.max(LEAST_SPREAD * middle.abs()).max(f64::EPSILON);
        Ok((own - middle).abs() / spread)
    }
}

/// Seconds since the newest receipt.
pub(crate) fn silence(received: Timestamp, now: Timestamp) -> f64 {
    seconds(received, now).max(0.0)
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    (to.as_micros() as f64 - from.as_micros() as f64) / 1e6
}

/// Of at least one number.
fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    if numbers.len().is_multiple_of(2) {
        f64::midpoint(numbers[half - 1], numbers[half])
    } else {
        numbers[half]
    }
}
