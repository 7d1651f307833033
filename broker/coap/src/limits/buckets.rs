//! Token buckets: one for each source before anything is decoded, one for each
//! device after its signature was verified, and those of failed checks.
//!
//! Bound: a number of buckets. When all are in use, those that have filled up
//! again are dropped; whoever still finds no place shares one bucket with all
//! others of that kind.

use std::hash::Hash;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

/// At most so often all buckets are looked through for full ones.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// Buckets of one rate.
pub(crate) struct Buckets<K> {
    rate: f64,
    burst: f64,
    limit: usize,
    by_key: FxHashMap<K, Bucket>,
    shared: Option<Bucket>,
    swept: Option<Instant>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// `rate` tokens a second, `burst` at most, for `limit` keys.
    pub(crate) fn new(rate: impl Into<f64>, burst: u32, limit: usize) -> Self {
        Self {
            rate: rate.into(),
            burst: f64::from(burst),
            limit,
            by_key: FxHashMap::default(),
            shared: None,
            swept: None,
        }
    }

    /// Takes a token, where there is one.
    pub(crate) fn take(&mut self, key: K, now: Instant) -> bool {
        if self.by_key.len() >= self.limit && !self.by_key.contains_key(&key) {
            self.sweep(now);
        }
        let full = Bucket {
            tokens: self.burst,
            filled: now,
        };
        let has_place = self.by_key.len() < self.limit || self.by_key.contains_key(&key);
        let bucket = if has_place {
            self.by_key.entry(key).or_insert(full)
        } else {
            self.shared.get_or_insert(full)
        };
        let passed = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed * self.rate).min(self.burst);
        bucket.filled = now;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }

    /// How many tokens there are for a key.
    pub(crate) fn level(&self, key: &K, now: Instant) -> f64 {
        let has_place = self.by_key.len() < self.limit;
        let bucket = self
            .by_key
            .get(key)
            .or(self.shared.as_ref().filter(|_| !has_place));
        bucket.map_or(self.burst, |bucket| self.filled(bucket, now))
    }

    /// Takes more tokens from a key that has a bucket of its own, as many as
    /// there are.
    pub(crate) fn charge(&mut self, key: &K, tokens: u32) {
        if let Some(bucket) = self.by_key.get_mut(key) {
            bucket.tokens = (bucket.tokens - f64::from(tokens)).max(0.0);
        }
    }

    /// Gives a token back that was taken for nothing.
    pub(crate) fn give_back(&mut self, key: &K) {
        if let Some(bucket) = self.by_key.get_mut(key) {
            bucket.tokens = (bucket.tokens + 1.0).min(self.burst);
        }
    }

    fn filled(&self, bucket: &Bucket, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(bucket.filled).as_secs_f64();
        (bucket.tokens + passed * self.rate).min(self.burst)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    fn sweep(&mut self, now: Instant) {
        let recently = |at: Instant| now.saturating_duration_since(at) < SWEEP_PAUSE;
        if self.swept.is_some_and(recently) {
            return;
        }
        self.swept = Some(now);
        let (rate, burst) = (self.rate, self.burst);
        self.by_key.retain(|_, bucket| {
            let passed = now.saturating_duration_since(bucket.filled).as_secs_f64();
            bucket.tokens + passed * rate < burst
        });
    }
}

/// Whoever has an IPv6 address has 2^64 of them: the /64 counts as one source.
pub(crate) fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(network.into())
        }
        v4 => v4,
    }
}
