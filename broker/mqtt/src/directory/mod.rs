//! Whose sessions there are: with a connection, or waiting for one.
//!
//! One session for each owner and client id. Sessions that wait are bounded in
//! all and for each owner; the one that has waited longest gives way.

mod tables;
#[cfg(test)]
mod tests;
mod waiting;

use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use transport::{Realm, SessionKey};

pub(crate) use self::waiting::{Arrival, Ended, Waiting, WillFate};

use self::tables::{Entry, Inner, Life, Owner};
use super::router::Endpoint;
use crate::limits::Account;
use crate::limits::Config;

/// Owners that are looked up under one lock: some 50 microseconds.
const OWNERS_A_LOCK: usize = 256;

#[derive(Default)]
pub(crate) struct Directory {
    inner: Mutex<Inner>,
}

/// What a connection wants under its key.
pub(crate) struct JoinRequest {
    pub(crate) clean_start: bool,
    /// Its session outlives it.
    pub(crate) keeps: bool,
    /// When it came first, where it has waited since.
    pub(crate) arrival: Option<Arrival>,
}

/// What a connection finds under its key.
pub(crate) enum Joined {
    Fresh {
        endpoint: Arc<Endpoint>,
        /// Its connection is to be told that it is taken over.
        replaced: Option<Arc<Endpoint>>,
        ended: Option<Ended>,
    },
    Resumed {
        endpoint: Arc<Endpoint>,
        waiting: Box<Waiting>,
    },
    /// Another connection has the session and is to be told; ask again when
    /// the receiver resolves.
    Busy {
        endpoint: Arc<Endpoint>,
        free: oneshot::Receiver<()>,
        arrival: Arrival,
    },
    /// A newer CONNECT has come for the session since. The endpoint is in no
    /// directory.
    Superseded { endpoint: Arc<Endpoint> },
    /// The owner has as many sessions as it may.
    Full,
}

impl Directory {
    /// Enters a connection.
    pub(crate) fn join(
        &self,
        key: &Arc<SessionKey>,
        request: &JoinRequest,
        config: &Config,
        make: impl FnOnce(Arc<Account>) -> Arc<Endpoint>,
    ) -> Joined {
        let inner = &mut *self.inner.lock();
        let arrival = request.arrival.unwrap_or_else(|| inner.arrive());
        let hash = inner.hash(key);
        let connected = |endpoint| Entry::connected(endpoint, hash, request.keeps, arrival);
        let Owner { sessions, account } = inner.owner(&key.owner);
        let Some(entry) = sessions.iter_mut().find(|it| it.is(key, hash)) else {
            if sessions.len() >= config.sessions_per_account {
                // There is one at least, so nothing has to be tidied up.
                return Joined::Full;
            }
            let endpoint = make(account.clone());
            sessions.push(connected(&endpoint));
            return Joined::Fresh {
                endpoint,
                replaced: None,
                ended: None,
            };
        };
        if entry.newest > arrival {
            return Joined::Superseded {
                endpoint: make(account.clone()),
            };
        }
        entry.newest = arrival;
        entry.clears |= request.clean_start;
        // Also for a clean start: what the last connection still tells the store
        // is then about its own session.
        if let Life::Connected {
            keeps: true,
            successor,
        } = &mut entry.life
        {
            let (sender, free) = oneshot::channel();
            // An older one asks again, and finds that it is not the newest.
            *successor = Some(sender);
            return Joined::Busy {
                endpoint: entry.endpoint.clone(),
                free,
                arrival,
            };
        }
        let resumes = entry.may_be_resumed();
        let endpoint = if resumes {
            entry.endpoint.clone()
        } else {
            make(account.clone())
        };
        let last = std::mem::replace(entry, connected(&endpoint));
        match last.life {
            Life::Connected { .. } => Joined::Fresh {
                endpoint,
                replaced: Some(last.endpoint),
                ended: None,
            },
            Life::Waiting(mut waiting) => {
                inner.forget(&waiting);
                if resumes {
                    waiting.cancel_will();
                    return Joined::Resumed { endpoint, waiting };
                }
                let ended = Some(Ended {
                    endpoint: last.endpoint,
                    waiting,
                });
                Joined::Fresh {
                    endpoint,
                    replaced: None,
                    ended,
                }
            }
        }
    }

    /// Whether the session is still that of this endpoint's connection.
    pub(crate) fn has(&self, endpoint: &Arc<Endpoint>) -> bool {
        self.inner.lock().entry_of(endpoint).is_some()
    }

    /// Does it while the session is this endpoint's: nobody joins meanwhile.
    pub(crate) fn while_its_own<T>(
        &self,
        endpoint: &Arc<Endpoint>,
        act: impl FnOnce() -> T,
    ) -> Option<T> {
        let inner = self.inner.lock();
        inner.entry_of(endpoint)?;
        Some(act())
    }

    /// Whether another connection has the session's place or waits for it.
    pub(crate) fn is_wanted(&self, endpoint: &Arc<Endpoint>) -> bool {
        let inner = self.inner.lock();
        match inner.entry_of(endpoint).map(|entry| &entry.life) {
            Some(Life::Connected { successor, .. }) => successor.is_some(),
            Some(Life::Waiting(_)) => false,
            None => true,
        }
    }

