//! How much each caller may ask: counted by verified key, by operator, by
//! device, or by address for those without any.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::{ApiKeyId, DeviceId, PersonId, ServiceTokenId};
use http_edge::limits::{Allowance, Quota, QuotaExceeded};
use http_edge::request::quota_address;

/// Requests that each kind of caller may make, and in which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// An address without a key, in a minute.
    pub anonymous_a_minute: NonZeroU32,
    /// An API key, in a minute.
    pub key_a_minute: NonZeroU32,
    /// The operator's token and its sessions, in a minute; each service token as
    /// much for itself.
    pub operator_a_minute: NonZeroU32,
    /// What a service token may ask for that changes something, in a minute.
    pub changes_a_minute: NonZeroU32,
    /// A device's HTTP telemetry, in a minute.
    pub device_a_minute: NonZeroU32,
    /// Applications that an address may make, in an hour.
    pub applications_an_hour: NonZeroU32,
    /// Applications that all addresses together may make, in an hour.
    pub applications_in_all_an_hour: NonZeroU32,
    /// Claim codes that an address, and an account, may try in a minute.
    pub claim_codes_a_minute: NonZeroU32,
    /// Claim codes that all together may try in a minute.
    pub claim_codes_in_all_a_minute: NonZeroU32,
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
            changes_a_minute: nonzero(600),
            device_a_minute: nonzero(60_000),
            applications_an_hour: nonzero(20),
            applications_in_all_an_hour: nonzero(2_000),
            claim_codes_a_minute: nonzero(10),
            claim_codes_in_all_a_minute: nonzero(6_000),
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
    Person(PersonId),
    ServiceToken(ServiceTokenId),
    Device(DeviceId),
}

/// The counters of the quotas.
pub(crate) struct Throttle {
    anonymous: Quota<Account>,
    key: Quota<Account>,
    operator: Quota<Account>,
    changes: Quota<Account>,
    device: Quota<Account>,
    applications: Quota<Account>,
    applications_in_all: Quota<()>,
    claim_codes: Quota<Account>,
    claim_codes_in_all: Quota<()>,
    logins: Quota<Account>,
    /// Requests since the idle accounts were last forgotten.
    since_sweep: AtomicU32,
}

/// After this many requests, accounts that are full again are forgotten: so
/// their number is bounded by what comes in between.
const SWEEP_EVERY: u32 = 50_000;

impl Throttle {
    pub(crate) fn new(quotas: &Quotas) -> Self {
        Self {
            anonymous: Quota::per_minute(quotas.anonymous_a_minute),
            key: Quota::per_minute(quotas.key_a_minute),
            operator: Quota::per_minute(quotas.operator_a_minute),
            changes: Quota::per_minute(quotas.changes_a_minute),
            device: Quota::per_minute(quotas.device_a_minute),
            applications: Quota::per_hour(quotas.applications_an_hour),
            applications_in_all: Quota::per_hour(quotas.applications_in_all_an_hour),
            claim_codes: Quota::per_minute(quotas.claim_codes_a_minute),
            claim_codes_in_all: Quota::per_minute(quotas.claim_codes_in_all_a_minute),
            logins: Quota::per_minute(quotas.logins_a_minute),
            since_sweep: AtomicU32::new(0),
        }
    }

    /// Counts one request; what is left goes into the reply's headers.
    pub(crate) fn take(&self, account: &Account) -> Result<Allowance, QuotaExceeded> {
        self.sweep();
        let quota = match account {
            Account::Address(_) => &self.anonymous,
            Account::Key(_) => &self.key,
            Account::Operator | Account::Person(_) | Account::ServiceToken(_) => &self.operator,
            Account::Device(_) => &self.device,
        };
        quota.take(account)
    }

    /// Counts one request that may change something: each sync of the registry is
    /// paid by all, so that no agency's program makes too many.
    pub(crate) fn take_change(&self, account: &Account) -> Result<Allowance, QuotaExceeded> {
        self.take(account)?;
        self.changes.take(account)
    }

    /// Counts one new application: of its address, and of all.
    pub(crate) fn take_application(&self, address: IpAddr) -> Result<Allowance, QuotaExceeded> {
        self.sweep();
        let allowance = self.applications.take(&Account::of_address(address))?;
        self.applications_in_all.take(&())?;
        Ok(allowance)
    }

    /// Counts one try of a claim code, right or wrong: of its address, of its
    /// account where that is another, and of all.
    pub(crate) fn take_claim_code(
        &self,
        address: IpAddr,
        account: &Account,
    ) -> Result<(), QuotaExceeded> {
        self.sweep();
        let address = Account::of_address(address);
        self.claim_codes.take(&address)?;
        if *account != address {
            self.claim_codes.take(account)?;
        }
        self.claim_codes_in_all.take(&()).map(drop)
    }

    /// Counts one try to log in. It goes on an account of its own: who has read
    /// all that an address may read can still log in.
    pub(crate) fn take_login(&self, address: IpAddr) -> Result<Allowance, QuotaExceeded> {
        self.sweep();
        self.logins.take(&Account::of_address(address))
    }

    fn sweep(&self) {
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) == SWEEP_EVERY {
            self.since_sweep.store(0, Ordering::Relaxed);
            for quota in [
                &self.anonymous,
                &self.key,
                &self.operator,
                &self.changes,
                &self.device,
                &self.applications,
                &self.claim_codes,
                &self.logins,
            ] {
                quota.forget_idle();
            }
        }
    }
}

impl Account {
    pub(crate) fn of_address(address: IpAddr) -> Self {
        Self::Address(quota_address(address))
    }
}
