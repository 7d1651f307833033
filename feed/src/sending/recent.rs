//! A bounded memory of what came last.

use std::collections::HashMap;

/// This many are remembered at least, and twice as many at most.
const ENTRIES: usize = 1_024;

/// The newest entries. Where there are enough of them, those before are
/// forgotten at once.
pub(crate) struct Recent<V> {
    newer: HashMap<Vec<u8>, V>,
    older: HashMap<Vec<u8>, V>,
}

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Self {
            newer: HashMap::new(),
            older: HashMap::new(),
        }
    }
}

impl<V> Recent<V> {
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
        if let Some(known) = self.newer.get_mut(key) {
            *known = value;
            return;
        }
        if self.newer.len() == ENTRIES {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key.to_vec(), value);
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.newer.retain(|_, value| keep(value));
        self.older.retain(|_, value| keep(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_the_memory_is_bounded() {
        let mut recent = Recent::default();
        assert!(recent.is_empty());
        for number in 0..10 * ENTRIES {
            recent.insert(&number.to_le_bytes(), number);
            let oldest = number.saturating_sub(ENTRIES - 1);
            assert_eq!(recent.get(&oldest.to_le_bytes()), Some(&oldest));
            assert!(recent.newer.len() + recent.older.len() <= 2 * ENTRIES);
        }
        assert!(!recent.contains(&0_usize.to_le_bytes()));
        recent.insert(&7_usize.to_le_bytes(), 8);
        assert_eq!(recent.get(&7_usize.to_le_bytes()), Some(&8));
        recent.retain(|value| *value == 8);
        assert_eq!(recent.newer.len() + recent.older.len(), 1);
    }
}
