//! A worker: one thread, one runtime, and the connections that it accepted. A
//! connection never leaves its worker, so its state needs no lock.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use slab::Slab;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use super::accept::Door;
use super::commit::Commits;
use super::handshake::Handshakes;
use crate::access::AccessControl;
use crate::broker::Services;
use crate::config::Config;
use crate::mqtt::connection::{Connection, End};
use crate::mqtt::directory::{Directory, Ended, is_stored};
use crate::mqtt::router::{Endpoint, Router};
use crate::session_store::{Backlog, SessionChange, SessionStore};
use crate::sink::{MessageSink, RetainedSource};
use crate::stats::{AgencyCounters, ListenerCounters};

/// The seams of one composition under one name, so that no signature repeats
/// their bounds.
pub(crate) trait Seams: Sized + 'static {
    type Principal: Clone + Send + Sync + 'static;
    type Access: AccessControl<Principal = Self::Principal>;
    type Sink: MessageSink<Self::Principal>;
    type Retained: RetainedSource<Self::Principal>;
    type Sessions: SessionStore;
    type Backlog: Backlog<Self::Principal>;
}

pub(crate) struct Composition<A, S, R, K, B>(PhantomData<(A, S, R, K, B)>);

impl<A, S, R, K, B> Seams for Composition<A, S, R, K, B>
where
    A: AccessControl,
    S: MessageSink<A::Principal>,
    R: RetainedSource<A::Principal>,
    K: SessionStore,
    B: Backlog<A::Principal>,
{
    type Principal = A::Principal;
    type Access = A;
    type Sink = S;
    type Retained = R;
    type Sessions = K;
    type Backlog = B;
}

pub(crate) type ServicesOf<C> = Services<
    <C as Seams>::Access,
    <C as Seams>::Sink,
    <C as Seams>::Retained,
    <C as Seams>::Sessions,
    <C as Seams>::Backlog,
>;

/// What all workers and the handle share.
pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) router: Router,
    pub(crate) directory: Directory,
    pub(crate) listeners: Vec<Arc<ListenerCounters>>,
    /// TCP connections of all workers.
    pub(crate) sockets: AtomicUsize,
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

pub(crate) struct Worker<C: Seams> {
    pub(crate) index: usize,
    pub(crate) shared: Arc<Shared>,
    pub(crate) services: ServicesOf<C>,
    pub(crate) commits: Commits<C>,
    /// What a socket holds, while its packets are handled.
    pub(crate) read_buffer: RefCell<Box<[u8]>>,
    /// Answers of one batch.
    pub(crate) scratch: RefCell<Vec<u8>>,
    pub(super) handshakes: Handshakes,
    connections: RefCell<Slab<Rc<Connection<C>>>>,
    emptied: Notify,
    stopping: Cell<bool>,
}

/// Bytes read at once beside the longest unfinished packet.
const READ_BYTES: usize = 64 * 1024;
/// Connections looked at before others have their turn.
const TURN_CONNECTIONS: usize = 128;
/// The worker that looks after sessions without a connection.
const KEEPER: usize = 0;
/// Between two looks at the session that ends next.
const EXPIRY_PERIOD: Duration = Duration::from_millis(100);
/// Between two looks at all connections for changed rights.
const REVALIDATE_PAUSE: Duration = Duration::from_millis(100);

impl<C: Seams> Worker<C> {
    pub(crate) fn new(index: usize, shared: Arc<Shared>, services: ServicesOf<C>) -> Rc<Self> {
        let config = &shared.config;
        let longest = config.max_packet.max(config.max_packet_before_connect);
        let handshakes = config.handshakes_in_flight.div_ceil(config.worker_count());
        Rc::new(Self {
            index,
            services,
            commits: Commits::new(),
            read_buffer: RefCell::new(vec![0; longest + READ_BYTES].into_boxed_slice()),
            scratch: RefCell::default(),
            handshakes: Handshakes::new(handshakes),
            connections: RefCell::default(),
            emptied: Notify::new(),
            stopping: Cell::new(false),
            shared,
        })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.shared.config
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Runs on the thread's own runtime until the broker is stopped.
    pub(crate) fn run(
        self: Rc<Self>,
        doors: Vec<(std::net::TcpListener, Door)>,
    ) -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        LocalSet::new().block_on(&runtime, self.serve(doors));
        Ok(())
    }

