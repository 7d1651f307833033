//! A worker: one thread, one runtime, and the connections that it accepted. A
//! connection never leaves its worker, so its state needs no lock.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use slab::Slab;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use super::accept::Door;
use super::commit::Commits;
use super::handshake::Handshakes;
use super::held_back::HeldBack;
use super::retained::RetainedTurns;
use super::strangers::{Complaints, Strangers};
use super::upkeep;
use crate::access::{AccessControl, Realm};
use crate::broker::Services;
use crate::config::Config;
use crate::mqtt::connection::Connection;
use crate::mqtt::directory::{Directory, Ended, is_stored};
use crate::mqtt::message::Delivery;
use crate::mqtt::router::{Endpoint, Router};
use crate::mqtt::session::Subscription;
use crate::session_store::{Backlog, SessionChange, SessionStore};
use crate::sink::{MessageSink, RetainedSource};
use crate::stats::{AgencyCounters, ListenerCounters, WorkCounters};

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
    /// Those of them before CONNECT, by address.
    pub(super) strangers: Strangers,
    pub(super) complaints: Complaints,
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
            strangers: Strangers::default(),
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
    pub(crate) retained: RetainedTurns<C>,
    pub(crate) held_back: HeldBack<C>,
    connections: RefCell<Slab<Rc<Connection<C>>>>,
    emptied: Notify,
    stopping: Cell<bool>,
}

/// Bytes read at once beside the longest unfinished packet.
const READ_BYTES: usize = 64 * 1024;
/// What a look at all connections may do before others have their turn: a
/// connection counts for one, and for what it has to be asked beside that. At
/// most 0.2 ms.
const TURN_STEPS: usize = 256;
/// The worker that looks after sessions without a connection.
pub(super) const KEEPER: usize = 0;
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
            retained: RetainedTurns::new(),
            held_back: HeldBack::new(),
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
            let ends = upkeep::end_waiting_sessions(self.clone());
            self.spawn("end sessions", ends);
        }
        let worker = self.clone();
        let commits = async move { worker.commits.run(&worker).await };
        let mut committing = self.spawn("commit", commits);
        self.spawn("dispatch", upkeep::dispatch(self.clone()));
        self.spawn("send retained", upkeep::send_retained(self.clone()));
        let held_back = upkeep::let_held_back_go_on(self.clone());
        self.spawn("let held back go on", held_back);
        self.spawn("watch deadlines", upkeep::watch_deadlines(self.clone()));
        self.spawn("watch rights", upkeep::revalidate(self.clone()));
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
        self.each(|_| 1, |connection| connection.stop()).await;
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
    pub(super) fn connection(&self, endpoint: &Arc<Endpoint>) -> Option<Rc<Connection<C>>> {
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

    /// Visits all connections in turns; `cost` tells what a visit will take.
    pub(super) async fn each(
        &self,
        cost: impl Fn(&Connection<C>) -> usize,
        visit: impl Fn(&Connection<C>),
    ) {
        let places = self.connections.borrow().capacity();
        let mut turn = 0;
        for slot in 0..places {
            let connection = self.connections.borrow().get(slot).cloned();
            let steps = connection.as_deref().map_or(1, &cost);
            if turn > 0 && turn + steps > TURN_STEPS {
                turn = 0;
                tokio::task::yield_now().await;
            }
            turn += steps;
            if let Some(connection) = connection {
                visit(&connection);
            }
        }
    }
}
