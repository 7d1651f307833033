//! Makes who fails wait before the next try, twice as long each time. It never
//! shuts anybody out: the longest wait has a bound, and passes.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// Keys that are remembered. Beyond it those go that have waited out, then the
/// one with the fewest failures.
const MAX_KEYS: usize = 65_536;

/// How long who fails has to wait.
#[derive(Clone, Copy, Debug)]
pub struct DelayPolicy {
    /// Failures in a row without a wait.
    pub free: u32,
    /// The wait after one more; each further one doubles it.
    pub first: Duration,
    pub most: Duration,
    /// After so long without a try, all is forgotten.
    pub forget: Duration,
}

/// The failures of each key. Who asks and counts does both under one lock: many
/// tries at once are many.
pub struct FailureDelay<K> {
    policy: DelayPolicy,
    failures: HashMap<K, Failures>,
}

#[derive(Clone, Copy)]
struct Failures {
    in_a_row: u32,
    last: Instant,
}

impl<K: Hash + Eq + Clone> FailureDelay<K> {
    pub fn new(policy: DelayPolicy) -> Self {
        Self {
            policy,
            failures: HashMap::new(),
        }
    }

    /// How long this key still has to wait.
    pub fn wait(&self, key: &K, now: Instant) -> Option<Duration> {
        let wait = self.left(self.failures.get(key)?, now);
        (!wait.is_zero()).then_some(wait)
    }

    /// Counts a try as a failure before its outcome is known.
    pub fn begin(&mut self, key: &K, now: Instant) {
        if self.failures.len() >= MAX_KEYS && !self.failures.contains_key(key) {
            self.make_room(now);
        }
        let forget = self.policy.forget;
        let entry = self.failures.entry(key.clone()).or_insert(Failures {
            in_a_row: 0,
            last: now,
        });
        if entry.is_old(forget, now) {
            entry.in_a_row = 0;
        }
        entry.in_a_row = entry.in_a_row.saturating_add(1);
        entry.last = now;
    }

    /// The try that was begun was none to count.
    pub fn take_back(&mut self, key: &K) {
        if let Some(entry) = self.failures.get_mut(key) {
            entry.in_a_row = entry.in_a_row.saturating_sub(1);
        }
    }

    /// The key has proved itself.
    pub fn forget(&mut self, key: &K) {
        self.failures.remove(key);
    }

    fn left(&self, entry: &Failures, now: Instant) -> Duration {
        let Some(beyond) = entry.in_a_row.checked_sub(self.policy.free + 1) else {
            return Duration::ZERO;
        };
        let doubled = 2_u32.saturating_pow(beyond);
        let wait = self.policy.first.saturating_mul(doubled);
        let waited = now.saturating_duration_since(entry.last);
        wait.min(self.policy.most).saturating_sub(waited)
    }

    fn make_room(&mut self, now: Instant) {
        let forget = self.policy.forget;
        self.failures.retain(|_, entry| !entry.is_old(forget, now));
        if self.failures.len() < MAX_KEYS {
            return;
        }
        let least = self
            .failures
            .iter()
            .min_by_key(|(_, entry)| (entry.in_a_row, entry.last))
            .map(|(key, _)| key.clone());
        least.and_then(|key| self.failures.remove(&key));
    }
}

impl Failures {
    fn is_old(&self, forget: Duration, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= forget
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: DelayPolicy = DelayPolicy {
        free: 2,
        first: Duration::from_secs(1),
        most: Duration::from_secs(5),
        forget: Duration::from_secs(60),
    };

    fn fails(delay: &mut FailureDelay<u32>, key: u32, now: Instant) -> u64 {
        delay.begin(&key, now);
        delay.wait(&key, now).unwrap_or_default().as_secs()
    }

    #[test]
    fn the_wait_doubles_up_to_its_bound_and_passes() {
        let (mut delay, start) = (FailureDelay::new(POLICY), Instant::now());
        let waits: Vec<u64> = (0..7).map(|_| fails(&mut delay, 1, start)).collect();
        assert_eq!(waits, [0, 0, 1, 2, 4, 5, 5]);
        assert_eq!(delay.wait(&2, start), None, "each key waits for itself");
        assert_eq!(delay.wait(&1, start + Duration::from_secs(5)), None);
        // The next one waits as long again, unless it lets a minute pass.
        assert_eq!(fails(&mut delay, 1, start + Duration::from_secs(5)), 5);
        assert_eq!(fails(&mut delay, 1, start + Duration::from_secs(65)), 0);
    }

    #[test]
    fn who_proves_itself_begins_anew() {
        let (mut delay, start) = (FailureDelay::new(POLICY), Instant::now());
        for _ in 0..5 {
            delay.begin(&1, start);
        }
        delay.forget(&1);
        assert_eq!(fails(&mut delay, 1, start), 0);
        for _ in 0..10 {
            delay.begin(&2, start);
            delay.take_back(&2);
        }
        assert_eq!(delay.wait(&2, start), None);
    }

    #[test]
    fn a_flood_of_keys_pushes_nobody_out_who_has_to_wait() {
        let (mut delay, start) = (FailureDelay::new(POLICY), Instant::now());
        for _ in 0..9 {
            delay.begin(&0, start);
        }
        for key in 1..MAX_KEYS as u32 + 8 {
            delay.begin(&key, start);
        }
        assert!(delay.wait(&0, start).is_some());
        assert_eq!(delay.failures.len(), MAX_KEYS);
    }
}