    async fn serve(self: Rc<Self>, doors: Vec<(std::net::TcpListener, Door)>) {
        let mut accepting = Vec::new();
        for (socket, door) in doors {
            let name = format!("accept on {}", door.counters.address);
            let accept = super::accept::accept(self.clone(), socket, Rc::new(door));
            accepting.push(self.spawn(&name, accept));
        }
        if self.index == KEEPER {
            self.spawn("end sessions", end_waiting_sessions(self.clone()));
        }
        let worker = self.clone();
        let commits = async move { worker.commits.run(&worker).await };
        let mut committing = self.spawn("commit", commits);
        self.spawn("dispatch", dispatch(self.clone()));
        self.spawn("watch deadlines", watch_deadlines(self.clone()));
        self.spawn("watch rights", revalidate(self.clone()));
        let inbox = self.shared.router.inbox(self.index);
        tokio::select! {
            () = inbox.stop.notified() => {}
            _ = &mut committing => {
                tracing::error!("committing has failed; worker {} stops", self.index);
            }
        }
        self.stopping.set(true);
        for task in &accepting {
            task.abort();
        }
        for task in accepting {
            // Aborted on purpose; awaited so that its socket is closed.
            let _ = task.await;
        }
        self.each(|connection| connection.stop()).await;
        let drained = async {
            while !self.connections.borrow().is_empty() {
                self.emptied.notified().await;
            }
        };
        if tokio::time::timeout(self.config().drain, drained)
            .await
            .is_err()
        {
            let left = self.connections.borrow().len();
            tracing::warn!("{left} connections did not end within the grace time");
        }
    }

    /// One of the worker's own tasks: they end with it alone.
    fn spawn(&self, name: &str, task: impl Future<Output = ()> + 'static) -> JoinHandle<()> {
        let name = format!("mqtt-{} {name}", self.index);
        spawn_local(self.config().scope.task(&name, task))
    }

    /// A place for a connection.
    pub(super) fn enter(&self, make: impl FnOnce(usize) -> Rc<Connection<C>>) -> Rc<Connection<C>> {
        let mut connections = self.connections.borrow_mut();
        let place = connections.vacant_entry();
        let connection = make(place.key());
        place.insert(connection.clone());
        connection
    }

    pub(super) fn leave(&self, slot: usize) {
        let mut connections = self.connections.borrow_mut();
        connections.try_remove(slot);
        if connections.is_empty() {
            self.emptied.notify_one();
        }
    }

    /// The connection of an endpoint, unless its place has another by now.
    fn connection(&self, endpoint: &Arc<Endpoint>) -> Option<Rc<Connection<C>>> {
        let seat = endpoint.seat().filter(|seat| seat.worker == self.index)?;
        let connections = self.connections.borrow();
        let connection = connections.get(seat.slot)?;
        connection.is_of(endpoint).then(|| connection.clone())
    }

    /// Tells a connection that another has its session now.
    pub(crate) fn take_over(&self, endpoint: &Arc<Endpoint>) {
        if let Some(seat) = endpoint.seat() {
            let inbox = self.shared.router.inbox(seat.worker);
            inbox.take_over(endpoint.clone());
        }
    }

    /// Tells the store, unless another session has the key by now. Nobody waits
    /// for it; a fault of the store ends the platform.
    pub(crate) fn save_for(&self, endpoint: &Arc<Endpoint>, change: SessionChange) {
        let save = || drop(self.services.sessions.save(vec![change]));
        self.shared.directory.while_its_own(endpoint, save);
    }

    /// Tells the store that a session that waited is over.
    pub(crate) fn save_end(&self, endpoint: &Endpoint) {
        if is_stored(endpoint.realm) {
            let key = endpoint.key.clone();
            let ended = vec![SessionChange::Ended { key }];
            drop(self.services.sessions.save(ended));
        }
    }

