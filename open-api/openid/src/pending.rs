//! Logins that have begun here and are now at the provider.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::error::OpenIdError;

/// How long somebody may take at the provider.
const LIFE: Duration = Duration::from_secs(600);
/// Logins at once. Beyond it, the oldest of the address that has most makes room.
const MAX_PENDING: usize = 2_000;

type Hash = [u8; 32];

/// What is kept until the browser comes back, once.
pub struct Attempt {
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    /// Of the cookie of the browser that began.
    browser: Hash,
    address: IpAddr,
    began: Instant,
}

/// One that has begun: for the browser, and for the provider.
pub(crate) struct Begun {
    pub(crate) cookie: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) challenge: String,
}

/// By the hash of their state.
#[derive(Default)]
pub struct Pending(Mutex<HashMap<Hash, Attempt>>);

impl Pending {
    pub(crate) fn begin(&self, address: IpAddr) -> Result<Begun, OpenIdError> {
        let (cookie, state) = (chance()?, chance()?);
        let (nonce, verifier) = (chance()?, chance()?);
        let challenge = URL_SAFE_NO_PAD.encode(hash(&verifier));
        let now = Instant::now();
        let attempt = Attempt {
            nonce: nonce.clone(),
            verifier,
            browser: hash(&cookie),
            address,
            began: now,
        };
        let mut pending = self.0.lock();
        if pending.len() >= MAX_PENDING {
            pending.retain(|_, it| now.duration_since(it.began) < LIFE);
        }
        if pending.len() >= MAX_PENDING {
            make_room(&mut pending);
        }
        pending.insert(hash(&state), attempt);
        Ok(Begun {
            cookie,
            state,
            nonce,
            challenge,
        })
    }

    /// Takes one out: whatever comes of it, its state opens nothing a second time.
    pub(crate) fn take(&self, state: &str, cookie: Option<&str>) -> Result<Attempt, OpenIdError> {
        let attempt = self.0.lock().remove(&hash(state));
        let attempt = attempt.filter(|it| it.began.elapsed() < LIFE);
        // Hashes of chance tell nothing by the time that their comparison takes.
        attempt
            .filter(|it| cookie.is_some_and(|cookie| hash(cookie) == it.browser))
            .ok_or(OpenIdError::UnknownLogin)
    }
}

fn make_room(pending: &mut HashMap<Hash, Attempt>) {
    let mut counts: HashMap<IpAddr, usize> = HashMap::new();
    for it in pending.values() {
        *counts.entry(it.address).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    let most = most.map(|(address, _)| address);
    let oldest = pending
        .iter()
        .filter(|(_, it)| Some(it.address) == most)
        .min_by_key(|(_, it)| it.began)
        .map(|(hash, _)| *hash);
    if let Some(oldest) = oldest {
        pending.remove(&oldest);
    }
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

/// 43 characters, as RFC 7636 asks of a verifier.
fn chance() -> Result<String, OpenIdError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn an_attempt_is_taken_once_and_by_its_browser() {
        let pending = Pending::default();
        let begun = pending.begin(address(1)).unwrap();
        let taken = pending.take(&begun.state, Some(&begun.cookie)).unwrap();
        assert_eq!(taken.nonce, begun.nonce);
        assert!(pending.take(&begun.state, Some(&begun.cookie)).is_err());
        let other = pending.begin(address(1)).unwrap();
        assert!(pending.take(&other.state, Some(&begun.cookie)).is_err());
        assert!(pending.take(&other.state, Some(&other.cookie)).is_err());
        let third = pending.begin(address(1)).unwrap();
        assert!(pending.take(&third.state, None).is_err());
    }

    #[test]
    fn who_begins_often_pushes_out_only_its_own() {
        let pending = Pending::default();
        let first = pending.begin(address(1)).unwrap();
        for _ in 0..MAX_PENDING + 10 {
            pending.begin(address(2)).unwrap();
        }
        assert_eq!(pending.0.lock().len(), MAX_PENDING);
        assert!(pending.take(&first.state, Some(&first.cookie)).is_ok());
    }
}
