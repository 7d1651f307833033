//! A broker on services that keep everything in memory.

mod access;
pub(crate) mod client;
mod gate;
pub(crate) mod log;
mod sink;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mqtt::{BoundListener, Broker, BrokerHandle, BrokerStats, Config, ReloadableTls, ServiceSet};
use tokio::sync::watch;
use transport::{Listener, LogMessage, LogPosition};

pub(crate) use access::{Principal, TestAccess};
pub(crate) use sink::{TestRetained, TestSink};

use crate::harness::client::Client;
use crate::harness::log::{TestLog, TestSessions};

/// Generous, since the machine may be busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct TestBroker {
    pub(crate) handle: BrokerHandle,
    pub(crate) access: Arc<TestAccess>,
    pub(crate) sink: Arc<TestSink>,
    pub(crate) retained: Arc<TestRetained>,
    pub(crate) log: Arc<TestLog>,
    pub(crate) mqtt: SocketAddr,
    pub(crate) unprotected: SocketAddr,
    pub(crate) mqtts: Option<SocketAddr>,
    pub(crate) ws: SocketAddr,
    pub(crate) wss: Option<SocketAddr>,
    shutdown: watch::Sender<bool>,
}

/// A message that stands before the whole log: live subscribers get it.
pub(crate) fn live(topic: &str, payload: impl Into<Bytes>) -> LogMessage {
    LogMessage {
        topic: topic.into(),
        payload: payload.into(),
        position: LogPosition::default(),
    }
}

/// What the broker is given here.
pub(crate) type TestServices =
    ServiceSet<TestAccess, TestSink, TestRetained, TestSessions, TestLog>;

impl TestBroker {
    pub(crate) fn publish(&self, topic: &str, payload: impl Into<Bytes>) {
        self.handle.publish([live(topic, payload)]);
    }

    pub(crate) fn start() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::with_tls(config, None)
    }

    pub(crate) fn with_tls(config: Config, tls: Option<ReloadableTls>) -> Self {
        Self::on(Arc::default(), config, tls)
    }

    /// A broker that starts with what an earlier one left.
    pub(crate) fn on(log: Arc<TestLog>, mut config: Config, tls: Option<ReloadableTls>) -> Self {
        config.workers = 2;
        let (access, sink, retained) =
            <(Arc<TestAccess>, Arc<TestSink>, Arc<TestRetained>)>::default();
        let mut listeners = Vec::new();
        let mut bind = |kind, tls| {
            let sockets = mqtt::bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
            let address = sockets.address();
            listeners.push(BoundListener { kind, sockets, tls });
            address
        };
        let mqtt = bind(Listener::Mqtt, None);
        let unprotected = bind(Listener::MqttUnprotected, None);
        let mqtts = tls.clone().map(|tls| bind(Listener::Mqtts, Some(tls)));
        let ws = bind(Listener::Ws, None);
        let wss = tls.map(|tls| bind(Listener::Wss, Some(tls)));
        let (shutdown, mut signal) = watch::channel(false);
        let stop = async move {
            let _ = signal.wait_for(|stop| *stop).await;
        };
        let services = TestServices {
            access: access.clone(),
            sink: sink.clone(),
            retained: retained.clone(),
            sessions: log.sessions.clone(),
            backlog: log.clone(),
        };
        let handle = Broker::start(config, &Arc::new(services), listeners, stop).unwrap();
        Self {
            handle,
            access,
            sink,
            retained,
            log,
            mqtt,
            unprotected,
            mqtts,
            ws,
            wss,
            shutdown,
        }
    }

    pub(crate) fn stop(&self) {
        self.shutdown.send_replace(true);
    }

    /// Sums of a counter over all listeners.
    pub(crate) fn total(&self, counter: impl Fn(&mqtt::ListenerStats) -> u64) -> u64 {
        self.handle.stats().listeners.iter().map(counter).sum()
    }

    pub(crate) fn until_stats(&self, what: &str, condition: impl Fn(&BrokerStats) -> bool) {
        until(what, || condition(&self.handle.stats()));
    }

    pub(crate) fn device(&self, id: &str) -> Client {
        Client::v5(self.mqtt, id)
    }
}

pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < end, "not within {DEADLINE:?}: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
