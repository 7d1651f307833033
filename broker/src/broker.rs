//! The composition: workers, listeners, and the handle to them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use crate::access::{AccessControl, Listener};
use crate::config::{Config, ConfigError};
use crate::listener::BoundListener;
use crate::listener::accept::Door;
use crate::listener::worker::{Composition, Services, Shared, Worker};
use crate::mqtt::message::Message;
use crate::sink::{MessageSink, RetainedSource};
use crate::stats::{BrokerStats, ConnectionInfo, ListenerCounters};

/// Why the broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the broker's configuration is not usable")]
    Config(#[source] ConfigError),
    #[error("a {0:?} listener is not served by the MQTT broker")]
    Listener(Listener),
    #[error("a {0:?} listener needs a certificate and only it may have one")]
    Tls(Listener),
    #[error("a listener's socket cannot be shared by the workers")]
    Socket(#[source] std::io::Error),
    #[error("a worker thread did not start")]
    Thread(#[source] std::io::Error),
}

/// Starts brokers.
pub struct Broker;

impl Broker {
    /// Starts the workers and serves the listeners until `shutdown` resolves.
    pub fn start<A, S, R>(
        config: Config,
        access: Arc<A>,
        sink: Arc<S>,
        retained: Arc<R>,
        listeners: Vec<BoundListener>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<BrokerHandle, StartError>
    where
        A: AccessControl,
        S: MessageSink<A::Principal>,
        R: RetainedSource<A::Principal>,
    {
        config.validate().map_err(StartError::Config)?;
        let workers = config.worker_count();
        let (counters, mut doors) = open_doors(listeners, workers)?;
        let handle = BrokerHandle {
            shared: Arc::new(Shared::new(config, counters)),
        };
        let services = Services::<Composition<A, S, R>> {
            access,
            sink,
            retained,
        };
        for index in 0..workers {
            let running = Running::enter(&handle);
            let (shared, services) = (handle.shared.clone(), services.clone());
            let doors = std::mem::take(&mut doors[index]);
            let started = std::thread::Builder::new()
                .name(format!("mqtt-{index}"))
                .spawn(move || {
                    if let Err(error) = Worker::new(index, shared, services).run(doors) {
                        tracing::error!("worker {index} has no runtime: {error}");
                    }
                    drop(running);
                });
            if let Err(error) = started {
                handle.stop();
                return Err(StartError::Thread(error));
            }
        }
        handle.stop_after(shutdown)?;
        Ok(handle)
    }
}

type Doors = Vec<Vec<(std::net::TcpListener, Door)>>;

/// Spreads each listener's sockets over the workers. A worker without a socket
/// of its own shares one.
fn open_doors(
    listeners: Vec<BoundListener>,
    workers: usize,
) -> Result<(Vec<Arc<ListenerCounters>>, Doors), StartError> {
    let mut doors: Doors = (0..workers).map(|_| Vec::new()).collect();
    let mut all = Vec::new();
    for listener in listeners {
        let kind = listener.kind;
        match kind {
            Listener::Mqtt | Listener::Mqtts | Listener::MqttUnprotected => {}
            _ => return Err(StartError::Listener(kind)),
        }
        if listener.tls.is_some() != kind.is_encrypted() {
            return Err(StartError::Tls(kind));
        }
        let counters = Arc::new(ListenerCounters::new(kind, listener.sockets.address()));
        let mut sockets = listener.sockets.sockets;
        while sockets.len() < workers {
            let shared = sockets[0].try_clone().map_err(StartError::Socket)?;
            sockets.push(shared);
        }
        for (index, socket) in sockets.into_iter().enumerate() {
            let door = Door {
                counters: counters.clone(),
                tls: listener.tls.clone(),
            };
            doors[index % workers].push((socket, door));
        }
        all.push(counters);
    }
    Ok((all, doors))
}

/// One message for the subscribers.
#[derive(Clone, Debug)]
pub struct Publication<'a> {
    pub topic: &'a str,
    pub payload: Bytes,
}

/// What the rest of the platform holds of a running broker.
#[derive(Clone)]
pub struct BrokerHandle {
    shared: Arc<Shared>,
}

impl BrokerHandle {
    /// Fans a message out to matching subscribers. From any thread.
    pub fn publish(&self, publication: &Publication<'_>) {
        self.publish_many(std::slice::from_ref(publication));
    }

    /// The same for many, with one wake-up for each worker.
    pub fn publish_many(&self, publications: &[Publication<'_>]) {
        let messages = publications
            .iter()
            .map(|it| Message::new(it.topic, it.payload.clone()));
        self.shared.router.publish(messages, None);
    }

    /// Rights changed: every connection is asked again, and those that are
    /// refused are disconnected within a second.
    pub fn revalidate(&self) {
        for inbox in self.shared.router.inboxes() {
            inbox.revalidate();
        }
    }

    pub fn stats(&self) -> BrokerStats {
        BrokerStats {
            listeners: self.shared.listeners.iter().map(|it| it.read()).collect(),
            subscriptions: self.shared.router.subscription_count(),
            routed: self.shared.router.routed(),
        }
    }

    /// The newest connection of a session owner.
    pub fn connection(&self, session_owner: &str) -> Option<ConnectionInfo> {
        let endpoint = self.shared.directory.newest(session_owner)?;
        Some(endpoint.info())
    }

    /// Resolves when all workers have ended after the shutdown signal.
    pub async fn stopped(self) {
        loop {
            let ended = self.shared.ended.notified();
            if self.shared.running.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }

    fn stop(&self) {
        for inbox in self.shared.router.inboxes() {
            inbox.stop();
        }
    }

    /// A thread of its own waits for the signal, since the broker has no
    /// runtime but its workers', and these may be the first to end.
    fn stop_after(
        &self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), StartError> {
        let handle = self.clone();
        let waiting = std::thread::Builder::new()
            .name("mqtt-shutdown".into())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                match runtime {
                    Ok(runtime) => runtime.block_on(shutdown),
                    Err(error) => tracing::error!("no runtime for the shutdown signal: {error}"),
                }
                handle.stop();
            });
        if let Err(error) = waiting {
            self.stop();
            return Err(StartError::Thread(error));
        }
        Ok(())
    }
}

/// A worker that runs; dropped at its end, also by a panic.
struct Running(BrokerHandle);

impl Running {
    fn enter(handle: &BrokerHandle) -> Self {
        handle.shared.running.fetch_add(1, Ordering::AcqRel);
        Self(handle.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.shared.running.fetch_sub(1, Ordering::AcqRel);
        self.0.shared.ended.notify_waiters();
    }
}
