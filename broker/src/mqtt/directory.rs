//! Whose sessions there are: with a connection, or waiting for one.
//!
//! One session for each owner and client id. Sessions that wait are bounded in
//! all and for each owner; the one that has waited longest gives way.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio::sync::oneshot;

use super::router::Endpoint;
use super::session::Kept;
use crate::access::Realm;
use crate::config::Config;
use crate::rate::Rate;
use crate::session_store::{LogPosition, SessionKey};

#[derive(Default)]
pub(crate) struct Directory {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    by_owner: HashMap<Box<str>, Owner>,
    /// Waiting sessions by the time at which they end.
    ends: BTreeMap<(Instant, u64), Arc<SessionKey>>,
    /// The same by the time since which they wait, oldest first.
    waiting: BTreeMap<u64, Arc<SessionKey>>,
    next_number: u64,
}

struct Owner {
    sessions: SmallVec<[Entry; 1]>,
    rate: Arc<Rate>,
}

struct Entry {
    endpoint: Arc<Endpoint>,
    life: Life,
    /// Of the CONNECT that came last for it, whether it has the session or
    /// still waits.
    newest: Arrival,
    /// Who came since the session's connection wanted a clean start.
    clears: bool,
}

/// The order of CONNECTs: of two for one session the later one has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Arrival(u64);

/// What a connection wants under its key.
pub(crate) struct Wish {
    pub(crate) clean_start: bool,
    /// Its session outlives it.
    pub(crate) keeps: bool,
    /// When it came first, where it has waited since.
    pub(crate) arrival: Option<Arrival>,
}

enum Life {
    Connected {
        /// It outlives its connection.
        keeps: bool,
        /// The connection that has the session when this one has let go of it.
        heir: Option<oneshot::Sender<()>>,
    },
    Waiting(Box<Waiting>),
}

/// A session without a connection.
pub(crate) struct Waiting {
    pub(crate) kept: Kept,
    /// Where to go on with the log.
    pub(crate) next: LogPosition,
    /// Tells the delayed will what became of the session.
    pub(crate) will: Option<oneshot::Sender<WillFate>>,
    number: u64,
    ends: Instant,
}

impl Waiting {
    pub(crate) fn new(kept: Kept, next: LogPosition, expiry: Duration) -> Self {
        Self {
            kept,
            next,
            will: None,
            number: 0,
            ends: Instant::now() + expiry,
        }
    }

    /// It goes on or is purged: its will is not published.
    pub(crate) fn cancel_will(&mut self) {
        if let Some(will) = self.will.take() {
            // Where the will was published already, nobody listens.
            let _ = will.send(WillFate::Cancelled);
        }
    }
}

/// A delayed will whose sender is gone is published: the session has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WillFate {
    Cancelled,
}

/// A waiting session that is over.
pub(crate) struct Ended {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) waiting: Box<Waiting>,
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
    /// A newer CONNECT has come for the session since.
    Superseded,
}

