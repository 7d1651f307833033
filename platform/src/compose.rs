//! The composition root: opens every component, joins them, runs them, and ends
//! them in order.

use std::sync::Arc;

use ::feed::Feed;
use ::mqtt::BrokerHandle;
use anyhow::Context;
use device_registry::{Person, Registry, RegistryFault, SecondFactor};
use health::FleetWatch;
use ingest::{Ingest, Ticking};
use open_api::LoginPolicy;
use session_store::Sessions;
use supervisor::{Scope, Supervisor};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::components::{self, Components};
use crate::config::{ReloadingTls, Settings};
use crate::folder::Keeper;
use crate::housekeeping::{self, Checkpoint};
use crate::listeners::addresses::Addresses;
use crate::listeners::sockets::Sockets;
use crate::listeners::{api, coap, mqtt};
use crate::observability::transports::Transports;
use crate::server_file::ServerFile;
use crate::{feed, fleet_health};

/// The running platform.
pub(crate) struct Platform {
    addresses: Addresses,
    registry: Arc<Registry>,
    ingest: Ingest,
    sessions: Arc<Sessions>,
    keeper: Arc<Keeper>,
    broker: BrokerHandle,
    coap: Option<::coap::Handle>,
    feed: Option<Feed>,
    fleet_watch: FleetWatch,
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

/// The operator's token is not switched off before somebody else can do what it
/// does.
fn check_way_in(registry: &Registry, policy: LoginPolicy) -> anyhow::Result<()> {
    let snapshot = registry.snapshot();
    let can_log_in = |person: &&Arc<Person>| {
        let login = snapshot.login_of(&person.id);
        let needs_app = policy.factor_of(person) == SecondFactor::Required;
        person.enabled
            && person.is_platform_administrator()
            && login.is_some_and(|it| it.is_set() && (it.has_second_factor() || !needs_app))
    };
    if !policy.operator_token && !snapshot.people().any(|person| can_log_in(&person)) {
        anyhow::bail!(
            "--admin-token is off, and no administrator of the platform could log in: start with --admin-token on, invite one (madang operator invite), and switch it off once the invitation is taken"
        );
    }
    Ok(())
}

/// Hands to MQTT's subscribers what was applied, until it is stopped.
fn live_messages(
    components: &Components,
    broker: BrokerHandle,
) -> impl Future<Output = ()> + use<> {
    let downlink = Arc::clone(&components.downlink);
    let subscribers = mqtt::Subscribed(broker);
    async move { downlink.run(subscribers).await }
}

impl Platform {
    /// Opens the data, binds every listener and serves.
    pub(crate) async fn start(mut settings: Settings) -> anyhow::Result<Self> {
        let (tls, sign_on) = (settings.tls.take(), settings.sign_on.take());
        if let Some(tls) = &tls {
            tls.warn_of_faults();
        }
        let components = components::open(&settings).await?;
        check_way_in(&components.registry, settings.login.policy())?;
        let sockets = Sockets::bind(&settings)?;
        let (stop, stopped) = watch::channel(false);
        let (mut listeners, mut upkeep) = (JoinSet::new(), JoinSet::new());
        let scope = components.supervisor.scope("platform");

        let broker = mqtt::start(
            &components,
            sockets.mqtt,
            tls.as_ref(),
            &settings.mqtt,
            stopped.clone(),
        )?;
        let coap = sockets
            .coap
            .map(|socket| coap::start(&components, socket, stopped.clone()))
            .transpose()?;
        let feed = settings
            .feed
            .take()
            .map(|config| feed::start(&components, &settings.storage.data, config))
            .transpose()?;
        let interval = settings.observability.health_interval();
        let fleet_watch = fleet_health::start(&components, interval)?;
        let transports = Transports {
            mqtt: broker.clone(),
            coap: coap.clone(),
            logins: Arc::clone(&components.logins),
            feed: feed.as_ref().map(Feed::stats),
        };
        let state = api::state(
            &components,
            &settings,
            sign_on,
            sockets.addresses.ports(),
            transports,
        );
        for (socket, tls) in [
            (sockets.http, None),
            (sockets.https, tls.as_ref().map(ReloadingTls::http)),
        ] {
            if let Some(socket) = socket {
                listeners.spawn(api::serve(socket, tls, state.clone(), stopped.clone()));
            }
        }
        if let Some(tls) = tls {
            upkeep.spawn(scope.task("read the certificate again", tls.keep_fresh()));
        }
        let housekeeping = housekeeping::run(Checkpoint::of(&components), broker.clone());
        upkeep.spawn(scope.task("housekeeping", housekeeping));
        let live = live_messages(&components, broker.clone());
        upkeep.spawn(scope.task("live messages of MQTT", live));

        let url = settings.identity.public_url.as_deref();
        let server_file = ServerFile::write(&settings.storage.data, &sockets.addresses, url)?;
        Ok(Self {
            _server_file: server_file,
            addresses: sockets.addresses,
            registry: components.registry,
            ingest: components.ingest,
            sessions: components.sessions,
            keeper: components.keeper,
            broker,
            coap,
            feed,
            fleet_watch,
            listeners,
            upkeep,
            stop,
            supervisor: components.supervisor,
            scope,
            _ticking: components.ticking,
        })
    }

    pub(crate) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// One line a listener.
    pub(crate) fn announce(&self) {
        for (name, address) in self.addresses.iter() {
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
    pub(crate) async fn run(mut self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
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
            fleet_health::stop(self.fleet_watch).await;
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
    let (sender, receiver) = tokio::sync::oneshot::channel();
    registry.on_fault(|fault| {
        // Nobody listens where another fault came first.
        let _ = sender.send(fault);
    });
    async move {
        match receiver.await {
            Ok(fault) => fault,
            // The registry is gone, and with it what could fail.
            Err(_) => std::future::pending().await,
        }
    }
}

/// How long connections and open requests may take at the end.
const GRACE: std::time::Duration = std::time::Duration::from_secs(10);
