//! What repeats itself is told now and then, with how often it was not.

use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// Lets a few through each minute.
pub(crate) struct Throttle {
    per_minute: u32,
    since: Option<Instant>,
    told: u32,
    untold: u64,
}

impl Throttle {
    pub(crate) fn per_minute(per_minute: u32) -> Self {
        Self {
            per_minute,
            since: None,
            told: 0,
            untold: 0,
        }
    }

    /// Whether to tell it now; then how many were not told before it.
    pub(crate) fn tell(&mut self) -> Option<u64> {
        let now = Instant::now();
        if self.since.is_none_or(|since| now - since >= MINUTE) {
            self.since = Some(now);
            self.told = 0;
        }
        if self.told == self.per_minute {
            self.untold += 1;
            return None;
        }
        self.told += 1;
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_a_minute_and_the_count_of_the_others() {
        let mut throttle = Throttle::per_minute(2);
        assert_eq!(throttle.tell(), Some(0));
        assert_eq!(throttle.tell(), Some(0));
        assert_eq!(throttle.tell(), None);
        assert_eq!(throttle.tell(), None);
        throttle.since = Instant::now().checked_sub(MINUTE);
        assert_eq!(throttle.tell(), Some(2));
    }
}
