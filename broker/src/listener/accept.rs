//! Accepting: TLS, and the task of each connection.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;
use tokio_rustls::TlsAcceptor;

use super::handshake::Ticket;
use super::tls::ReloadableTls;
use super::worker::{Seams, Shared, Worker};
use crate::access::{AccessControl, ConnectionEvent, EventKind};
use crate::mqtt::connection::{Connection, Transport};
use crate::stats::ListenerCounters;

/// One listener as its connections see it.
pub(crate) struct Door {
    pub(crate) counters: Arc<ListenerCounters>,
    pub(crate) tls: Option<ReloadableTls>,
}

/// After the system refused a connection, as when file handles have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts for as long as the worker takes connections.
pub(super) async fn accept<C: Seams>(
    worker: Rc<Worker<C>>,
    socket: std::net::TcpListener,
    door: Rc<Door>,
) {
    let listener = match TcpListener::from_std(socket) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!("{} cannot be served: {error}", door.counters.address);
            return;
        }
    };
    loop {
        worker.handshakes.place().await;
        match listener.accept().await {
            Ok((tcp, peer)) => take(&worker, tcp, peer, &door),
            Err(error) => {
                tracing::warn!("{} cannot accept: {error}", door.counters.address);
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn take<C: Seams>(worker: &Rc<Worker<C>>, tcp: TcpStream, peer: SocketAddr, door: &Rc<Door>) {
    door.counters.accepted.add(1);
    let Some(socket) = SocketCount::enter(&worker.shared) else {
        // Closed without a word: there is nothing to say before CONNECT.
        door.counters.unfinished.add(1);
        return;
    };
    let ticket = worker.handshakes.ticket(door.counters.clone());
    let weak = Rc::downgrade(&ticket);
    let task = spawn_local(serve(
        worker.clone(),
        tcp,
        peer,
        door.clone(),
        ticket,
        socket,
    ));
    worker.handshakes.enter(weak, task.abort_handle());
}

/// One connection from accept to its end. What is large and short-lived is
/// boxed, so that an idle connection's task stays small.
async fn serve<C: Seams>(
    worker: Rc<Worker<C>>,
    tcp: TcpStream,
    peer: SocketAddr,
    door: Rc<Door>,
    ticket: Rc<Ticket>,
    _socket: SocketCount,
) {
    let entered = Box::pin(enter(worker, tcp, peer, door, ticket)).await;
    let Some(entered) = entered else { return };
    poll_fn(|cx| entered.connection.poll(&entered.worker, cx)).await;
    Box::pin(entered.connection.finish(&entered.worker)).await;
}

async fn enter<C: Seams>(
    worker: Rc<Worker<C>>,
    tcp: TcpStream,
    peer: SocketAddr,
    door: Rc<Door>,
    ticket: Rc<Ticket>,
) -> Option<Entered<C>> {
    // Answers leave in one write each, so there is nothing to wait for.
    if tcp.set_nodelay(true).is_err() {
        return None;
    }
    let transport = match &door.tls {
        None => Transport::Plain(tcp),
        Some(tls) => shake_hands(&worker, tls, tcp, peer, &door.counters).await?,
    };
    if worker.is_stopping() {
        return None;
    }
    let connection =
        worker.enter(|slot| Connection::new(transport, peer, door.counters.clone(), slot, ticket));
    Some(Entered { worker, connection })
}

async fn shake_hands<C: Seams>(
    worker: &Worker<C>,
    tls: &ReloadableTls,
    tcp: TcpStream,
    peer: SocketAddr,
    counters: &ListenerCounters,
) -> Option<Transport> {
    let handshake = TlsAcceptor::from(tls.current()).accept(tcp);
    let deadline = worker.config().connect_deadline;
    let (kind, reason) = match tokio::time::timeout(deadline, handshake).await {
        Ok(Ok(stream)) => {
            let (tcp, tls) = stream.into_inner();
            return Some(Transport::tls(tcp, tls));
        }
        Ok(Err(error)) => (EventKind::TlsFailed, error.to_string()),
        Err(_) => (
            EventKind::ConnectTimeout,
            "no TLS handshake within the deadline".into(),
        ),
    };
    counters.unfinished.add(1);
    worker.services.access.record(ConnectionEvent {
        login: None,
        peer,
        listener: counters.listener,
        kind,
        reason: reason.into(),
        cure: "the device must speak TLS 1.2 or 1.3 here and trust the platform's certificate",
        head: &[],
    });
    None
}

/// A connection among those of its worker. Dropping it takes it out again,
/// also when the task is aborted or panics.
struct Entered<C: Seams> {
    worker: Rc<Worker<C>>,
    connection: Rc<Connection<C>>,
}

impl<C: Seams> Drop for Entered<C> {
    fn drop(&mut self) {
        self.connection.release_dropped(&self.worker);
        self.worker.leave(self.connection.slot());
    }
}

/// A socket among those of all workers.
struct SocketCount(Arc<Shared>);

impl SocketCount {
    fn enter(shared: &Arc<Shared>) -> Option<Self> {
        let count = Self(shared.clone());
        let before = shared.sockets.fetch_add(1, Ordering::Relaxed);
        // Dropped, it counts itself out again.
        (before < shared.config.max_connections).then_some(count)
    }
}

impl Drop for SocketCount {
    fn drop(&mut self) {
        self.0.sockets.fetch_sub(1, Ordering::Relaxed);
    }
}