    /// A connection has ended and its session with it, unless another has the
    /// place by now.
    pub(crate) fn leave(&self, endpoint: &Arc<Endpoint>) {
        let inner = &mut *self.inner.lock();
        let Some(owner) = inner.by_owner.get_mut(&endpoint.key.owner) else {
            return;
        };
        // Dropped with the entry, its successor asks again.
        owner
            .sessions
            .retain(|it| !Arc::ptr_eq(&it.endpoint, endpoint));
        inner.tidy(&endpoint.key.owner);
    }

    /// A connection has ended and its session waits for the next one. Returns
    /// those that end because there are too many. `gone` is told of each before
    /// its key is free, here as below.
    pub(crate) fn wait(
        &self,
        endpoint: &Arc<Endpoint>,
        waiting: Waiting,
        config: &Config,
        gone: impl Fn(&Endpoint),
    ) -> Vec<Ended> {
        let inner = &mut *self.inner.lock();
        let owner = inner.owner(&endpoint.key.owner);
        let place = owner
            .sessions
            .iter()
            .position(|it| Arc::ptr_eq(&it.endpoint, endpoint));
        let Some(place) = place else {
            return vec![Ended {
                endpoint: endpoint.clone(),
                waiting: Box::new(waiting),
            }];
        };
        inner.put_to_wait(&endpoint.key.owner.clone(), place, waiting);
        inner.limit(&endpoint.key.owner, config, &gone)
    }

    /// A session that an earlier run has kept.
    pub(crate) fn restore(
        &self,
        key: &SessionKey,
        waiting: Waiting,
        make: impl FnOnce(Arc<Account>) -> Arc<Endpoint>,
    ) {
        let inner = &mut *self.inner.lock();
        let owner = key.owner.clone();
        let hash = inner.hash(key);
        let Owner { sessions, account } = inner.owner(&owner);
        let endpoint = make(account.clone());
        endpoint.add_subscriptions(waiting.kept.subscriptions.len());
        sessions.push(Entry::connected(&endpoint, hash, true, Arrival::default()));
        let place = sessions.len() - 1;
        inner.put_to_wait(&owner, place, waiting);
    }

    /// Sessions whose time is over, `most` of them.
    pub(crate) fn expired(
        &self,
        now: Instant,
        most: usize,
        gone: impl Fn(&Endpoint),
    ) -> Vec<Ended> {
        let inner = &mut *self.inner.lock();
        let mut ended = Vec::new();
        while ended.len() < most
            && let Some(entry) = inner.ends.first_entry()
            && entry.key().0 <= now
        {
            // Taken out here, so that the loop ends whatever the key finds.
            let ((_, number), key) = entry.remove_entry();
            inner.waiting.remove(&number);
            ended.extend(inner.remove_waiting(&key, &gone));
        }
        ended
    }

    /// Owners of waiting sessions that have waited less long than the session
    /// `after`, `most` of them, each with its session's number.
    pub(crate) fn waiting_owners(&self, after: u64, most: usize) -> Vec<(u64, Arc<SessionKey>)> {
        let inner = self.inner.lock();
        let rest = (Bound::Excluded(after), Bound::Unbounded);
        let waiting = inner.waiting.range(rest).take(most);
        waiting
            .map(|(number, key)| (*number, key.clone()))
            .collect()
    }

    /// Ends all waiting sessions of an owner; their wills are not published.
    pub(crate) fn purge(&self, owner: &str, gone: impl Fn(&Endpoint)) -> Vec<Ended> {
        let inner = &mut *self.inner.lock();
        let sessions = inner.by_owner.get(owner).map(|it| &it.sessions[..]);
        let waits = |it: &&Entry| matches!(it.life, Life::Waiting(_));
        let keys: Vec<_> = sessions
            .unwrap_or_default()
            .iter()
            .filter(waits)
            .map(|it| it.endpoint.key.clone())
            .collect();
        let mut ended = Vec::new();
        for key in keys {
            if let Some(mut it) = inner.remove_waiting(&key, &gone) {
                it.waiting.cancel_will();
                ended.push(it);
            }
        }
        ended
    }

    /// The newest of an owner's sessions that has a connection.
    pub(crate) fn newest(&self, owner: &str) -> Option<Arc<Endpoint>> {
        self.inner.lock().newest(owner)
    }

    /// The same of many owners, in their order. Nobody waits for all of them:
    /// the lock is given back now and then.
    pub(crate) fn newest_of<'a>(
        &self,
        owners: impl Iterator<Item = &'a str>,
    ) -> Vec<Option<Arc<Endpoint>>> {
        let mut owners = owners.peekable();
        let mut found = Vec::with_capacity(owners.size_hint().0);
        while owners.peek().is_some() {
            let inner = self.inner.lock();
            let some = owners.by_ref().take(OWNERS_A_LOCK);
            found.extend(some.map(|owner| inner.newest(owner)));
        }
        found
    }

    /// How many sessions wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.inner.lock().waiting.len() as u64
    }
}

/// Whether sessions of the realm are kept by the store.
pub(crate) const fn is_stored(realm: Realm) -> bool {
    matches!(realm, Realm::Platform)
}
