//! The composition root: opens every room, joins them, runs them, and ends
//! them in order.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ::feed::Feed;
use anyhow::Context;
use broker::coap::{CoapHandle, ReceiptKeys};
use broker::{BrokerHandle, Listener};
use device_registry::{Registry, RegistryFault, StoreError};
use ingest::{Clock, Ingest, PlatformClock, SystemClocks, Ticking};
use open_api::ApiState;
use supervisor::{Scope, Supervisor};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{Listen, ReloadingTls, Settings, SharedConfig};
use crate::folder::{Folder, Keeper};
use crate::glue::downlink::Downlink;
use crate::glue::login_book::LoginBook;
use crate::glue::session_times::SessionTimes;
use crate::handles::{self, Handles};
use crate::server_file::ServerFile;
use crate::{coap, feed, http, identity, mqtt};
use session_store::Sessions;

/// The running platform.
pub struct Platform {
    addresses: Addresses,
    registry: Arc<Registry>,
    ingest: Ingest,
    sessions: Arc<Sessions>,
    keeper: Arc<Keeper>,
    broker: BrokerHandle,
    coap: Option<CoapHandle>,
    feed: Option<Feed>,
    listeners: JoinSet<anyhow::Result<()>>,
    upkeep: JoinSet<()>,
    stop: watch::Sender<bool>,
    supervisor: Supervisor,
    scope: Scope,
    /// Tells commands where this is; goes with it.
    _server_file: ServerFile,
    /// The thread that looks at the system's clock: it ends with the platform.
    _ticking: Ticking,
}

