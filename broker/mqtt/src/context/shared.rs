//! What all workers and the handle share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::directory::Directory;
use crate::limits::Config;
use crate::listener::{Complaints, PendingLogins};
use crate::router::Router;
use crate::stats::{AgencyCounters, ListenerCounters, WorkCounters};

pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) router: Router,
    pub(crate) directory: Directory,
    pub(crate) listeners: Vec<Arc<ListenerCounters>>,
    /// TCP connections of all workers.
    pub(crate) sockets: AtomicUsize,
    /// Those of them before CONNECT, by address.
    pub(crate) pending_logins: PendingLogins,
    pub(crate) complaints: Complaints,
    pub(crate) work: WorkCounters,
    pub(crate) running: AtomicUsize,
    pub(crate) ended: Notify,
    pub(crate) agencies: Mutex<BTreeMap<Arc<str>, Arc<AgencyCounters>>>,
    started: Instant,
    client_ids: AtomicU64,
}

impl Shared {
    pub(crate) fn new(config: Config, listeners: Vec<Arc<ListenerCounters>>) -> Self {
        let workers = config.worker_count();
        // Another start must not assign what this one did.
        let since_epoch = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self {
            config: Arc::new(config),
            router: Router::new(workers),
            directory: Directory::default(),
            listeners,
            sockets: AtomicUsize::new(0),
            pending_logins: PendingLogins::default(),
            complaints: Complaints::default(),
            work: WorkCounters::default(),
            running: AtomicUsize::new(0),
            ended: Notify::new(),
            agencies: Mutex::default(),
            started: Instant::now(),
            client_ids: AtomicU64::new(since_epoch.as_nanos() as u64),
        }
    }

    /// On the broker's own clock.
    pub(crate) fn nanos(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.started).as_nanos() as u64
    }

    /// Bounded by the agencies that the access control knows.
    pub(crate) fn agency(&self, agency: Arc<str>) -> Arc<AgencyCounters> {
        let mut agencies = self.agencies.lock();
        let counters = agencies.entry(agency);
        let new = |agency: &Arc<str>| Arc::new(AgencyCounters::new(agency.clone()));
        counters.or_insert_with_key(new).clone()
    }

    /// A client id for a client that brings none.
    pub(crate) fn new_client_id(&self) -> String {
        let number = self.client_ids.fetch_add(1, Ordering::Relaxed);
        format!("assigned-{number:016x}")
    }
}