impl Directory {
    /// Enters a connection.
    pub(crate) fn join(
        &self,
        key: &Arc<SessionKey>,
        wish: &Wish,
        make: impl FnOnce() -> Arc<Endpoint>,
    ) -> Joined {
        let inner = &mut *self.inner.lock();
        let arrival = wish.arrival.unwrap_or_else(|| inner.arrive());
        let connected = |endpoint| Entry::connected(endpoint, wish.keeps, arrival);
        let sessions = &mut inner.owner(&key.owner).sessions;
        let Some(entry) = sessions.iter_mut().find(|it| it.is(key)) else {
            let endpoint = make();
            sessions.push(connected(&endpoint));
            return Joined::Fresh {
                endpoint,
                replaced: None,
                ended: None,
            };
        };
        if entry.newest > arrival {
            return Joined::Superseded;
        }
        entry.newest = arrival;
        entry.clears |= wish.clean_start;
        // Also for a clean start: what the last connection still tells the store
        // is then about its own session.
        if let Life::Connected { keeps: true, heir } = &mut entry.life {
            let (sender, free) = oneshot::channel();
            // An older one asks again, and finds that it is not the newest.
            *heir = Some(sender);
            return Joined::Busy {
                endpoint: entry.endpoint.clone(),
                free,
                arrival,
            };
        }
        let resumes = match &entry.life {
            // One whose time is over may not have been swept away yet.
            Life::Waiting(waiting) => !entry.clears && waiting.ends > Instant::now(),
            Life::Connected { .. } => false,
        };
        let endpoint = match resumes {
            true => entry.endpoint.clone(),
            false => make(),
        };
        let last = std::mem::replace(entry, connected(&endpoint));
        let mut waiting = match last.life {
            Life::Connected { .. } => {
                return Joined::Fresh {
                    endpoint,
                    replaced: Some(last.endpoint),
                    ended: None,
                };
            }
            Life::Waiting(waiting) => waiting,
        };
        inner.forget(&waiting);
        if resumes {
            waiting.cancel_will();
            return Joined::Resumed { endpoint, waiting };
        }
        Joined::Fresh {
            endpoint,
            replaced: None,
            ended: Some(Ended {
                endpoint: last.endpoint,
                waiting,
            }),
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
            Some(Life::Connected { heir, .. }) => heir.is_some(),
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
        // Dropped with the entry, its heir asks again.
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
    pub(crate) fn restore(&self, endpoint: &Arc<Endpoint>, waiting: Waiting) {
        let inner = &mut *self.inner.lock();
        let owner = endpoint.key.owner.clone();
        let sessions = &mut inner.owner(&owner).sessions;
        sessions.push(Entry::connected(endpoint, true, Arrival::default()));
        let place = sessions.len() - 1;
        inner.put_to_wait(&owner, place, waiting);
    }

    /// Sessions whose time is over.
    pub(crate) fn expired(&self, now: Instant, gone: impl Fn(&Endpoint)) -> Vec<Ended> {
        let inner = &mut *self.inner.lock();
        let mut ended = Vec::new();
        while let Some((_, key)) = inner
            .ends
            .first_key_value()
            .filter(|((ends, _), _)| *ends <= now)
        {
            let key = key.clone();
            ended.extend(inner.remove_waiting(&key, &gone));
        }
        ended
    }

    /// Owners of waiting sessions.
    pub(crate) fn waiting_owners(&self) -> Vec<Box<str>> {
        let inner = self.inner.lock();
        let mut owners: Vec<Box<str>> = inner
            .waiting
            .values()
            .map(|key| key.owner.clone())
            .collect();
        owners.sort_unstable();
        owners.dedup();
        owners
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

    /// The owner's rate, for a connection that has joined.
    pub(crate) fn rate(&self, owner: &str) -> Arc<Rate> {
        self.inner.lock().owner(owner).rate.clone()
    }

    /// The newest of an owner's sessions that has a connection.
    pub(crate) fn newest(&self, owner: &str) -> Option<Arc<Endpoint>> {
        let inner = self.inner.lock();
        let sessions = &inner.by_owner.get(owner)?.sessions;
        let connected = |it: &&Entry| matches!(it.life, Life::Connected { .. });
        sessions
            .iter()
            .rev()
            .find(connected)
            .map(|it| it.endpoint.clone())
    }

    /// How many sessions wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.inner.lock().waiting.len() as u64
    }
}

impl Entry {
    fn connected(endpoint: &Arc<Endpoint>, keeps: bool, newest: Arrival) -> Self {
        Self {
            endpoint: endpoint.clone(),
            life: Life::Connected { keeps, heir: None },
            newest,
            clears: false,
        }
    }

    fn is(&self, key: &SessionKey) -> bool {
        self.endpoint.key.client_id == key.client_id
    }
}

impl Inner {
    fn owner(&mut self, owner: &str) -> &mut Owner {
        if !self.by_owner.contains_key(owner) {
            let new = Owner {
                sessions: SmallVec::new(),
                rate: Arc::default(),
            };
            self.by_owner.insert(owner.into(), new);
        }
        // It was just put there.
        self.by_owner.get_mut(owner).expect("the owner is there")
    }

    fn arrive(&mut self) -> Arrival {
        self.next_number += 1;
        Arrival(self.next_number)
    }

    fn tidy(&mut self, owner: &str) {
        if self
            .by_owner
            .get(owner)
            .is_some_and(|it| it.sessions.is_empty())
        {
            self.by_owner.remove(owner);
        }
    }

    fn put_to_wait(&mut self, owner: &str, place: usize, mut waiting: Waiting) {
        self.next_number += 1;
        waiting.number = self.next_number;
        let ends = (waiting.ends, waiting.number);
        let entry = &mut self.owner(owner).sessions[place];
        let key = entry.endpoint.key.clone();
        // Its heir asks again.
        entry.life = Life::Waiting(Box::new(waiting));
        self.waiting.insert(ends.1, key.clone());
        self.ends.insert(ends, key);
    }

    fn forget(&mut self, waiting: &Waiting) {
        self.waiting.remove(&waiting.number);
        self.ends.remove(&(waiting.ends, waiting.number));
    }

    fn entry_of(&self, endpoint: &Arc<Endpoint>) -> Option<&Entry> {
        let sessions = &self.by_owner.get(&endpoint.key.owner)?.sessions;
        sessions
            .iter()
            .find(|it| Arc::ptr_eq(&it.endpoint, endpoint))
    }

    fn remove_waiting(&mut self, key: &SessionKey, gone: &impl Fn(&Endpoint)) -> Option<Ended> {
        let sessions = &mut self.owner(&key.owner).sessions;
        let place = sessions.iter().position(|it| it.is(key))?;
        let entry = sessions.remove(place);
        self.tidy(&key.owner);
        match entry.life {
            Life::Waiting(waiting) => {
                self.forget(&waiting);
                gone(&entry.endpoint);
                Some(Ended {
                    endpoint: entry.endpoint,
                    waiting,
                })
            }
            Life::Connected { .. } => None,
        }
    }

    /// Ends those that are too many.
    fn limit(&mut self, owner: &str, config: &Config, gone: &impl Fn(&Endpoint)) -> Vec<Ended> {
        let number = |it: &Entry| match &it.life {
            Life::Waiting(waiting) => Some(waiting.number),
            Life::Connected { .. } => None,
        };
        let own: Vec<u64> = match self.by_owner.get(owner) {
            Some(it) => it.sessions.iter().filter_map(number).collect(),
            None => Vec::new(),
        };
        let mut ended = Vec::new();
        if own.len() > config.waiting_sessions_per_owner
            && let Some(oldest) = own.into_iter().min()
            && let Some(key) = self.waiting.get(&oldest).cloned()
        {
            ended.extend(self.remove_waiting(&key, gone));
        }
        if self.waiting.len() > config.waiting_sessions
            && let Some((_, key)) = self.waiting.first_key_value()
        {
            let key = key.clone();
            ended.extend(self.remove_waiting(&key, gone));
        }
        ended
    }
}

/// Whether sessions of the realm are kept by the store.
pub(crate) const fn is_stored(realm: Realm) -> bool {
    matches!(realm, Realm::Platform)
}
