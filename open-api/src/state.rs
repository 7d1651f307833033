//! What the handlers share.

use std::sync::Arc;

use device_registry::{Registry, Snapshot};
use domain::{DeviceId, Timestamp};
use ingest::{Clock, Ingest};

use crate::access::Sessions;
use crate::client_address::TrustedProxies;
use crate::endpoints::Streams;
use crate::envelope::HttpCounters;
use crate::problem::Problem;
use crate::quota::{Quotas, Throttle};
use crate::views::ConnectionView;

/// What the platform says of itself at `GET /v1/platform`.
#[derive(Clone, Debug)]
pub struct PlatformInfo {
    pub version: String,
    /// Ed25519, raw: verifies the receipts of CoAP.
    pub public_key: [u8; 32],
    /// The `aud` that a device's JWT names.
    pub audience: String,
    /// Where the platform is reached from outside, where it was configured.
    pub public_url: Option<String>,
    /// Name and port of each listener, as `mqtt` and 1883.
    pub listeners: Vec<(String, u16)>,
}

/// What the broker knows; the composition root joins the two.
pub trait Connections: Send + Sync + 'static {
    /// Appends the broker's figures in Prometheus' text format.
    fn prometheus(&self, out: &mut String);
    /// The device's standing connection, if it has one.
    fn of_device(&self, device: &DeviceId) -> Option<ConnectionView>;
}

/// No broker: for an API that stands alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoConnections;

impl Connections for NoConnections {
    fn prometheus(&self, _: &mut String) {}

    fn of_device(&self, _: &DeviceId) -> Option<ConnectionView> {
        None
    }
}

/// What the composition root hands over.
pub struct ApiParts {
    pub registry: Arc<Registry>,
    pub ingest: Ingest,
    pub platform: PlatformInfo,
    pub connections: Arc<dyn Connections>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: TrustedProxies,
    pub quotas: Quotas,
    pub clock: Arc<dyn Clock>,
}

/// Shared by all listeners and requests; cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    shared: Arc<Shared>,
}

/// Opaque outside of this crate.
pub struct Shared {
    pub(crate) registry: Arc<Registry>,
    pub(crate) ingest: Ingest,
    pub(crate) platform: PlatformInfo,
    pub(crate) connections: Arc<dyn Connections>,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) throttle: Throttle,
    pub(crate) sessions: Sessions,
    pub(crate) streams: Streams,
    pub(crate) http: HttpCounters,
    pub(crate) clock: Arc<dyn Clock>,
}

impl std::ops::Deref for ApiState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl ApiState {
    pub fn new(parts: ApiParts) -> Self {
        Self {
            shared: Arc::new(Shared {
                registry: parts.registry,
                ingest: parts.ingest,
                platform: parts.platform,
                connections: parts.connections,
                trusted_proxies: parts.trusted_proxies,
                throttle: Throttle::new(&parts.quotas),
                sessions: Sessions::default(),
                streams: Streams::default(),
                http: HttpCounters::new(),
                clock: parts.clock,
            }),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Waits until what was durable when the question came is applied, then
    /// takes the registry's view. Every read begins with it.
    pub(crate) async fn settled(&self) -> Arc<Snapshot> {
        self.ingest.caught_up().await;
        self.registry.snapshot()
    }

    /// Runs a call that blocks on files (registry, ranges, aggregates) where
    /// it stops no other request.
    pub(crate) async fn blocking<T, F>(&self, call: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Shared) -> T + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || call(&shared))
            .await
            .map_err(|panic| Problem::internal(&panic))
    }
}