/// Where each listener listens, in the order of the ready file.
#[derive(Debug, Clone, Default)]
pub struct Addresses(Vec<(&'static str, SocketAddr)>);

impl Addresses {
    pub fn of(&self, listener: &str) -> Option<SocketAddr> {
        self.0
            .iter()
            .find(|(name, _)| *name == listener)
            .map(|(_, address)| *address)
    }

    fn add(&mut self, listener: &'static str, address: SocketAddr) {
        self.0.push((listener, address));
    }

    pub fn to_json(&self) -> serde_json::Value {
        let mut object: serde_json::Map<String, serde_json::Value> = self
            .0
            .iter()
            .map(|(name, address)| ((*name).to_owned(), address.to_string().into()))
            .collect();
        object.insert("pid".to_owned(), std::process::id().into());
        object.into()
    }

    pub(crate) fn named(&self) -> std::collections::BTreeMap<String, SocketAddr> {
        self.0
            .iter()
            .map(|(name, address)| ((*name).to_owned(), *address))
            .collect()
    }

    fn ports(&self) -> Vec<(String, u16)> {
        self.0
            .iter()
            .map(|(name, address)| ((*name).to_owned(), address.port()))
            .collect()
    }
}

/// What the listeners share.
pub(crate) struct Rooms {
    pub registry: Arc<Registry>,
    pub ingest: Ingest,
    pub clock: Arc<dyn Clock>,
    pub ticking: Ticking,
    pub downlink: Arc<Downlink>,
    pub sessions: Arc<Sessions>,
    pub keeper: Arc<Keeper>,
    pub logins: Arc<LoginBook>,
    pub keys: ReceiptKeys,
    pub audience: String,
    pub supervisor: Supervisor,
    pub handles: Handles,
}

impl Platform {
    /// Opens the data, binds every listener and serves.
    pub async fn start(mut settings: Settings) -> anyhow::Result<Self> {
        let tls = settings.tls.take();
        if let Some(tls) = &tls {
            tls.tell_faults();
        }
        let rooms = open(&settings).await?;
        let sockets = Sockets::bind(&settings)?;
        let (stop, stopped) = watch::channel(false);
        let (mut listeners, mut upkeep) = (JoinSet::new(), JoinSet::new());
        let scope = rooms.supervisor.scope("platform");

        let broker = mqtt::start(
            &rooms,
            sockets.mqtt,
            tls.as_ref(),
            &settings.mqtt,
            stopped.clone(),
        )?;
        let coap = sockets
            .coap
            .map(|socket| coap::start(&rooms, socket, stopped.clone()))
            .transpose()?;
        let feed = settings
            .feed
            .take()
            .map(|config| feed::start(&rooms, &settings.storage.data, config))
            .transpose()?;
        let doors = http::Doors {
            mqtt: broker.clone(),
            coap: coap.clone(),
            logins: Arc::clone(&rooms.logins),
            feed: feed.as_ref().map(Feed::stats),
        };
        let state = http::state(&rooms, &settings, sockets.addresses.ports(), doors);
        for (socket, tls) in [
            (sockets.http, None),
            (sockets.https, tls.as_ref().map(ReloadingTls::http)),
        ] {
            if let Some(socket) = socket {
                listeners.spawn(serve_http(socket, tls, state.clone(), stopped.clone()));
            }
        }
        if let Some(tls) = tls {
            upkeep.spawn(scope.task("read the certificate again", tls.keep_fresh()));
        }
        let housekeeping = housekeeping(Marked::of(&rooms), broker.clone());
        upkeep.spawn(scope.task("housekeeping", housekeeping));
        let downlink = Arc::clone(&rooms.downlink);
        let subscribers = mqtt::Subscribed(broker.clone());
        let live = async move { downlink.run(subscribers).await };
        upkeep.spawn(scope.task("live messages of MQTT", live));

        let server_file = ServerFile::write(
            &settings.storage.data,
            &sockets.addresses,
            settings.identity.public_url.as_deref(),
        )?;
        Ok(Self {
            _server_file: server_file,
            addresses: sockets.addresses,
            registry: rooms.registry,
            ingest: rooms.ingest,
            sessions: rooms.sessions,
            keeper: rooms.keeper,
            broker,
            coap,
            feed,
            listeners,
            upkeep,
            stop,
            supervisor: rooms.supervisor,
            scope,
            _ticking: rooms.ticking,
        })
    }

    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// One line a listener.
    pub fn announce(&self) {
        for (name, address) in &self.addresses.0 {
            tracing::info!("{name} listens on {address}");
        }
        if let Some(address) = self.addresses.of("mqtt-unprotected") {
            tracing::warn!(
                "ANYBODY on this machine may publish and subscribe on {address}: \
                 --mqtt-unprotected is for conformance suites only"
            );
        }
    }

    /// Serves until `stop` resolves or a fault ends it; then everything that
    /// was received is flushed.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let fault = self.ingest.failed();
        let sessions_fault = self.sessions.failed();
        let registry_fault = registry_failed(&self.registry);
        let ended = self.supervisor.failed();
        let outcome = tokio::select! {
            // A fault ends the tasks that meet it: its own reason comes first.
            biased;
            fault = fault => Err(anyhow::Error::new(fault)),
            fault = sessions_fault => Err(anyhow::Error::new(fault)),
            fault = registry_fault => Err(anyhow::Error::new(fault)),
            ended = ended => Err(anyhow::Error::new(ended)),
            () = stop => Ok(()),
            Some(ended) = self.listeners.join_next() => ended
                .map_err(anyhow::Error::from)
                .and_then(|ended| ended)
                .and_then(|()| Err(anyhow::anyhow!("a listener ended by itself"))),
        };
        self.scope.close();
        self.stop.send_replace(true);
        // They have nothing to finish.
        self.upkeep.shutdown().await;
        // After a fault a worker may be stuck on the disk: nobody waits for it.
        let _ = tokio::time::timeout(GRACE, async {
            self.broker.stopped().await;
            if let Some(coap) = self.coap {
                coap.stopped().await;
            }
            while self.listeners.join_next().await.is_some() {}
            if let Some(feed) = self.feed {
                feed::stop(feed).await;
            }
        })
        .await;
        if outcome.is_ok() {
            let sessions = self.sessions.close().await;
            self.ingest.close().await.context("the last flush")?;
            sessions?;
            self.registry.flush_last_uses()?;
            // From here on its file alone is whole.
            self.registry.checkpoint()?;
            self.keeper
                .note(self.ingest.durable_offset(), self.sessions.changes());
        }
        outcome
    }
}

/// Resolves with the fault once the registry takes no change any more.
fn registry_failed(registry: &Registry) -> impl Future<Output = RegistryFault> + use<> {
    let (tell, told) = tokio::sync::oneshot::channel();
    registry.on_fault(|fault| {
        // Nobody listens where another fault came first.
        let _ = tell.send(fault);
    });
    async move {
        match told.await {
            Ok(fault) => fault,
            // The registry is gone, and with it what could fail.
            Err(_) => std::future::pending().await,
        }
    }
}

/// How often [`housekeeping`] runs.
const HOUSEKEEPING: std::time::Duration = std::time::Duration::from_secs(60);

/// What the folder's record follows.
#[derive(Clone)]
struct Marked {
    registry: Arc<Registry>,
    ingest: Ingest,
    sessions: Arc<Sessions>,
    keeper: Arc<Keeper>,
}

impl Marked {
    fn of(rooms: &Rooms) -> Self {
        Self {
            registry: Arc::clone(&rooms.registry),
            ingest: rooms.ingest.clone(),
            sessions: Arc::clone(&rooms.sessions),
            keeper: Arc::clone(&rooms.keeper),
        }
    }

    /// Writes down when each key was last used, and how far log and sessions
    /// have got.
    fn write_down(&self) -> Result<(), StoreError> {
        self.keeper
            .note(self.ingest.durable_offset(), self.sessions.changes());
        self.registry.flush_last_uses()
    }
}

/// What happens by the clock: devices and keys expire on standing connections,
/// and what need not be written at once is.
async fn housekeeping(marked: Marked, broker: BrokerHandle) {
    // Whose session was kept may have lost its right since, or a kill came
    // between the two.
    broker.revalidate();
    loop {
        tokio::time::sleep(HOUSEKEEPING).await;
        broker.revalidate();
        let marked = marked.clone();
        let flushed = tokio::task::spawn_blocking(move || marked.write_down()).await;
        if let Ok(Err(error)) = flushed {
            tracing::error!(%error, "the last uses of keys are not written down");
        }
    }
}

/// How long connections and open requests may take at the end.
const GRACE: std::time::Duration = std::time::Duration::from_secs(10);

async fn open(settings: &Settings) -> anyhow::Result<Rooms> {
    let handles = handles::take_all(Handles {
        mqtt: settings.mqtt.mqtt_connections.get(),
        http: settings.http.http_connections.get(),
    })?;
    let data = settings.storage.data.clone();
    let folder = Folder::open(&data)?;
    let supervisor = Supervisor::default();
    let log_budget = settings.storage.log_budget;
    let ticking = PlatformClock::open(&data, SystemClocks, settings.storage.clock_trust());
    let clock: Arc<dyn Clock> = Arc::<PlatformClock>::clone(&ticking);
    let (opened, ticking) = tokio::task::spawn_blocking({
        let (clock, supervisor) = (Arc::clone(&clock), supervisor.clone());
        move || {
            let opened = open_data(&data, folder, log_budget, &clock, &supervisor)?;
            let ticking = ticking
                .start(opened.ingest.newest_receipt(), &supervisor.scope("clock"))
                .context("the thread of the clock")?;
            anyhow::Ok((opened, ticking))
        }
    })
    .await??;
    let Opened {
        registry,
        ingest,
        sessions,
        keys,
        keeper,
    } = opened;
    Ok(Rooms {
        downlink: Arc::new(Downlink::new(ingest.clone(), Arc::clone(&registry))),
        registry,
        ingest,
        clock,
        ticking,
        sessions: Arc::new(sessions),
        keeper,
        logins: Arc::default(),
        keys,
        audience: settings.identity.audience.clone(),
        supervisor,
        handles,
    })
}

fn open_data(
    data: &Path,
    folder: Folder,
    log_budget: u64,
    clock: &Arc<dyn Clock>,
    supervisor: &Supervisor,
) -> anyhow::Result<Opened> {
    let registry_clock = Arc::clone(clock);
    let registry = Registry::open_in(data, folder.registry(), move || registry_clock.now())?;
    let registry = Arc::new(registry);
    let config = ingest::Config {
        log_budget_bytes: log_budget,
        scope: supervisor.scope("data"),
        mark: folder.mark(),
        least_offset: folder.least_offset(),
        ..ingest::Config::new(data)
    };
    let ingest = Ingest::open(config, Arc::clone(&registry), Arc::clone(clock))?;
    // After the two that lock the folder.
    let scope = supervisor.scope("mqtt sessions");
    let sessions = Sessions::open(
        data,
        folder.sessions(),
        Arc::new(SessionTimes(Arc::clone(clock))),
        &scope,
    )?;
    let keys = identity::load_or_create(data)?;
    let keeper = Arc::new(folder.complete()?);
    keeper.registry(registry.mark()?);
    keeper.note(ingest.durable_offset(), sessions.changes());
    registry.on_durable({
        let keeper = Arc::clone(&keeper);
        move |mark| keeper.registry(mark)
    });
    Ok(Opened {
        registry,
        ingest,
        sessions,
        keys,
        keeper,
    })
}

/// The parts of a data folder, open.
struct Opened {
    registry: Arc<Registry>,
    ingest: Ingest,
    sessions: Sessions,
    keys: ReceiptKeys,
    keeper: Arc<Keeper>,
}

async fn serve_http(
    socket: TcpListener,
    tls: Option<SharedConfig>,
    state: ApiState,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let shutdown = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    open_api::serve(socket, tls, state, shutdown)
        .await
        .context("the HTTP listener")
}

/// Every socket is bound before anything is served.
struct Sockets {
    mqtt: Vec<(Listener, broker::BoundSockets)>,
    http: Option<TcpListener>,
    https: Option<TcpListener>,
    coap: Option<std::net::UdpSocket>,
    addresses: Addresses,
}

impl Sockets {
    fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let mut addresses = Addresses::default();
        let mut mqtt = Vec::new();
        let listeners = &settings.listeners;
        let workers = settings.mqtt.worker_count();
        for (kind, name, listen) in [
            (Listener::Mqtt, "mqtt", Some(listeners.mqtt)),
            (Listener::Mqtts, "mqtts", listeners.mqtts),
            (Listener::Ws, "ws", Some(listeners.ws)),
            (Listener::Wss, "wss", listeners.wss),
            (
                Listener::MqttUnprotected,
                "mqtt-unprotected",
                Some(listeners.mqtt_unprotected),
            ),
        ] {
            if let Some(address) = listen.and_then(Listen::address) {
                let sockets =
                    broker::bind(address, workers).with_context(|| cannot(name, address))?;
                addresses.add(name, sockets.address());
                mqtt.push((kind, sockets));
            }
        }
        let coap = match listeners.coap.address() {
            Some(address) => {
                let socket =
                    broker::coap::bind(address).with_context(|| cannot("coap", address))?;
                addresses.add("coap", socket.local_addr()?);
                Some(socket)
            }
            None => None,
        };
        let http = bind_tcp("http", listeners.http.address(), &mut addresses)?;
        let secure = listeners.https.and_then(Listen::address);
        let https = bind_tcp("https", secure, &mut addresses)?;
        Ok(Self {
            mqtt,
            http,
            https,
            coap,
            addresses,
        })
    }
}

fn bind_tcp(
    name: &'static str,
    address: Option<SocketAddr>,
    addresses: &mut Addresses,
) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = address else {
        return Ok(None);
    };
    let socket = listen(address).with_context(|| cannot(name, address))?;
    addresses.add(name, socket.local_addr()?);
    Ok(Some(socket))
}

/// Connections that the kernel holds until they are accepted, as MQTT's: those
/// beyond it knock again only after a second.
const BACKLOG: u32 = 4_096;

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn cannot(listener: &str, address: SocketAddr) -> String {
    format!("cannot listen on {address}: choose another with --{listener} ADDR:PORT")
}
