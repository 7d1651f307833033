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
pub(crate) struct LoginDelays(Mutex<Counts>);

struct Counts {
    names: FailureDelay<(String, Origin)>,
    addresses: FailureDelay<IpAddr>,
    /// Where people have logged in from: so that nobody who fails on purpose
    /// keeps them out.
    known: HashMap<String, VecDeque<IpAddr>>,
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
        Self(Mutex::new(Counts {
            names: FailureDelay::new(OF_NAME),
            addresses: FailureDelay::new(OF_ADDRESS),
            known: HashMap::new(),
        }))
    }
}

/// A try whose outcome is not known yet: it counts as a failure.
pub(crate) struct Try<'a> {
    delays: &'a LoginDelays,
    name: String,
    address: IpAddr,
    /// How long the name has to wait, which this try does not.
    overtakes: Option<Duration>,
}

/// What a try proves itself with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Proof {
    Guessable,
    /// Has a recovery code, which nobody finds by trying: who is kept out by
    /// others' failures gets in by one.
    RecoveryCode,
}

impl LoginDelays {
    /// Whether somebody may try now; who comes too early is not counted.
    pub(crate) fn begin(
        &self,
        name: &str,
        address: IpAddr,
        proof: Proof,
    ) -> Result<Try<'_>, Problem> {
        self.begin_at(name, address, proof, Instant::now())
    }

    fn begin_at(
        &self,
        name: &str,
        address: IpAddr,
        proof: Proof,
        now: Instant,
    ) -> Result<Try<'_>, Problem> {
        let address = quota_address(address);
        let name: String = name.trim().chars().take(MAX_NAME_BYTES).collect();
        let name = name.to_ascii_lowercase();
        let mut counts = self.0.lock();
        let origin = counts.origin(&name, address);
        let by_name = (name, origin);
        if let Some(wait) = counts.addresses.wait(&address, now) {
            return Err(too_early(wait));
        }
        let of_name = counts.names.wait(&by_name, now);
        match (of_name, proof) {
            (Some(wait), Proof::Guessable) => return Err(too_early(wait)),
            (Some(_), Proof::RecoveryCode) => {}
            (None, _) => counts.names.begin(&by_name, now),
        }
        counts.addresses.begin(&address, now);
        let (name, _) = by_name;
        Ok(Try {
            delays: self,
            name,
            address,
            overtakes: of_name,
        })
    }
}

impl Counts {
    fn origin(&self, name: &str, address: IpAddr) -> Origin {
        let known = self.known.get(name);
        if known.is_some_and(|it| it.contains(&address)) {
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
            overtakes: _,
        } = self;
        let mut counts = delays.0.lock();
        counts.addresses.take_back(&address);
        let origin = counts.origin(&name, address);
        counts.names.forget(&(name.clone(), origin));
        let addresses = counts.known.entry(name).or_default();
        addresses.retain(|other| *other != address);
        addresses.push_front(address);
        addresses.truncate(MAX_KNOWN_ADDRESSES);
    }

    /// Whether the name has to wait, which this try does not.
    pub(crate) fn overtakes(&self) -> bool {
        self.overtakes.is_some()
    }

    /// What who has failed is told: who overtook others' failures learns nothing
    /// of the password.
    pub(crate) fn failed(self, why: Problem) -> Problem {
        self.overtakes.map_or(why, too_early)
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
    use axum::http::StatusCode;
    use axum::response::IntoResponse;

    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    fn fails(delays: &LoginDelays, name: &str, from: u8, now: Instant) -> bool {
        delays
            .begin_at(name, address(from), Proof::Guessable, now)
            .is_ok()
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
            .begin_at("kim", address(1), Proof::Guessable, now)
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
            let right = delays
                .begin_at("kim", address(1), Proof::Guessable, now)
                .ok()
                .unwrap();
            right.succeeded();
            now += OF_ADDRESS.forget;
        }
    }

    #[test]
    fn a_recovery_code_overtakes_others_failures_and_tells_nothing() {
        let (delays, now) = (LoginDelays::default(), Instant::now());
        for from in 2..=100 {
            fails(&delays, "kim", from, now);
        }
        let overtake = |from| delays.begin_at("kim", address(from), Proof::RecoveryCode, now);
        let wrong = overtake(101).ok().unwrap();
        let why = Problem::new(ProblemKind::UNAUTHENTICATED, "");
        let told = wrong.failed(why).into_response();
        assert_eq!(told.status(), StatusCode::TOO_MANY_REQUESTS);
        overtake(102).ok().unwrap().succeeded();
        assert!(fails(&delays, "kim", 102, now), "it begins anew");
    }

    #[test]
    fn many_tries_at_once_are_many() {
        let (delays, now) = (LoginDelays::default(), Instant::now());
        let passed = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..16)
                .map(|from| {
                    let delays = &delays;
                    scope.spawn(move || fails(delays, "kim", from, now))
                })
                .collect();
            let passed = tries.into_iter().map(|it| it.join().unwrap());
            passed.filter(|passed| *passed).count()
        });
        assert_eq!(passed, 6);
    }
}
