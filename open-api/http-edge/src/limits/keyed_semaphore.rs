//! A semaphore whose places are shared fairly among callers: a bound in all, and
//! one for each key, so that who asks much waits for itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Above it, keys that neither hold nor wait are forgotten.
const REMEMBERED_KEYS: usize = 1_024;

/// Places in all and of each key.
pub struct KeyedSemaphore<K> {
    places: Arc<Semaphore>,
    places_a_key: usize,
    /// Of each key that holds or waits.
    by_key: Mutex<HashMap<K, Arc<Semaphore>>>,
    patience: Duration,
}

/// A place; given back when it is dropped.
pub struct KeyedPermit {
    _place: OwnedSemaphorePermit,
    _of_key: Option<OwnedSemaphorePermit>,
}

impl<K: Hash + Eq> KeyedSemaphore<K> {
    /// `patience` is how long one may wait for a place.
    #[must_use]
    pub fn new(places: usize, places_a_key: usize, patience: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            places_a_key,
            by_key: Mutex::default(),
            patience,
        }
    }

    /// Waits for a place: first among those of the key, then among all. Without
    /// a key there is no bound but that of all. `None` where patience ends.
    pub async fn acquire(&self, key: Option<K>) -> Option<KeyedPermit> {
        let own = key.map(|key| self.own(key));
        let permit = async {
            let of_key = match own {
                Some(own) => own.acquire_owned().await.ok(),
                None => None,
            };
            let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
            Some(KeyedPermit {
                _place: place,
                _of_key: of_key,
            })
        };
        tokio::time::timeout(self.patience, permit)
            .await
            .unwrap_or(None)
    }

    fn own(&self, key: K) -> Arc<Semaphore> {
        let mut by_key = self.by_key.lock();
        if by_key.len() >= REMEMBERED_KEYS {
            by_key.retain(|_, places| Arc::strong_count(places) > 1);
        }
        let places = by_key
            .entry(key)
            .or_insert_with(|| Arc::new(Semaphore::new(self.places_a_key)));
        Arc::clone(places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(test);
    }

    #[test]
    fn who_waits_too_long_gets_none() {
        run(async {
            let semaphore = KeyedSemaphore::<u8>::new(2, 2, Duration::from_millis(20));
            let first = semaphore.acquire(None).await;
            let _second = semaphore.acquire(None).await.unwrap();
            assert!(semaphore.acquire(None).await.is_none());
            drop(first);
            assert!(semaphore.acquire(None).await.is_some(), "given back");
        });
    }

    #[test]
    fn who_asks_much_waits_for_itself() {
        run(async {
            let semaphore = KeyedSemaphore::new(4, 2, Duration::from_millis(20));
            let first = semaphore.acquire(Some(1)).await.unwrap();
            let _second = semaphore.acquire(Some(1)).await.unwrap();
            assert!(semaphore.acquire(Some(1)).await.is_none(), "its third");
            let _other = semaphore.acquire(Some(2)).await.unwrap();
            drop(first);
            assert!(semaphore.acquire(Some(1)).await.is_some(), "given back");
            let _unbound = semaphore.acquire(None).await.unwrap();
            let _more = semaphore.acquire(None).await.unwrap();
            assert!(semaphore.acquire(Some(3)).await.is_none(), "all are taken");
        });
    }
}
