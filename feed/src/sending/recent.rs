//! A bounded memory of what came last.

use std::collections::HashMap;

use domain::Offset;

/// What an entry takes beside its key and what its value holds, in bytes:
/// two headers and its place in the table, about.
pub(crate) const ENTRY_BYTES: usize = 64;

/// What can be remembered.
pub(crate) trait Value {
    /// What it holds on the heap, in bytes.
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Value for () {}
impl Value for u32 {}
impl Value for Offset {}
impl Value for Vec<u8> {
    fn heap_bytes(&self) -> usize {
        self.len()
    }
}

/// The newest entries: those of the last `limit` bytes at least, and of twice as
/// many at most. Where there are enough of them, those before are forgotten at
/// once.
pub(crate) struct Recent<V> {
    limit: usize,
    /// Of what is in `newer`.
    bytes: usize,
    newer: HashMap<Vec<u8>, V>,
    older: HashMap<Vec<u8>, V>,
}

impl<V: Value> Recent<V> {
    pub(crate) fn of_bytes(limit: usize) -> Self {
        Self {
            limit,
            bytes: 0,
            newer: HashMap::new(),
            older: HashMap::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.newer.is_empty() && self.older.is_empty()
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<&V> {
        self.newer.get(key).or_else(|| self.older.get(key))
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn insert(&mut self, key: &[u8], value: V) {
        self.bytes += value.heap_bytes();
        if let Some(known) = self.newer.get_mut(key) {
            self.bytes -= known.heap_bytes();
            *known = value;
        } else {
            self.bytes += ENTRY_BYTES + key.len();
            self.newer.insert(key.to_vec(), value);
        }
        if self.bytes >= self.limit {
            self.older = std::mem::take(&mut self.newer);
            self.bytes = 0;
        }
    }

    pub(crate) fn remove(&mut self, key: &[u8]) {
        if let Some(value) = self.newer.remove(key) {
            self.bytes -= bytes(key, &value);
        }
        self.older.remove(key);
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.newer.retain(|_, value| keep(value));
        self.older.retain(|_, value| keep(value));
        self.bytes = self
            .newer
            .iter()
            .map(|(key, value)| bytes(key, value))
            .sum();
    }
}

fn bytes(key: &[u8], value: &impl Value) -> usize {
    ENTRY_BYTES + key.len() + value.heap_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the entries below, in bytes.
    const EACH: usize = ENTRY_BYTES + 8 + 8;
    const ENTRIES: u64 = 100;

    fn recent() -> Recent<Vec<u8>> {
        Recent::of_bytes(ENTRIES as usize * EACH)
    }

    fn held(recent: &Recent<Vec<u8>>) -> usize {
        let all = recent.newer.iter().chain(&recent.older);
        all.map(|(key, value)| bytes(key, value)).sum()
    }

    #[test]
    fn the_newest_are_kept_and_the_memory_is_bounded() {
        let mut recent = recent();
        assert!(recent.is_empty());
        for number in 0..10 * ENTRIES {
            recent.insert(&number.to_le_bytes(), number.to_le_bytes().to_vec());
            let oldest = number.saturating_sub(ENTRIES - 1).to_le_bytes();
            assert_eq!(recent.get(&oldest), Some(&oldest.to_vec()));
            assert!(held(&recent) <= 2 * recent.limit);
        }
        assert!(!recent.contains(&0_u64.to_le_bytes()));
        recent.insert(&7_u64.to_le_bytes(), vec![8]);
        assert_eq!(recent.get(&7_u64.to_le_bytes()), Some(&vec![8]));
        recent.retain(|value| *value == [8]);
        assert_eq!(recent.newer.len() + recent.older.len(), 1);
        recent.remove(&7_u64.to_le_bytes());
        assert!(recent.is_empty());
        assert_eq!(recent.bytes, 0);
    }

    /// An entry that grows does not grow past the limit.
    #[test]
    fn values_that_take_the_place_of_shorter_ones_count() {
        let mut recent = recent();
        for length in [0, 1_000] {
            for number in 0..ENTRIES / 2 {
                recent.insert(&number.to_le_bytes(), vec![0; length]);
                assert!(held(&recent) <= 2 * recent.limit + 1_000);
            }
        }
        assert_eq!(
            recent.get(&(ENTRIES / 2 - 1).to_le_bytes()),
            Some(&vec![0; 1_000])
        );
    }
}
