//! How much of something each source, endpoint or device holds of a table that
//! all share: who has its share gets no more, and the others still do.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Counts by key. A key that holds nothing takes no room.
#[derive(Debug)]
pub(crate) struct Shares<K> {
    limit: usize,
    held: FxHashMap<K, usize>,
}

impl<K: Eq + Hash> Shares<K> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            held: FxHashMap::default(),
        }
    }

    pub(crate) fn has_room(&self, key: &K) -> bool {
        self.held.get(key).is_none_or(|held| *held < self.limit)
    }

    pub(crate) fn take(&mut self, key: K) {
        *self.held.entry(key).or_default() += 1;
    }

    pub(crate) fn release(&mut self, key: &K) {
        if let Some(held) = self.held.get_mut(key) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(key);
            }
        }
    }
}
