//! What a look at the whole registry found, kept until the registry changes.

use std::sync::{Arc, Weak};

use device_registry::Snapshot;
use parking_lot::Mutex;

/// Answers that are kept; beyond it the one that was found first gives way.
const MAX_KEPT: usize = 64;

/// Answers by what was asked.
pub(super) struct Kept<K, V>(Mutex<Answers<K, V>>);

struct Answers<K, V> {
    /// Of this state of the registry.
    snapshot: Weak<Snapshot>,
    answers: Vec<(K, V)>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Answers {
            snapshot: Weak::default(),
            answers: Vec::new(),
        }))
    }
}

impl<K, V: Clone> Kept<K, V> {
    /// The answer to the question that `is_asked` knows.
    pub(super) fn known(
        &self,
        snapshot: &Arc<Snapshot>,
        is_asked: impl Fn(&K) -> bool,
    ) -> Option<V> {
        let kept = self.0.lock();
        if !kept.snapshot.ptr_eq(&Arc::downgrade(snapshot)) {
            return None;
        }
        let mut answers = kept.answers.iter();
        let found = answers.find(|(question, _)| is_asked(question));
        found.map(|(_, answer)| answer.clone())
    }

    /// It was found without the lock: others need not wait, and two may find the
    /// same.
    pub(super) fn keep(&self, snapshot: &Arc<Snapshot>, question: K, answer: &V)
    where
        K: PartialEq,
    {
        let mut kept = self.0.lock();
        let snapshot = Arc::downgrade(snapshot);
        if !kept.snapshot.ptr_eq(&snapshot) {
            kept.snapshot = snapshot;
            kept.answers.clear();
        }
        kept.answers.retain(|(known, _)| *known != question);
        if kept.answers.len() >= MAX_KEPT {
            kept.answers.remove(0);
        }
        kept.answers.push((question, answer.clone()));
    }
}
