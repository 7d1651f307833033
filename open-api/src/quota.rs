//! How much each caller may ask: counted by verified key, by operator, by
//! device, or by address for those without any.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use domain::{ApiKeyId, DeviceId};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::client_address::quota_address;
use crate::problem::Problem;
use crate::problem_kind::ProblemKind;

/// Requests that each kind of caller may make, and in which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// An address without a key, in a minute.
    pub anonymous_a_minute: NonZeroU32,
    /// An API key, in a minute.
    pub key_a_minute: NonZeroU32,
    /// An operator's token or session, in a minute.
    pub operator_a_minute: NonZeroU32,
    /// A device's HTTP telemetry, in a minute.
    pub device_a_minute: NonZeroU32,
    /// Applications that an address may make, in an hour.
    pub applications_an_hour: NonZeroU32,
    /// Applications that all addresses together may make, in an hour.
    pub applications_in_all_an_hour: NonZeroU32,
    /// Times that an address may try to log an operator in, in a minute.
    pub logins_a_minute: NonZeroU32,
}

const fn nonzero(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("a quota is not zero")
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            anonymous_a_minute: nonzero(300),
            key_a_minute: nonzero(6_000),
            operator_a_minute: nonzero(120_000),
            device_a_minute: nonzero(60_000),
            applications_an_hour: nonzero(20),
            applications_in_all_an_hour: nonzero(2_000),
            logins_a_minute: nonzero(30),
        }
    }
}

/// Whose account a request goes on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Account {
    Address(IpAddr),
    Key(ApiKeyId),
    Operator,
    Device(DeviceId),
}

type Limiter =
    RateLimiter<Account, DefaultKeyedStateStore<Account>, DefaultClock, StateInformationMiddleware>;

/// The counters behind the quotas.
pub(crate) struct Throttle {
    anonymous: Limiter,
    key: Limiter,
    operator: Limiter,
    device: Limiter,
    applications: Limiter,
    applications_in_all: DefaultDirectRateLimiter<StateInformationMiddleware>,
    logins: Limiter,
    clock: DefaultClock,
    /// Requests since the idle accounts were last forgotten.
    since_sweep: AtomicU32,
}

/// After this many requests, accounts that are full again are forgotten: so
/// their number is bounded by what comes in between.
const SWEEP_EVERY: u32 = 50_000;

impl Throttle {
    pub(crate) fn new(quotas: &Quotas) -> Self {
        fn limiter(quota: Quota) -> Limiter {
            RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>()
        }
        Self {
            anonymous: limiter(Quota::per_minute(quotas.anonymous_a_minute)),
            key: limiter(Quota::per_minute(quotas.key_a_minute)),
            operator: limiter(Quota::per_minute(quotas.operator_a_minute)),
            device: limiter(Quota::per_minute(quotas.device_a_minute)),
            applications: limiter(Quota::per_hour(quotas.applications_an_hour)),
            applications_in_all: RateLimiter::direct(Quota::per_hour(
                quotas.applications_in_all_an_hour,
            ))
            .with_middleware(),
            logins: limiter(Quota::per_minute(quotas.logins_a_minute)),
            clock: DefaultClock::default(),
            since_sweep: AtomicU32::new(0),
        }
    }

    /// Counts one request; what is left goes into the reply's headers.
    pub(crate) fn take(&self, account: &Account) -> Result<Allowance, Refused> {
        self.sweep();
        match account {
            Account::Address(_) => self.count(&self.anonymous, account),
            Account::Key(_) => self.count(&self.key, account),
            Account::Operator => self.count(&self.operator, account),
            Account::Device(_) => self.count(&self.device, account),
        }
    }

    /// Counts one new application: of its address, and of all.
    pub(crate) fn take_application(&self, address: IpAddr) -> Result<Allowance, Refused> {
        self.sweep();
        let allowance = self.count(&self.applications, &Account::of_address(address))?;
        match self.applications_in_all.check() {
            Ok(_) => Ok(allowance),
            Err(not_until) => Err(Refused {
                limit: not_until.quota().burst_size().get(),
                wait: not_until.wait_time_from(self.clock.now()),
            }),
        }
    }

    /// Counts one try to log in. It goes on an account of its own: who has read
    /// all that an address may read can still log in.
    pub(crate) fn take_login(&self, address: IpAddr) -> Result<Allowance, Refused> {
        self.sweep();
        self.count(&self.logins, &Account::of_address(address))
    }

    fn count(&self, limiter: &Limiter, account: &Account) -> Result<Allowance, Refused> {
        match limiter.check_key(account) {
            Ok(state) => {
                let quota = state.quota();
                let used = quota.burst_size().get() - state.remaining_burst_capacity();
                Ok(Allowance {
                    limit: quota.burst_size().get(),
                    remaining: state.remaining_burst_capacity(),
                    reset: quota.replenish_interval() * used,
                })
            }
            Err(not_until) => Err(Refused {
                limit: not_until.quota().burst_size().get(),
                wait: not_until.wait_time_from(self.clock.now()),
            }),
        }
    }

    fn sweep(&self) {
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) == SWEEP_EVERY {
            self.since_sweep.store(0, Ordering::Relaxed);
            for limiter in [
                &self.anonymous,
                &self.key,
                &self.device,
                &self.applications,
                &self.logins,
            ] {
                limiter.retain_recent();
            }
        }
    }
}

impl Account {
    pub(crate) fn of_address(address: IpAddr) -> Self {
        Self::Address(quota_address(address))
    }
}

/// What is left of a quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    limit: u32,
    remaining: u32,
    /// Until the whole quota is there again.
    reset: Duration,
}

impl Allowance {
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
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
pub(crate) struct Refused {
    limit: u32,
    wait: Duration,
}

impl Refused {
    pub(crate) fn allowance(self) -> Allowance {
        Allowance {
            limit: self.limit,
            remaining: 0,
            reset: self.wait,
        }
    }

    pub(crate) fn problem(self, what: &'static str) -> Problem {
        let seconds = whole_seconds(self.wait).max(1);
        Problem::new(
            ProblemKind::QuotaExceeded,
            format!("The quota of {what} is used up; go on in {seconds} s."),
        )
        .retry_after(seconds)
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
