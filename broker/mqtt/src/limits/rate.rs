//! How fast something may go: what one owner publishes over all its
//! connections, what a connection subscribes to.
//!
//! The generic cell rate algorithm: one number, the time at which what was
//! taken would have been due at the allowed pace. Who is ahead of it by more
//! than the burst waits; nothing is refused, so nothing is lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a rate allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pace {
    /// 0 is no limit.
    pub(crate) per_second: u32,
    /// At once, after a rest.
    pub(crate) burst: u32,
}

/// Nanoseconds on the broker's clock.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    due: AtomicU64,
}

impl Rate {
    /// Counts at `now`, nanoseconds since the broker's start; how long whoever
    /// took them has to rest.
    pub(crate) fn take(&self, count: u64, now: u64, pace: Pace) -> Option<Duration> {
        let per_second = u64::from(pace.per_second);
        if per_second == 0 || count == 0 {
            return None;
        }
        let each = 1_000_000_000 / per_second;
        let burst = each * u64::from(pace.burst);
        let step = |due: u64| Some(due.max(now) + each * count);
        let due = match self
            .due
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step)
        {
            Ok(due) | Err(due) => due.max(now) + each * count,
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
        let pace = Pace {
            per_second: 100,
            burst: 50,
        };
        let rate = Rate::default();
        assert_eq!(rate.take(50, SECOND, pace), None);
        assert_eq!(
            rate.take(10, SECOND, pace),
            Some(Duration::from_millis(100))
        );
        assert_eq!(rate.take(0, SECOND, pace), None);
        // A tenth of a second later it is even again.
        assert_eq!(
            rate.take(1, SECOND + SECOND / 10, pace),
            Some(Duration::from_millis(10))
        );
        assert_eq!(rate.take(50, 10 * SECOND, pace), None);
    }

    #[test]
    fn no_limit_is_no_limit() {
        let rate = Rate::default();
        let pace = Pace {
            per_second: 0,
            burst: 0,
        };
        assert_eq!(rate.take(u64::MAX / 2, 0, pace), None);
    }
}
