//! How many requests an account may make in a time, and the headers that tell it.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use governor::RateLimiter;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;

use crate::problem::{Problem, ProblemKind};

type Limiter<K> =
    RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// Counts requests by account.
pub struct Quota<K: Hash + Eq + Clone> {
    limiter: Limiter<K>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Quota<K> {
    #[must_use]
    pub fn per_minute(most: NonZeroU32) -> Self {
        Self::new(governor::Quota::per_minute(most))
    }

    #[must_use]
    pub fn per_hour(most: NonZeroU32) -> Self {
        Self::new(governor::Quota::per_hour(most))
    }

    fn new(quota: governor::Quota) -> Self {
        Self {
            limiter: RateLimiter::keyed(quota).with_middleware(),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one request; what is left goes into the reply's headers.
    pub fn take(&self, account: &K) -> Result<Allowance, QuotaExceeded> {
        match self.limiter.check_key(account) {
            Ok(state) => {
                let quota = state.quota();
                let used = quota.burst_size().get() - state.remaining_burst_capacity();
                Ok(Allowance {
                    limit: quota.burst_size().get(),
                    remaining: state.remaining_burst_capacity(),
                    reset: quota.replenish_interval() * used,
                })
            }
            Err(not_until) => Err(QuotaExceeded {
                limit: not_until.quota().burst_size().get(),
                wait: not_until.wait_time_from(self.clock.now()),
            }),
        }
    }

    /// Forgets accounts whose quota is whole again.
    pub fn forget_idle(&self) {
        self.limiter.retain_recent();
    }
}

/// What is left of a quota.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    limit: u32,
    remaining: u32,
    /// Until the whole quota is there again.
    reset: Duration,
}

impl Allowance {
    /// Writes it into a reply's headers.
    pub fn tell(self, headers: &mut HeaderMap) {
        headers.insert("ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("ratelimit-remaining", HeaderValue::from(self.remaining));
        headers.insert(
            "ratelimit-reset",
            HeaderValue::from(whole_seconds(self.reset)),
        );
    }
}

/// A quota that is used up.
#[derive(Clone, Copy, Debug)]
pub struct QuotaExceeded {
    limit: u32,
    wait: Duration,
}

impl QuotaExceeded {
    #[must_use]
    pub fn allowance(self) -> Allowance {
        Allowance {
            limit: self.limit,
            remaining: 0,
            reset: self.wait,
        }
    }

    /// `what` names the quota, as `this key`.
    #[must_use]
    pub fn problem(self, what: &'static str) -> Problem {
        let seconds = whole_seconds(self.wait).max(1);
        Problem::new(
            ProblemKind::QUOTA_EXCEEDED,
            format!("The quota of {what} is used up; go on in {seconds} s."),
        )
        .retry_after(seconds)
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_counted_apart_and_the_headers_tell_what_is_left() {
        let quota = Quota::per_minute(NonZeroU32::new(2).unwrap());
        let mut headers = HeaderMap::new();
        quota.take(&"one").unwrap().tell(&mut headers);
        assert_eq!(headers["ratelimit-limit"], "2");
        assert_eq!(headers["ratelimit-remaining"], "1");
        quota.take(&"one").unwrap();
        let exceeded = quota.take(&"one").unwrap_err();
        exceeded.allowance().tell(&mut headers);
        assert_eq!(headers["ratelimit-remaining"], "0");
        assert!(quota.take(&"other").is_ok());
    }
}
