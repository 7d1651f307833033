//! Makes who guesses at passwords and codes wait: by the name that is guessed
//! at, and by the address that guesses.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use http_edge::limits::{DelayPolicy, FailureDelay};
use http_edge::request::quota_address;
use http_edge::{Problem, ProblemKind};
use parking_lot::Mutex;

/// Failures of one name, whoever tries.
const OF_NAME: DelayPolicy = DelayPolicy {
    free: 5,
    first: Duration::from_secs(1),
    most: Duration::from_secs(60),
    forget: Duration::from_secs(900),
};
/// Failures of one address, whatever the names: an office has one.
const OF_ADDRESS: DelayPolicy = DelayPolicy {
    free: 20,
    first: Duration::from_secs(1),
    most: Duration::from_secs(900),
    forget: Duration::from_secs(3_600),
};
/// Addresses that are remembered of one name.
const MAX_KNOWN_ADDRESSES: usize = 8;
/// A longer name is nobody's, and counts as its beginning.
const MAX_NAME_BYTES: usize = 64;

/// The failures so far. They are in memory: a restart forgets them.
pub(crate) struct LoginDelays {
    names: FailureDelay<(String, Origin)>,
    addresses: FailureDelay<IpAddr>,
    /// Where people have logged in from: so that nobody who fails on purpose
    /// keeps them out.
    known: Mutex<HashMap<String, VecDeque<IpAddr>>>,
}

/// Who tries: an address from which the person has logged in before waits for
/// its own failures alone.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Origin {
    Known(IpAddr),
    Elsewhere,
}

impl Default for LoginDelays {
    fn default() -> Self {
        Self {
            names: FailureDelay::new(OF_NAME),
            addresses: FailureDelay::new(OF_ADDRESS),
            known: Mutex::default(),
        }
    }
}

/// A try whose outcome is not known yet: it counts as a failure.
pub(crate) struct Try<'a> {
    delays: &'a LoginDelays,
    name: String,
    address: IpAddr,
}

impl LoginDelays {
    /// Whether somebody may try now; who comes too early is not counted.
    pub(crate) fn begin(&self, name: &str, address: IpAddr) -> Result<Try<'_>, Problem> {
        self.begin_at(name, address, Instant::now())
    }

    fn begin_at(&self, name: &str, address: IpAddr, now: Instant) -> Result<Try<'_>, Problem> {
        let address = quota_address(address);
        let name: String = name.trim().chars().take(MAX_NAME_BYTES).collect();
        let name = name.to_ascii_lowercase();
        let origin = self.origin(&name, address);
        let by_name = (name, origin);
        let waits = [
            self.names.wait(&by_name, now),
            self.addresses.wait(&address, now),
        ];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(too_early(wait));
        }
        self.names.begin(&by_name, now);
        self.addresses.begin(&address, now);
        let (name, _) = by_name;
        Ok(Try {
            delays: self,
            name,
            address,
        })
    }

    fn origin(&self, name: &str, address: IpAddr) -> Origin {
        let known = self.known.lock();
        if known.get(name).is_some_and(|it| it.contains(&address)) {
            Origin::Known(address)
        } else {
            Origin::Elsewhere
        }
    }
}

impl Try<'_> {
    /// It was the person.
    pub(crate) fn succeeded(self) {
        let Self {
            delays,
            name,
            address,
        } = self;
        delays.addresses.take_back(&address);
        let origin = delays.origin(&name, address);
        delays.names.forget(&(name.clone(), origin));
        let mut known = delays.known.lock();
        let addresses = known.entry(name).or_default();
        addresses.retain(|other| *other != address);
        addresses.push_front(address);
        addresses.truncate(MAX_KNOWN_ADDRESSES);
    }
}

fn too_early(wait: Duration) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem::new(
        ProblemKind::QUOTA_EXCEEDED,
        format!("There were too many failed logins; try again in {seconds} s."),
    )
    .with("code", "login-delayed")
    .retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    fn fails(delays: &LoginDelays, name: &str, from: u8, now: Instant) -> bool {
        delays.begin_at(name, address(from), now).is_ok()
    }

    #[test]
    fn a_name_waits_whoever_guesses_and_whether_it_is_anybodys() {
        let (delays, now) = (LoginDelays::default(), Instant::now());
        for from in 1..=6 {
            assert!(fails(&delays, "kim", from, now));
        }
        assert!(!fails(&delays, " Kim", 7, now), "the name has to wait");
        assert!(fails(&delays, "lee", 7, now));
        assert!(fails(&delays, "kim", 8, now + Duration::from_secs(2)));
    }

    #[test]
    fn an_address_waits_whatever_names_it_guesses_at() {
        let (delays, now) = (LoginDelays::default(), Instant::now());
        for number in 0..21 {
            assert!(fails(&delays, &format!("name-{number}"), 1, now));
        }
        assert!(!fails(&delays, "name-99", 1, now));
        assert!(fails(&delays, "name-99", 2, now));
    }

    #[test]
    fn nobody_keeps_a_person_out_where_it_has_logged_in_before() {
        let (delays, now) = (LoginDelays::default(), Instant::now());
        delays
            .begin_at("kim", address(1), now)
            .ok()
            .unwrap()
            .succeeded();
        for from in 2..=100 {
            fails(&delays, "kim", from, now);
        }
        assert!(!fails(&delays, "kim", 101, now));
        assert!(fails(&delays, "kim", 1, now));
    }

    #[test]
    fn who_succeeds_begins_anew() {
        let (delays, mut now) = (LoginDelays::default(), Instant::now());
        for _ in 0..10 {
            for _ in 0..5 {
                assert!(fails(&delays, "kim", 1, now));
            }
            let right = delays.begin_at("kim", address(1), now).ok().unwrap();
            right.succeeded();
            now += OF_ADDRESS.forget;
        }
    }
}
