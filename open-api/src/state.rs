//! What the handlers share.

use std::sync::Arc;
use std::time::Duration;

use device_registry::{Registry, Snapshot};
use domain::Timestamp;
use ingest::{Clock, Ingest};
use tokio::sync::Semaphore;

use crate::access::Sessions;
use crate::client_address::TrustedProxies;
use crate::device_connections::Connections;
use crate::endpoints::Streams;
use crate::envelope::HttpCounters;
use crate::problem::Problem;
use crate::problem_kind::ProblemKind;
use crate::quota::{Quotas, Throttle};

/// Ranges and aggregates that are read at once: the cores are the data plane's
/// first of all.
const MAX_READS: usize = 8;
/// How long a question may wait for its turn.
const READ_TURN: Duration = Duration::from_secs(20);

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
    reads: Arc<Semaphore>,
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
                reads: Arc::new(Semaphore::new(MAX_READS)),
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

    /// Reads a range or an aggregate, a few at a time. Who leaves before the
    /// answer keeps the place until it is there.
    pub(crate) async fn reading<T, F>(&self, call: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Shared) -> T + Send + 'static,
    {
        let turn = tokio::time::timeout(READ_TURN, Arc::clone(&self.reads).acquire_owned());
        let Ok(Ok(turn)) = turn.await else {
            return Err(
                Problem::new(ProblemKind::Unavailable, "Too many questions at once.")
                    .retry_after(5),
            );
        };
        self.blocking(move |shared| {
            let _turn = turn;
            call(shared)
        })
        .await
    }

    /// Runs a call that blocks on files where it stops no other request.
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
