//! The loop: one thread reads, decides and sends; another commits and signs.
//!
//! Two threads, since a commit blocks on the disk: meanwhile the first goes on
//! with pings, repetitions and empty ACKs. All that one thread has staged while
//! the other synced goes into the next commit, so one sync serves many.

mod commit;

use std::io;
use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use supervisor::Scope;
use tokio::net::UdpSocket;
use tokio::runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use transport::{MessageSink, SinkFault};

use commit::{Answered, Committer, failed};

use crate::access::SignatureCheck;
use crate::config::{Config, ConfigError};
use crate::exchange::{Answer, Exchanges, Received};
use crate::message::MAX_DATAGRAM_BYTES;
use crate::receipt::ReceiptKeys;
use crate::stats::{Counters, Stats};
use crate::telemetry::{Origin, Postponed, Telemetry, Waiting};

/// Datagrams that are read before anything else gets its turn.
const READ_BATCH: usize = 64;
/// Answers that wait to be sent.
const ANSWERS_WAITING: usize = 1_024;
/// The pause after the socket failed to be read: a lasting fault must not spin.
const FAULT_PAUSE: Duration = Duration::from_millis(10);

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the configuration of CoAP is not usable")]
    Config(#[source] ConfigError),
    #[error("the UDP socket cannot be used")]
    Socket(#[source] io::Error),
    #[error("a thread of the CoAP server did not start")]
    Thread(#[source] io::Error),
}

/// A running server, as the rest of the platform holds it.
#[derive(Clone)]
pub struct Handle {
    address: SocketAddr,
    counters: Arc<Counters>,
    stopped: watch::Receiver<bool>,
}

impl Handle {
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    pub fn stats(&self) -> Stats {
        self.counters.read()
    }

    /// Resolves when the last answer went out after the shutdown signal.
    pub async fn stopped(mut self) {
        // An error means that the server's thread is gone, which is the same.
        let _ = self.stopped.wait_for(|stopped| *stopped).await;
    }
}

/// Binds a socket; port 0 takes any free one.
pub fn bind(address: SocketAddr) -> io::Result<StdSocket> {
    StdSocket::bind(address)
}

/// Serves a bound socket on threads of its own until `shutdown` resolves.
pub fn serve<A, S>(
    socket: StdSocket,
    access: Arc<A>,
    sink: Arc<S>,
    keys: ReceiptKeys,
    config: &Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Handle, StartError>
where
    A: SignatureCheck,
    S: MessageSink<A::Principal>,
{
    config.validate().map_err(StartError::Config)?;
    let address = prepare(&socket, config).map_err(StartError::Socket)?;
    let counters = Arc::new(Counters::default());
    // No more batches than messages may wait, so that the first never blocks;
    // the second holds the committer up while the other thread sends.
    let (staged, to_commit) = mpsc::channel(config.uncommitted_messages);
    let (answers, answered) = mpsc::channel(ANSWERS_WAITING);
    let (stop, stopped) = watch::channel(false);
    let committer = Committer {
        sink: Arc::clone(&sink),
        keys,
        counters: Arc::clone(&counters),
    };
    let scope = config.scope.clone();
    let closing = scope.clone();
    let shutdown = async move {
        shutdown.await;
        closing.close();
    };
    spawn(&scope, "coap-commit", move || {
        run_blocking(committer.run(to_commit, answers));
    })?;
    let mut server = Server {
        exchanges: Exchanges::new(config, Arc::clone(&counters), random_id()),
        telemetry: Telemetry::new(access, sink, config, Arc::clone(&counters)),
        staged,
        preparing: JoinSet::new(),
        counters: Arc::clone(&counters),
        drain: config.drain,
    };
    spawn(&scope, "coap", move || {
        run_blocking(async move {
            match UdpSocket::from_std(socket) {
                Ok(socket) => server.run(&socket, answered, shutdown).await,
                Err(error) => tracing::error!(%error, "the CoAP socket cannot be watched"),
            }
            stop.send_replace(true);
        });
    })?;
    Ok(Handle {
        address,
        counters,
        stopped,
    })
}

fn prepare(socket: &StdSocket, config: &Config) -> io::Result<SocketAddr> {
    socket.set_nonblocking(true)?;
    // The kernel cuts it to its own maximum without an error.
    socket2::SockRef::from(socket).set_recv_buffer_size(config.receive_buffer_bytes)?;
    socket.local_addr()
}

fn spawn(
    scope: &Scope,
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> Result<(), StartError> {
    let started = scope.thread(name, body);
    started.map(drop).map_err(StartError::Thread)
}

fn run_blocking(work: impl Future<Output = ()>) {
    match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => tracing::error!(%error, "no runtime for CoAP"),
    }
}

/// Message ids begin somewhere, so that a restart does not repeat the last ones.
fn random_id() -> u16 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0) as u16
}

type Prepared<P> = (Postponed<P>, Result<(), SinkFault>);

struct Server<A: SignatureCheck, S: MessageSink<A::Principal>> {
    exchanges: Exchanges,
    telemetry: Telemetry<A, S>,
    staged: mpsc::Sender<Vec<Waiting<S::Staged>>>,
    /// Messages that wait for the sink.
    preparing: JoinSet<Prepared<A::Principal>>,
    counters: Arc<Counters>,
    drain: Duration,
}

impl<A: SignatureCheck, S: MessageSink<A::Principal>> Server<A, S> {
    async fn run(
        &mut self,
        socket: &UdpSocket,
        mut answered: mpsc::Receiver<Answered>,
        shutdown: impl Future<Output = ()>,
    ) {
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(answer) = answered.recv() => self.answer(socket, &answer),
                Some(Ok(prepared)) = self.preparing.join_next() => self.prepared(socket, prepared),
                () = until(self.exchanges.next_deadline()) => self.send_due(socket),
                ready = socket.readable() => match ready {
                    Ok(()) => self.read(socket).await,
                    Err(_) => tokio::time::sleep(FAULT_PAUSE).await,
                },
            }
        }
        self.finish(socket, answered).await;
    }

    /// What was taken in is still answered.
    async fn finish(&mut self, socket: &UdpSocket, mut answered: mpsc::Receiver<Answered>) {
        let drain = self.drain;
        let drained = async {
            while self.exchanges.open_exchanges() > 0 {
                tokio::select! {
                    answer = answered.recv() => match answer {
                        Some(answer) => self.answer(socket, &answer),
                        None => break,
                    },
                    Some(Ok(prepared)) = self.preparing.join_next() => {
                        self.prepared(socket, prepared);
                    }
                    () = until(self.exchanges.next_deadline()) => self.send_due(socket),
                }
            }
        };
        if tokio::time::timeout(drain, drained).await.is_err() {
            tracing::warn!("the CoAP server ended with messages that were not durable in time");
        }
    }

    /// Reads what the socket holds, and commits it as one.
    async fn read(&mut self, socket: &UdpSocket) {
        // One byte more than allowed tells a datagram that was cut.
        let mut buffer = [0; MAX_DATAGRAM_BYTES + 1];
        for _ in 0..READ_BATCH {
            match socket.try_recv_from(&mut buffer) {
                Ok((length, peer)) => self.take(socket, peer, &buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // One peer's fault, as an ICMP message; the next datagram may be fine.
                Err(_) => {
                    tokio::time::sleep(FAULT_PAUSE).await;
                    break;
                }
            }
        }
        self.hand_on(socket);
    }

    /// To the committer what was staged; what is not yet, waits.
    fn hand_on(&mut self, socket: &UdpSocket) {
        for (postponed, preparation) in self.telemetry.postponed.drain(..) {
            self.preparing
                .spawn(async move { (postponed, preparation.await) });
        }
        if !self.telemetry.staged.is_empty() {
            let batch = std::mem::take(&mut self.telemetry.staged);
            if let Err(error) = self.staged.try_send(batch) {
                tracing::error!("the committing thread of CoAP is gone");
                for waiting in error.into_inner() {
                    self.answer(socket, &failed(waiting.origin));
                }
            }
        }
    }

    fn prepared(&mut self, socket: &UdpSocket, (postponed, result): Prepared<A::Principal>) {
        for (origin, code) in self.telemetry.prepared(postponed, result, Instant::now()) {
            let refused = Answered {
                origin,
                code,
                receipt: Bytes::new(),
            };
            self.answer(socket, &refused);
        }
        self.hand_on(socket);
    }

    fn take(&mut self, socket: &UdpSocket, peer: SocketAddr, datagram: &[u8]) {
        self.counters.datagrams_in.increment();
        self.counters.bytes_in.add(datagram.len());
        let now = Instant::now();
        match self.exchanges.receive(peer, datagram, now) {
            Received::Nothing => {}
            Received::Send(reply) => self.send(socket, peer, &reply),
            Received::Request(request) => {
                if let Some(reply) = self.telemetry.handle(&mut self.exchanges, &request, now) {
                    self.send(socket, peer, &reply);
                }
            }
        }
    }

    fn answer(&mut self, socket: &UdpSocket, answered: &Answered) {
        let Origin {
            key,
            body_digest,
            device,
            ..
        } = &answered.origin;
        self.telemetry.settled(device);
        let receipts = &mut self.telemetry.receipts;
        if answered.receipt.is_empty() {
            receipts.forget(body_digest);
        } else {
            receipts.finish(body_digest, answered.code, answered.receipt.clone());
        }
        let answer = Answer {
            code: answered.code,
            receipt: &answered.receipt,
        };
        if let Some(datagram) = self.exchanges.finish(*key, &answer, Instant::now()) {
            self.send(socket, key.peer, &datagram);
        }
    }

    fn send_due(&mut self, socket: &UdpSocket) {
        let now = Instant::now();
        while let Some((peer, datagram)) = self.exchanges.on_time(now) {
            self.send(socket, peer, &datagram);
        }
    }

    /// A datagram that the kernel does not take is lost, as any other may be.
    fn send(&self, socket: &UdpSocket, peer: SocketAddr, datagram: &Bytes) {
        match socket.try_send_to(datagram, peer) {
            Ok(_) => {
                self.counters.datagrams_out.increment();
                self.counters.bytes_out.add(datagram.len());
            }
            Err(_) => self.counters.send_failed.increment(),
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
