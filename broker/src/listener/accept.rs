//! Accepting: TLS, WebSocket, and the task of each connection.

use std::borrow::Cow;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;
use tokio::time::timeout_at;
use tokio_rustls::TlsAcceptor;

use super::handshake::Ticket;
use super::strangers::Stranger;
use super::tls::ReloadableTls;
use super::upgrade::upgrade;
use super::worker::{Seams, Shared, Worker};
use crate::access::{AccessControl, ConnectionEvent, EventKind, Listener};
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
                let complaint = &worker.shared.complaints.cannot_accept;
                if let Some(times) = complaint.due(Instant::now()) {
                    let address = door.counters.address;
                    tracing::warn!("{address} cannot accept ({times} times lately): {error}");
                }
                // Without file handles whoever is not served yet gives way to
                // the newcomer.
                if is_want_of_handles(&error) && worker.handshakes.give_way() {
                    tokio::task::yield_now().await;
                } else {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// EMFILE and ENFILE.
fn is_want_of_handles(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(EMFILE | ENFILE))
}

fn take<C: Seams>(worker: &Rc<Worker<C>>, tcp: TcpStream, peer: SocketAddr, door: &Rc<Door>) {
    door.counters.accepted.add(1);
    let Some((socket, stranger)) = places(worker, peer) else {
        // Closed without a word: there is nothing to say before CONNECT.
        door.counters.unfinished.add(1);
        return;
    };
    let ticket = worker.handshakes.ticket(door.counters.clone(), stranger);
    let (since, weak) = (ticket.since(), Rc::downgrade(&ticket));
    let task = spawn_local(serve(
        worker.clone(),
        tcp,
        peer,
        door.clone(),
        ticket,
        socket,
    ));
    worker.handshakes.enter(since, weak, task.abort_handle());
}

/// A newcomer's places among all connections and among those of its address.
fn places<C: Seams>(worker: &Worker<C>, peer: SocketAddr) -> Option<(SocketCount, Stranger)> {
    let (shared, config) = (&worker.shared, worker.config());
    let Some(socket) = SocketCount::enter(shared) else {
        if let Some(times) = shared.complaints.full.due(Instant::now()) {
            let most = config.max_connections;
            tracing::warn!(
                "{times} connections were closed at once: {most} stand, and that is the limit"
            );
        }
        return None;
    };
    let Some(stranger) = shared.strangers.enter(peer.ip(), config) else {
        if let Some(times) = shared.complaints.crowded.due(Instant::now()) {
            let (most, ip) = (config.strangers_per_address, peer.ip());
            tracing::warn!(
                "{times} connections were closed at once, the last from {ip}: {most} from there have not logged in, and that is the limit"
            );
        }
        return None;
    };
    Some((socket, stranger))
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
    let patience = worker.config().connect_deadline;
    if ticket.wait(&worker.handshakes, patience).await.is_none() {
        door.counters.unfinished.add(1);
        return None;
    }
    let knock = Knock {
        worker: &worker,
        peer,
        door: &door,
        deadline: ticket.since() + worker.config().connect_deadline,
    };
    let transport = knock.enter(tcp).await?;
    if worker.is_stopping() {
        return None;
    }
    let connection =
        worker.enter(|slot| Connection::new(transport, peer, door.counters.clone(), slot, ticket));
    Some(Entered { worker, connection })
}

/// What comes before MQTT: TLS and WebSocket, where the listener has them.
struct Knock<'a, C: Seams> {
    worker: &'a Worker<C>,
    peer: SocketAddr,
    door: &'a Door,
    deadline: Instant,
}

impl<C: Seams> Knock<'_, C> {
    async fn enter(&self, tcp: TcpStream) -> Option<Transport> {
        let listener = self.door.counters.listener;
        let transport = match &self.door.tls {
            None => Transport::tcp(tcp),
            Some(tls) => self.shake_hands(tls.current(listener), tcp).await?,
        };
        match listener {
            Listener::Ws | Listener::Wss => self.upgrade(transport).await,
            _ => Some(transport),
        }
    }

    async fn shake_hands(&self, tls: Arc<ServerConfig>, tcp: TcpStream) -> Option<Transport> {
        const CURE: &str =
            "the device must speak TLS 1.2 or 1.3 here and trust the platform's certificate";
        let handshake = TlsAcceptor::from(tls).accept(tcp);
        match timeout_at(self.deadline.into(), handshake).await {
            Ok(Ok(stream)) => {
                let (tcp, tls) = stream.into_inner();
                Some(Transport::tls(tcp, tls))
            }
            Ok(Err(error)) => self.turn_away(EventKind::TlsFailed, error.to_string().into(), CURE),
            Err(_) => self.turn_away(
                EventKind::ConnectTimeout,
                "no TLS handshake within the deadline".into(),
                CURE,
            ),
        }
    }

    async fn upgrade(&self, transport: Transport) -> Option<Transport> {
        const CURE: &str = "the client must use MQTT over WebSocket here: path /mqtt, subprotocol mqtt, and wss:// on the TLS port";
        match timeout_at(self.deadline.into(), upgrade(transport)).await {
            Ok(Ok(transport)) => Some(transport),
            Ok(Err(error)) => {
                self.turn_away(EventKind::ProtocolError, error.to_string().into(), CURE)
            }
            Err(_) => self.turn_away(
                EventKind::ConnectTimeout,
                "no WebSocket handshake within the deadline".into(),
                CURE,
            ),
        }
    }

    fn turn_away(
        &self,
        kind: EventKind,
        reason: Cow<'static, str>,
        cure: &'static str,
    ) -> Option<Transport> {
        self.door.counters.unfinished.add(1);
        self.worker.services.access.record(ConnectionEvent {
            login: None,
            peer: self.peer,
            listener: self.door.counters.listener,
            kind,
            reason,
            cure,
            // It may be a request, and hold a cookie.
            head: &[],
        });
        None
    }
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
