//! What the connections of a worker share: the platform's services, what the
//! worker's loops wait for, and buffers. It lies below the connections, whose
//! type `O` it only keeps; the loops above them are in `worker`.

mod commits;
mod held_back;
mod retained_turns;
mod services;
mod shared;

use std::cell::RefCell;
use std::sync::Arc;

use tokio::task::spawn_local;
use transport::{Realm, SessionChange, SessionStore};

pub(crate) use commits::{Commits, Group};
pub(crate) use held_back::HeldBack;
pub(crate) use retained_turns::RetainedTurns;
pub(crate) use services::Staged;
pub use services::{ServiceSet, Services};
pub(crate) use shared::Shared;

use crate::directory::{Ended, is_stored};
use crate::limits::Config;
use crate::message::Delivery;
use crate::router::Endpoint;
use crate::session::Subscription;

/// Bytes read at once beside the longest unfinished packet.
const READ_BYTES: usize = 64 * 1024;

pub(crate) struct WorkerContext<S: Services, O> {
    /// Which worker it is.
    pub(crate) index: usize,
    pub(crate) shared: Arc<Shared>,
    pub(crate) services: Arc<S>,
    pub(crate) commits: Commits<Staged<S>, O>,
    /// What a socket holds, while its packets are handled.
    pub(crate) read_buffer: RefCell<Box<[u8]>>,
    /// Answers of one batch.
    pub(crate) scratch: RefCell<Vec<u8>>,
    pub(crate) retained: RetainedTurns<O>,
    pub(crate) held_back: HeldBack<O>,
}

impl<S: Services, O> WorkerContext<S, O> {
    pub(crate) fn new(index: usize, shared: Arc<Shared>, services: Arc<S>) -> Self {
        let config = &shared.config;
        let longest = config.max_packet.max(config.max_packet_before_connect);
        Self {
            index,
            services,
            commits: Commits::new(),
            read_buffer: RefCell::new(vec![0; longest + READ_BYTES].into_boxed_slice()),
            scratch: RefCell::default(),
            retained: RetainedTurns::new(),
            held_back: HeldBack::new(),
            shared,
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Tells a connection that another has its session now.
    pub(crate) fn take_over(&self, endpoint: &Arc<Endpoint>) {
        if let Some(attachment) = endpoint.attachment() {
            let inbox = self.shared.router.inbox(attachment.worker);
            inbox.take_over(endpoint.clone());
        }
    }

    /// Tells the store, unless another session has the key by now. Nobody waits
    /// for it; a fault of the store ends the platform.
    pub(crate) fn save_for(&self, endpoint: &Arc<Endpoint>, change: SessionChange) {
        let save = || drop(self.services.sessions().save(vec![change]));
        self.shared.directory.while_its_own(endpoint, save);
    }

    /// Tells the store that a session that waited is over.
    pub(crate) fn save_end(&self, endpoint: &Endpoint) {
        if is_stored(endpoint.realm) {
            let key = endpoint.key.clone();
            let ended = vec![SessionChange::Ended { key }];
            drop(self.services.sessions().save(ended));
        }
    }

    /// A session that waited is over, and the store knows. Its delayed will is
    /// published where nobody cancelled it: the will's sender is dropped here.
    pub(crate) fn forget_session(&self, ended: Ended) {
        let Ended {
            endpoint,
            mut waiting,
        } = ended;
        let left = waiting.kept.take_shared();
        let subscriptions = &waiting.kept.subscriptions;
        if !is_stored(endpoint.realm) {
            let router = &self.shared.router;
            router.unsubscribe_all(&endpoint, subscriptions);
        }
        self.pass_on(endpoint.realm, subscriptions, left);
    }

    /// Ends the sessions that wait for an owner who is no longer admitted.
    pub(crate) fn purge(&self, owner: &str) {
        let directory = &self.shared.directory;
        for ended in directory.purge(owner, |it| self.save_end(it)) {
            self.forget_session(ended);
        }
    }

    /// What a session had of its groups goes to their other members, in turns.
    pub(crate) fn pass_on(
        &self,
        realm: Realm,
        subscriptions: &[Subscription],
        left: Vec<Delivery>,
    ) {
        if left.is_empty() {
            return;
        }
        let groups = subscriptions.iter().filter(|it| it.group.is_some());
        let groups: Vec<Subscription> = groups.cloned().collect();
        let (shared, mut left) = (self.shared.clone(), left.into_iter());
        if shared.router.pass_on(realm, &groups, &mut left) {
            spawn_local(async move {
                while shared.router.pass_on(realm, &groups, &mut left) {
                    tokio::task::yield_now().await;
                }
            });
        }
    }
}
