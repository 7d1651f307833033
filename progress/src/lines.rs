//! When a plain line is due: at each tenth of the work, or after some seconds
//! of silence, and never more than one a second.

use std::time::Duration;

use crate::unit::Unit;

/// What is done by then needs no telling.
pub const QUIET: Duration = Duration::from_secs(1);
/// Two lines are this far apart at least.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// A log shows that it lives.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);
/// Of a hundred, between two lines.
const STEP_PERCENT: u64 = 10;

pub(crate) struct Lines {
    what: String,
    unit: Unit,
    /// 0: nobody knows.
    pub(crate) total: u64,
    told_at: Duration,
    told_percent: u64,
}

impl Lines {
    pub(crate) fn new(what: &str, unit: Unit, total: u64) -> Self {
        Self {
            what: what.to_owned(),
            unit,
            total,
            told_at: Duration::ZERO,
            told_percent: 0,
        }
    }

    /// The line that is to be written after so much work and time.
    pub(crate) fn due(&mut self, done: u64, elapsed: Duration) -> Option<String> {
        let since = elapsed.saturating_sub(self.told_at);
        if elapsed < QUIET || since < LEAST_PAUSE {
            return None;
        }
        let percent = (done.min(self.total) * 100)
            .checked_div(self.total)
            .unwrap_or_default();
        if percent < self.told_percent + STEP_PERCENT && since < LONGEST_SILENCE {
            return None;
        }
        self.told_at = elapsed;
        self.told_percent = percent - percent % STEP_PERCENT;
        let (what, seconds) = (&self.what, elapsed.as_secs());
        let amount = |count| match self.unit {
            Unit::Bytes => format!("{:.1} MiB", count as f64 / f64::from(1 << 20)),
            Unit::Of(unit) => format!("{count} {unit}"),
        };
        Some(match (self.total, done) {
            (0, 0) => format!("{what}: {seconds} s"),
            (0, done) => format!("{what}: {}, {seconds} s", amount(done)),
            (total, done) => format!(
                "{what}: {percent} %, {} of {}, {seconds} s",
                match self.unit {
                    Unit::Bytes => amount(done),
                    Unit::Of(_) => done.to_string(),
                },
                amount(total)
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_line_at_each_tenth_and_after_a_silence_and_none_of_what_is_short() {
        let mut lines = Lines::new("sending", Unit::Of("messages"), 1_000);
        assert_eq!(lines.due(900, at(900)), None, "it may be over in a moment");
        let told = lines.due(250, at(1_000)).unwrap();
        assert_eq!(told, "sending: 25 %, 250 of 1000 messages, 1 s");
        assert_eq!(lines.due(290, at(3_000)), None, "no tenth has passed");
        assert!(lines.due(300, at(3_100)).unwrap().contains("30 %"));
        assert_eq!(lines.due(700, at(3_900)), None, "one a second at most");
        assert!(lines.due(301, at(8_200)).is_some(), "it lives");
        assert!(lines.due(1_000, at(9_200)).unwrap().contains("100 %"));
    }

    #[test]
    fn without_a_total_only_silence_counts() {
        let mut lines = Lines::new("copying", Unit::Bytes, 0);
        assert_eq!(lines.due(5 << 20, at(4_000)), None);
        assert_eq!(
            lines.due(10 << 20, at(5_000)).unwrap(),
            "copying: 10.0 MiB, 5 s"
        );
        let mut waiting = Lines::new("waiting", Unit::Of("files"), 0);
        assert_eq!(waiting.due(0, at(6_000)).unwrap(), "waiting: 6 s");
    }
}
