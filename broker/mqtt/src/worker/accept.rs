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
use transport::{AccessControl, ConnectionEvent, EventKind, Listener};

use super::Worker;
use crate::connection::{Connection, WorkerContext};
use crate::context::{Services, Shared};
use crate::listener::{OpenListener, PendingLogin, Ticket, upgrade};
use crate::stream::Stream;

/// After the system refused a connection, as when file handles have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts for as long as the worker takes connections.
pub(super) async fn accept<S: Services>(
    worker: Rc<Worker<S>>,
    socket: std::net::TcpListener,
    listener: Rc<OpenListener>,
) {
    let socket = match TcpListener::from_std(socket) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::error!("{} cannot be served: {error}", listener.counters.address);
            return;
        }
    };
    loop {
        worker.handshakes.place().await;
        match socket.accept().await {
            Ok((tcp, peer)) => take(&worker, tcp, peer, &listener),
            Err(error) => {
                let complaint = &worker.context.shared.complaints.cannot_accept;
                if let Some(times) = complaint.due(Instant::now()) {
                    let address = listener.counters.address;
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

fn take<S: Services>(
    worker: &Rc<Worker<S>>,
    tcp: TcpStream,
    peer: SocketAddr,
    listener: &Rc<OpenListener>,
) {
    listener.counters.accepted.add(1);
    let Some((socket, login)) = places(worker, peer) else {
        // Closed without a word: there is nothing to say before CONNECT.
        listener.counters.unfinished.add(1);
        return;
    };
    let ticket = worker.handshakes.ticket(listener.counters.clone(), login);
    let (since, weak) = (ticket.since(), Rc::downgrade(&ticket));
    let task = spawn_local(serve(
        worker.clone(),
        tcp,
        peer,
        listener.clone(),
        ticket,
        socket,
    ));
    worker.handshakes.enter(since, weak, task.abort_handle());
}

/// A newcomer's places among all connections and among those of its address.
fn places<S: Services>(
    worker: &Worker<S>,
    peer: SocketAddr,
) -> Option<(SocketCount, PendingLogin)> {
    let (shared, config) = (&worker.context.shared, worker.context.config());
    let Some(socket) = SocketCount::enter(shared) else {
        if let Some(times) = shared.complaints.full.due(Instant::now()) {
            let most = config.max_connections;
            tracing::warn!(
                "{times} connections were closed at once: {most} stand, and that is the limit"
            );
        }
        return None;
    };
    let Some(login) = shared.pending_logins.enter(peer.ip(), config) else {
        if let Some(times) = shared.complaints.crowded.due(Instant::now()) {
            let (most, ip) = (config.pending_logins_per_address, peer.ip());
            tracing::warn!(
                "{times} connections were closed at once, the last from {ip}: {most} from there have not logged in, and that is the limit"
            );
        }
        return None;
    };
    Some((socket, login))
}

/// One connection from accept to its end. What is large and short-lived is
/// boxed, so that an idle connection's task stays small.
async fn serve<S: Services>(
    worker: Rc<Worker<S>>,
    tcp: TcpStream,
    peer: SocketAddr,
    listener: Rc<OpenListener>,
    ticket: Rc<Ticket>,
    _socket: SocketCount,
) {
    let entered = Box::pin(enter(worker, tcp, peer, listener, ticket)).await;
    let Some(entered) = entered else { return };
    poll_fn(|cx| entered.connection.poll(&entered.worker.context, cx)).await;
    Box::pin(entered.connection.finish(&entered.worker.context)).await;
}

async fn enter<S: Services>(
    worker: Rc<Worker<S>>,
    tcp: TcpStream,
    peer: SocketAddr,
    listener: Rc<OpenListener>,
    ticket: Rc<Ticket>,
) -> Option<Entered<S>> {
    // Answers leave in one write each, so there is nothing to wait for.
    if tcp.set_nodelay(true).is_err() {
        return None;
    }
    let patience = worker.context.config().connect_deadline;
    if ticket.wait(&worker.handshakes, patience).await.is_none() {
        listener.counters.unfinished.add(1);
        return None;
    }
    let opening = Opening {
        worker: &worker.context,
        peer,
        listener: &listener,
        deadline: ticket.since() + worker.context.config().connect_deadline,
    };
    let stream = opening.enter(tcp).await?;
    if worker.is_stopping() {
        return None;
    }
    let connection =
        worker.enter(|slot| Connection::new(stream, peer, listener.counters.clone(), slot, ticket));
    Some(Entered { worker, connection })
}

/// What comes before MQTT: TLS and WebSocket, where the listener has them.
struct Opening<'a, S: Services> {
    worker: &'a WorkerContext<S>,
    peer: SocketAddr,
    listener: &'a OpenListener,
    deadline: Instant,
}

impl<S: Services> Opening<'_, S> {
    async fn enter(&self, tcp: TcpStream) -> Option<Stream> {
        let kind = self.listener.counters.listener;
        let stream = match &self.listener.tls {
            None => Stream::tcp(tcp),
            Some(tls) => self.shake_hands(tls.current(kind), tcp).await?,
        };
        match kind {
            Listener::Ws | Listener::Wss => self.upgrade(stream).await,
            _ => Some(stream),
        }
    }

    async fn shake_hands(&self, tls: Arc<ServerConfig>, tcp: TcpStream) -> Option<Stream> {
        const CURE: &str =
            "the device must speak TLS 1.2 or 1.3 here and trust the platform's certificate";
        let handshake = TlsAcceptor::from(tls).accept(tcp);
        match timeout_at(self.deadline.into(), handshake).await {
            Ok(Ok(stream)) => {
                let (tcp, tls) = stream.into_inner();
                Some(Stream::tls(tcp, tls))
            }
            Ok(Err(error)) => self.turn_away(EventKind::TlsFailed, error.to_string().into(), CURE),
            Err(_) => self.turn_away(
                EventKind::ConnectTimeout,
                "no TLS handshake within the deadline".into(),
                CURE,
            ),
        }
    }

    async fn upgrade(&self, stream: Stream) -> Option<Stream> {
        const CURE: &str = "the client must use MQTT over WebSocket here: path /mqtt, subprotocol mqtt, and wss:// on the TLS port";
        match timeout_at(self.deadline.into(), upgrade(stream)).await {
            Ok(Ok(stream)) => Some(stream),
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
    ) -> Option<Stream> {
        self.listener.counters.unfinished.add(1);
        self.worker.services.access().record(ConnectionEvent {
            login: None,
            peer: self.peer,
            listener: self.listener.counters.listener,
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
struct Entered<S: Services> {
    worker: Rc<Worker<S>>,
    connection: Rc<Connection<S>>,
}

impl<S: Services> Drop for Entered<S> {
    fn drop(&mut self) {
        self.connection.release_dropped(&self.worker.context);
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
