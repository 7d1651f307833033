//! The composition: workers, listeners, and the handle to them.

use std::net::TcpListener;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::Offset;
use transport::{Listener, LogMessage, Realm, SessionStore, SinkFault, StoredSession};

use crate::context::{Services, Shared};
use crate::directory::Waiting;
use crate::limits::{Config, ConfigError};
use crate::listener::{BoundListener, OpenListener};
use crate::message::Message;
use crate::router::Endpoint;
use crate::session::{Kept, Subscription, topic_limits};
use crate::stats::{BrokerStats, ConnectionInfo, ListenerCounters};
use crate::worker::Worker;

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
    #[error("the kept sessions cannot be read")]
    Sessions(#[source] SinkFault),
    #[error("a worker thread did not start")]
    Thread(#[source] std::io::Error),
}

/// Starts brokers.
pub struct Broker;

impl Broker {
    /// Starts the workers and serves the listeners until `shutdown` resolves.
    pub fn start<S: Services>(
        config: Config,
        services: &Arc<S>,
        listeners: Vec<BoundListener>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<BrokerHandle, StartError> {
        config.validate().map_err(StartError::Config)?;
        let workers = config.worker_count();
        let (counters, mut sockets) = spread(listeners, workers)?;
        let handle = BrokerHandle {
            shared: Arc::new(Shared::new(config, counters)),
        };
        let kept = services.sessions().load().map_err(StartError::Sessions)?;
        handle.restore(kept, services.sessions());
        for index in 0..workers {
            let running = Running::enter(&handle);
            let (shared, services) = (handle.shared.clone(), services.clone());
            let sockets = std::mem::take(&mut sockets[index]);
            let scope = handle.shared.config.scope.clone();
            let started = scope.thread(&format!("mqtt-{index}"), move || {
                let worker = Worker::new(index, shared, services);
                if let Err(error) = worker.run(sockets) {
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

/// By worker.
type Sockets = Vec<Vec<(TcpListener, OpenListener)>>;

/// Spreads each listener's sockets over the workers. A worker without a socket
/// of its own shares one.
fn spread(
    listeners: Vec<BoundListener>,
    workers: usize,
) -> Result<(Vec<Arc<ListenerCounters>>, Sockets), StartError> {
    let mut by_worker: Sockets = (0..workers).map(|_| Vec::new()).collect();
    let mut all = Vec::new();
    for listener in listeners {
        let kind = listener.kind;
        match kind {
            Listener::Mqtt
            | Listener::Mqtts
            | Listener::Ws
            | Listener::Wss
            | Listener::MqttUnprotected => {}
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
            let open = OpenListener {
                counters: counters.clone(),
                tls: listener.tls.clone(),
            };
            by_worker[index % workers].push((socket, open));
        }
        all.push(counters);
    }
    Ok((all, by_worker))
}

/// What the rest of the platform holds of a running broker.
#[derive(Clone)]
pub struct BrokerHandle {
    shared: Arc<Shared>,
}

impl BrokerHandle {
    /// Fans messages out to matching subscribers, with one wake-up for each
    /// worker. From any thread; they are in order and hold whole frames.
    pub fn publish(&self, messages: impl IntoIterator<Item = LogMessage>) {
        let mut messages = messages.into_iter();
        while self.publish_turn(&mut messages) {}
    }

    /// The same for a bounded number of deliveries; whether some messages may
    /// be left. For a caller that lets others run in between.
    pub fn publish_turn(&self, messages: &mut impl Iterator<Item = LogMessage>) -> bool {
        let mut messages = messages.map(Message::of_log);
        self.shared.router.publish(&mut messages)
    }

    /// How many subscriptions of the platform's realm stand.
    pub fn subscriptions(&self) -> u64 {
        self.shared.router.subscription_count()
    }

    /// These frames are applied and cannot be published: sessions that are
    /// connected get what they hold from the [`Backlog`]. Called between what
    /// is published before them and what is published after them.
    pub fn pass_over(&self, frames: &RangeInclusive<Offset>) {
        self.shared.router.pass_over(frames);
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
            agencies: {
                let agencies = self.shared.agencies.lock();
                agencies.values().map(|it| it.read()).collect()
            },
            waiting_sessions: self.shared.directory.waiting(),
            subscriptions: self.shared.router.subscription_count(),
            routed: self.shared.router.routed(),
            work: self.shared.work.read(),
        }
    }

    /// The newest connection of a session owner.
    pub fn connection(&self, session_owner: &str) -> Option<ConnectionInfo> {
        self.shared.directory.newest(session_owner)?.info()
    }

    /// The same of many, in their order: one look at the directory.
    pub fn connections<'a>(
        &self,
        session_owners: impl Iterator<Item = &'a str>,
    ) -> Vec<Option<ConnectionInfo>> {
        // What each tells is asked without the directory's lock.
        let newest = self.shared.directory.newest_of(session_owners);
        newest
            .into_iter()
            .map(|endpoint| endpoint?.info())
            .collect()
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

    /// Sessions of an earlier run wait for their owners again.
    fn restore(&self, kept: Vec<StoredSession>, store: &impl SessionStore) {
        let config = &self.shared.config;
        let limits = topic_limits(config);
        for stored in kept {
            let key = Arc::new(stored.key);
            let make = |account| {
                let (realm, next) = (Realm::Platform, stored.position);
                Endpoint::new(key.clone(), realm, next, account, config)
            };
            let subscriptions = stored.subscriptions.iter();
            let kept = Kept {
                subscriptions: subscriptions
                    .filter_map(|it| Subscription::from_stored(it, limits))
                    .collect(),
                received: stored.received,
                ..Kept::default()
            };
            let expiry = Duration::from_secs(stored.expiry.into());
            let away = stored
                .detached
                .map_or(Duration::ZERO, |detached| store.away(detached));
            let left = expiry.saturating_sub(away);
            let waiting = Waiting::new(kept, stored.position, left);
            self.shared.directory.restore(&key, waiting, make);
        }
    }

    fn stop(&self) {
        self.shared.config.scope.close();
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
