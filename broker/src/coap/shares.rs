//! How much of something each source, endpoint or device holds of a table that
//! all share: who has its share gets no more, and the others still do.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Counts by key. A key that holds nothing takes no room.
#[derive(Debug)]
pub struct Shares<K> {
    limit: usize,
    held: FxHashMap<K, usize>,
}

impl<K: Eq + Hash> Shares<K> {
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            held: FxHashMap::default(),
        }
    }

    pub fn has_room(&self, key: &K) -> bool {
        self.held.get(key).is_none_or(|held| *held < self.limit)
    }

    pub fn take(&mut self, key: K) {
        *self.held.entry(key).or_default() += 1;
    }

    pub fn release(&mut self, key: &K) {
        if let Some(held) = self.held.get_mut(key) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(key);
            }
        }
    }

    /// Keys that hold something.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}