    /// A session that waited is over, and the store knows. Its delayed will is
    /// published where nobody cancelled it: the will's sender is dropped here.
    pub(crate) fn forget_session(&self, ended: Ended) {
        let Ended {
            endpoint,
            mut waiting,
        } = ended;
        let router = &self.shared.router;
        let left = waiting.kept.take_shared();
        let subscriptions = &waiting.kept.subscriptions;
        if !is_stored(endpoint.realm) {
            router.unsubscribe_all(&endpoint, subscriptions);
        }
        router.pass_on(endpoint.realm, subscriptions, left);
    }

    /// Ends the sessions that wait for an owner who is no longer admitted.
    pub(crate) fn purge(&self, owner: &str) {
        let directory = &self.shared.directory;
        for ended in directory.purge(owner, |it| self.save_end(it)) {
            self.forget_session(ended);
        }
    }

    async fn each(&self, visit: impl Fn(&Connection<C>)) {
        let places = self.connections.borrow().capacity();
        for slot in 0..places {
            let connection = self.connections.borrow().get(slot).cloned();
            if let Some(connection) = connection {
                visit(&connection);
            }
            if slot % TURN_CONNECTIONS == TURN_CONNECTIONS - 1 {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Hands over what other threads have for this worker's connections.
async fn dispatch<C: Seams>(worker: Rc<Worker<C>>) {
    let inbox = worker.shared.router.inbox(worker.index);
    let mut ready = Vec::new();
    loop {
        inbox.work.notified().await;
        for endpoint in inbox.take_taken_over() {
            if let Some(connection) = worker.connection(&endpoint) {
                connection.close(&worker, End::taken_over());
            }
        }
        inbox.take_ready(&mut ready);
        for (count, endpoint) in ready.drain(..).enumerate() {
            if let Some(connection) = worker.connection(&endpoint) {
                connection.deliver(&worker);
            }
            if count % TURN_CONNECTIONS == TURN_CONNECTIONS - 1 {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Ends the sessions whose owner is no longer admitted.
async fn purge_waiting_sessions<C: Seams>(worker: &Worker<C>) {
    let (access, directory) = (&worker.services.access, &worker.shared.directory);
    for (count, owner) in directory.waiting_owners().into_iter().enumerate() {
        if access.owner_admitted(&owner).is_err() {
            worker.purge(&owner);
        }
        if count % TURN_CONNECTIONS == TURN_CONNECTIONS - 1 {
            tokio::task::yield_now().await;
        }
    }
}

/// Ends the sessions whose time is over.
async fn end_waiting_sessions<C: Seams>(worker: Rc<Worker<C>>) {
    loop {
        tokio::time::sleep(EXPIRY_PERIOD).await;
        let gone = |ended: &Endpoint| worker.save_end(ended);
        for ended in worker.shared.directory.expired(Instant::now(), gone) {
            worker.forget_session(ended);
        }
    }
}

async fn watch_deadlines<C: Seams>(worker: Rc<Worker<C>>) {
    let period = (worker.config().connect_deadline / 4)
        .clamp(Duration::from_millis(50), Duration::from_secs(1));
    // As long as this comes round, the worker's other tasks get their turn.
    let alive = worker
        .config()
        .scope
        .watch(&format!("mqtt-{}", worker.index));
    loop {
        alive.beat();
        tokio::time::sleep(period).await;
        let now = Instant::now();
        worker
            .each(|connection| connection.check_deadlines(&worker, now))
            .await;
    }
}

async fn revalidate<C: Seams>(worker: Rc<Worker<C>>) {
    let inbox = worker.shared.router.inbox(worker.index);
    loop {
        inbox.rights.notified().await;
        worker
            .each(|connection| connection.revalidate(&worker))
            .await;
        if worker.index == KEEPER {
            purge_waiting_sessions(&worker).await;
        }
        tokio::time::sleep(REVALIDATE_PAUSE).await;
    }
}
