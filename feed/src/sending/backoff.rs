//! How long to wait before the next attempt.

use std::time::Duration;

/// After the first failure.
const FIRST: Duration = Duration::from_millis(250);
/// After many.
const LONGEST: Duration = Duration::from_secs(30);
/// What a target that names a time itself is given: a clock or a unit that is
/// wrong must not silence the feed for a year.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// Doubles from failure to failure, by chance up to half less: many feeds of
/// one store do not come back in one moment.
#[derive(Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// The time to wait after one more failure.
    pub(crate) fn failed(&mut self, retry_after: Option<Duration>) -> Duration {
        self.failures = self.failures.saturating_add(1);
        if let Some(told) = retry_after {
            return told.min(MAX_RETRY_AFTER);
        }
        let doublings = (self.failures - 1).min(16);
        let longest = FIRST.saturating_mul(1 << doublings).min(LONGEST);
        longest / 2 + (longest / 2).mul_f64(chance())
    }
}

/// From 0 to 1.
fn chance() -> f64 {
    // Without chance the longer wait is right too.
    getrandom::u32().map_or(1.0, |bits| f64::from(bits) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_begin_anew() {
        let mut backoff = Backoff::default();
        for longest in [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
            let wait = backoff.failed(None).as_secs_f64();
            assert!(
                (longest / 2.0..=longest).contains(&wait),
                "{wait} of {longest}"
            );
        }
        for _ in 0..100 {
            assert!(backoff.failed(None) <= LONGEST);
        }
        backoff.succeeded();
        assert!(backoff.failed(None) <= FIRST);
    }

    #[test]
    fn a_time_that_the_target_names_is_kept_within_reason() {
        let mut backoff = Backoff::default();
        let told = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(backoff.failed(told(7)), Duration::from_secs(7));
        assert_eq!(backoff.failed(told(0)), Duration::ZERO);
        assert_eq!(backoff.failed(told(31_536_000)), MAX_RETRY_AFTER);
    }
}
