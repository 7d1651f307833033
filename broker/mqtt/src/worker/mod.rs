//! A worker: one thread, one runtime, and the connections that it accepted. A
//! connection never leaves its worker, so its state needs no lock.
//!
//! - `accept`: TLS, WebSocket, and the task of each connection
//! - `commit`: one commit for what many connections have staged
//! - `dispatch`: what other threads have for the connections
//! - `turns`: retained messages, and connections that the sink had no room for
//! - `upkeep`: deadlines, rights, sessions without a connection

mod accept;
mod commit;
mod dispatch;
mod turns;
mod upkeep;

use std::cell::{Cell, RefCell};
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;

use slab::Slab;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use crate::connection::{Connection, WorkerContext};
use crate::context::{Services, Shared};
use crate::listener::{Handshakes, OpenListener};
use crate::router::Endpoint;

pub(crate) struct Worker<S: Services> {
    context: Rc<WorkerContext<S>>,
    handshakes: Handshakes,
    connections: RefCell<Slab<Rc<Connection<S>>>>,
    emptied: Notify,
    stopping: Cell<bool>,
}

/// What a look at all connections may do before others have their turn: a
/// connection counts for one, and for what it has to be asked beside that. At
/// most 0.2 ms.
const TURN_STEPS: usize = 256;
/// The worker that looks after sessions without a connection.
const KEEPER: usize = 0;

impl<S: Services> Worker<S> {
    pub(crate) fn new(index: usize, shared: Arc<Shared>, services: Arc<S>) -> Rc<Self> {
        let config = &shared.config;
        let handshakes = config.handshakes_in_flight.div_ceil(config.worker_count());
        Rc::new(Self {
            handshakes: Handshakes::new(handshakes),
            context: Rc::new(WorkerContext::new(index, shared, services)),
            connections: RefCell::default(),
            emptied: Notify::new(),
            stopping: Cell::new(false),
        })
    }

    fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Runs on the thread's own runtime until the broker is stopped.
    pub(crate) fn run(
        self: Rc<Self>,
        sockets: Vec<(TcpListener, OpenListener)>,
    ) -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        LocalSet::new().block_on(&runtime, self.serve(sockets));
        Ok(())
    }

    async fn serve(self: Rc<Self>, sockets: Vec<(TcpListener, OpenListener)>) {
        let mut accepting = Vec::new();
        for (socket, listener) in sockets {
            let name = format!("accept on {}", listener.counters.address);
            let accept = accept::accept(self.clone(), socket, Rc::new(listener));
            accepting.push(self.spawn(&name, accept));
        }
        if self.context.index == KEEPER {
            let ends = upkeep::end_waiting_sessions(self.context.clone());
            self.spawn("end sessions", ends);
        }
        let mut committing = self.spawn("commit", commit::run(self.context.clone()));
        self.spawn("dispatch", dispatch::dispatch(self.clone()));
        self.spawn("send retained", turns::send_retained(self.context.clone()));
        let held_back = turns::let_held_back_go_on(self.context.clone());
        self.spawn("let held back go on", held_back);
        self.spawn("watch deadlines", upkeep::watch_deadlines(self.clone()));
        self.spawn("watch rights", upkeep::revalidate(self.clone()));
        let inbox = self.context.shared.router.inbox(self.context.index);
        tokio::select! {
            () = inbox.stop.notified() => {}
            _ = &mut committing => {
                tracing::error!("committing has failed; worker {} stops", self.context.index);
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
        if tokio::time::timeout(self.context.config().drain, drained)
            .await
            .is_err()
        {
            let left = self.connections.borrow().len();
            tracing::warn!("{left} connections did not end within the grace time");
        }
    }

    /// One of the worker's own tasks: they end with it alone.
    fn spawn(&self, name: &str, task: impl Future<Output = ()> + 'static) -> JoinHandle<()> {
        let name = format!("mqtt-{} {name}", self.context.index);
        spawn_local(self.context.config().scope.task(&name, task))
    }

    /// A place for a connection.
    fn enter(&self, make: impl FnOnce(usize) -> Rc<Connection<S>>) -> Rc<Connection<S>> {
        let mut connections = self.connections.borrow_mut();
        let place = connections.vacant_entry();
        let connection = make(place.key());
        place.insert(connection.clone());
        connection
    }

    fn leave(&self, slot: usize) {
        let mut connections = self.connections.borrow_mut();
        connections.try_remove(slot);
        if connections.is_empty() {
            self.emptied.notify_one();
        }
    }

    /// The connection of an endpoint, unless its place has another by now.
    fn connection(&self, endpoint: &Arc<Endpoint>) -> Option<Rc<Connection<S>>> {
        let attachment = endpoint
            .attachment()
            .filter(|attachment| attachment.worker == self.context.index)?;
        let connections = self.connections.borrow();
        let connection = connections.get(attachment.slot)?;
        connection.is_of(endpoint).then(|| connection.clone())
    }

    /// Visits all connections in turns; `cost` tells what a visit will take.
    async fn each(&self, cost: impl Fn(&Connection<S>) -> usize, visit: impl Fn(&Connection<S>)) {
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
