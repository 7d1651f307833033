//! The tables under the directory's lock: sessions by owner, and those that
//! wait in order of time.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use smallvec::SmallVec;
use tokio::sync::oneshot;
use transport::SessionKey;

use super::waiting::{Arrival, Ended, Waiting};
use crate::limits::Account;
use crate::limits::Config;
use crate::router::Endpoint;

#[derive(Default)]
pub(super) struct Inner {
    pub(super) by_owner: HashMap<Box<str>, Owner>,
    /// Waiting sessions by the time at which they end.
    pub(super) ends: BTreeMap<(Instant, u64), Arc<SessionKey>>,
    /// The same by the time since which they wait, oldest first.
    pub(super) waiting: BTreeMap<u64, Arc<SessionKey>>,
    pub(super) next_number: u64,
    /// Of client ids, which clients choose.
    pub(super) hasher: RandomState,
    /// Subscriptions of all accounts.
    pub(super) subscriptions: Arc<AtomicUsize>,
}

pub(super) struct Owner {
    pub(super) sessions: SmallVec<[Entry; 1]>,
    pub(super) account: Arc<Account>,
}

pub(super) struct Entry {
    pub(super) endpoint: Arc<Endpoint>,
    /// Of its client id: an owner may have thousands of sessions, and a look
    /// for one of them touches only this.
    pub(super) hash: u64,
    pub(super) life: Life,
    /// Of the CONNECT that came last for it, whether it has the session or
    /// still waits.
    pub(super) newest: Arrival,
    /// Who came since the session's connection wanted a clean start.
    pub(super) clears: bool,
}

pub(super) enum Life {
    Connected {
        /// It outlives its connection.
        keeps: bool,
        /// The connection that has the session when this one has let go of it.
        successor: Option<oneshot::Sender<()>>,
    },
    Waiting(Box<Waiting>),
}

impl Entry {
    /// Whether a connection that joins goes on with the session.
    pub(super) fn may_be_resumed(&self) -> bool {
        match &self.life {
            // One whose time is over may not have been swept away yet.
            Life::Waiting(waiting) => !self.clears && waiting.ends > Instant::now(),
            Life::Connected { .. } => false,
        }
    }

    pub(super) fn connected(
        endpoint: &Arc<Endpoint>,
        hash: u64,
        keeps: bool,
        newest: Arrival,
    ) -> Self {
        Self {
            endpoint: endpoint.clone(),
            hash,
            life: Life::Connected {
                keeps,
                successor: None,
            },
            newest,
            clears: false,
        }
    }

    pub(super) fn is(&self, key: &SessionKey, hash: u64) -> bool {
        self.hash == hash && self.endpoint.key.client_id == key.client_id
    }
}

impl Inner {
    pub(super) fn hash(&self, key: &SessionKey) -> u64 {
        self.hasher.hash_one(&key.client_id)
    }

    pub(super) fn owner(&mut self, owner: &str) -> &mut Owner {
        if !self.by_owner.contains_key(owner) {
            let new = Owner {
                sessions: SmallVec::new(),
                account: Account::new(self.subscriptions.clone()).into(),
            };
            self.by_owner.insert(owner.into(), new);
        }
        // It was just put there.
        self.by_owner.get_mut(owner).expect("the owner is there")
    }

    pub(super) fn newest(&self, owner: &str) -> Option<Arc<Endpoint>> {
        let sessions = &self.by_owner.get(owner)?.sessions;
        let connected = |it: &&Entry| matches!(it.life, Life::Connected { .. });
        sessions
            .iter()
            .rev()
            .find(connected)
            .map(|it| it.endpoint.clone())
    }

    pub(super) fn arrive(&mut self) -> Arrival {
        self.next_number += 1;
        Arrival(self.next_number)
    }

    pub(super) fn tidy(&mut self, owner: &str) {
        if self
            .by_owner
            .get(owner)
            .is_some_and(|it| it.sessions.is_empty())
        {
            self.by_owner.remove(owner);
        }
    }

    pub(super) fn put_to_wait(&mut self, owner: &str, place: usize, mut waiting: Waiting) {
        self.next_number += 1;
        waiting.number = self.next_number;
        let ends = (waiting.ends, waiting.number);
        let entry = &mut self.owner(owner).sessions[place];
        let key = entry.endpoint.key.clone();
        // Its successor asks again.
        entry.life = Life::Waiting(Box::new(waiting));
        self.waiting.insert(ends.1, key.clone());
        self.ends.insert(ends, key);
    }

    pub(super) fn forget(&mut self, waiting: &Waiting) {
        self.waiting.remove(&waiting.number);
        self.ends.remove(&(waiting.ends, waiting.number));
    }

    pub(super) fn entry_of(&self, endpoint: &Arc<Endpoint>) -> Option<&Entry> {
        let sessions = &self.by_owner.get(&endpoint.key.owner)?.sessions;
        sessions
            .iter()
            .find(|it| Arc::ptr_eq(&it.endpoint, endpoint))
    }

    pub(super) fn remove_waiting(
        &mut self,
        key: &SessionKey,
        gone: &impl Fn(&Endpoint),
    ) -> Option<Ended> {
        let hash = self.hash(key);
        let sessions = &mut self.by_owner.get_mut(&key.owner)?.sessions;
        let waits = |it: &Entry| it.is(key, hash) && matches!(it.life, Life::Waiting(_));
        let place = sessions.iter().position(waits)?;
        let entry = sessions.remove(place);
        self.tidy(&key.owner);
        // It was found to be one that waits.
        let Life::Waiting(waiting) = entry.life else {
            return None;
        };
        self.forget(&waiting);
        gone(&entry.endpoint);
        Some(Ended {
            endpoint: entry.endpoint,
            waiting,
        })
    }

    /// Ends those that are too many.
    pub(super) fn limit(
        &mut self,
        owner: &str,
        config: &Config,
        gone: &impl Fn(&Endpoint),
    ) -> Vec<Ended> {
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
