//! How fast one owner may publish, over all its connections.
//!
//! The generic cell rate algorithm: one number, the time at which what was
//! published would have been due at the allowed rate. Who is ahead of it by
//! more than the burst waits; nothing is refused, so nothing is lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::config::Config;

/// Nanoseconds on the broker's clock.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    due: AtomicU64,
}

impl Rate {
    /// Counts messages at `now`, nanoseconds since the broker's start; how
    /// long their sender has to rest.
    pub(crate) fn take(&self, messages: u64, now: u64, config: &Config) -> Option<Duration> {
        let per_second = u64::from(config.messages_per_second);
        if per_second == 0 || messages == 0 {
            return None;
        }
        let each = 1_000_000_000 / per_second;
        let burst = each * u64::from(config.message_burst);
        let step = |due: u64| Some(due.max(now) + each * messages);
        let due = match self
            .due
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step)
        {
            Ok(due) | Err(due) => due.max(now) + each * messages,
        };
        let ahead = due - now;
        (ahead > burst).then(|| Duration::from_nanos(ahead - burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_burst_is_free_and_then_the_rate_holds() {
        let config = Config {
            messages_per_second: 100,
            message_burst: 50,
            ..Config::default()
        };
        let rate = Rate::default();
        assert_eq!(rate.take(50, SECOND, &config), None);
        assert_eq!(
            rate.take(10, SECOND, &config),
            Some(Duration::from_millis(100))
        );
        assert_eq!(rate.take(0, SECOND, &config), None);
        // A tenth of a second later it is even again.
        assert_eq!(
            rate.take(1, SECOND + SECOND / 10, &config),
            Some(Duration::from_millis(10))
        );
        assert_eq!(rate.take(50, 10 * SECOND, &config), None);
    }

    #[test]
    fn no_limit_is_no_limit() {
        let rate = Rate::default();
        let config = Config {
            messages_per_second: 0,
            ..Config::default()
        };
        assert_eq!(rate.take(u64::MAX / 2, 0, &config), None);
    }
}
