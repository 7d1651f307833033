//! What the handlers share.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use device_registry::{Actor, Registry, Snapshot};
use domain::Timestamp;
use health::Fleet;
use http_edge::access::Sessions;
use http_edge::limits::{HttpLimits, KeyedPermit, PollLimit};
use http_edge::request::TrustedProxies;
use http_edge::{Edge, EdgeConfig, Problem};
use ingest::{Clock, Exports, Ingest, TelemetryIntake};
use openid::Provider;
use parking_lot::Mutex;
use supervisor::Supervisor;

use crate::access::{LoginDelays, MAX_WORKED_ON, Permitted, RightsChanges, SessionHolder};
use crate::cache::Found;
use crate::endpoints::enrolment::enrolments::Enrolments;
use crate::endpoints::export::Downloads;
use crate::endpoints::stream::Streams;
use crate::login_policy::LoginPolicy;
use crate::params::{DatastreamFilter, FilterQuery, KnownWords, Viewer, named_group};
use crate::permits::{MAX_HASHES, MAX_HASHES_AN_ACCOUNT, Permits};
use crate::ports::{Backups, Connections};
use crate::quota::{Quotas, Throttle};
use crate::sign_on::{ClaimRoles, SignOn};

/// Imports whose bodies are in memory at once; one of them is worked on.
const MAX_IMPORTS: usize = 2;

/// What the platform says of itself at `GET /v1/platform`.
#[derive(Clone, Debug)]
pub struct PlatformInfo {
    pub version: String,
    /// Ed25519, raw: verifies the receipts of CoAP.
    pub public_key: [u8; 32],
    /// P-256, the uncompressed point: the same for devices with an ES256 key.
    pub es256_public_key: [u8; 65],
    /// The `aud` that a device's JWT names.
    pub audience: String,
    /// Where the platform is reached from outside, where it was configured.
    pub public_url: Option<String>,
    /// Name and port of each listener, as `mqtt` and 1883.
    pub listeners: Vec<(String, u16)>,
    /// Nothing that it serves was measured: the demo.
    pub simulated: bool,
}

/// What the composition root hands over.
pub struct ApiParts {
    pub registry: Arc<Registry>,
    pub ingest: Ingest,
    pub platform: PlatformInfo,
    pub connections: Arc<dyn Connections>,
    pub backups: Arc<dyn Backups>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: TrustedProxies,
    pub quotas: Quotas,
    pub limits: HttpLimits,
    /// What opens `/metrics` beside an operator's login.
    pub metrics_token: Option<String>,
    pub login: LoginPolicy,
    pub enrolments: Arc<Enrolments>,
    /// The scores of all devices.
    pub fleet: Arc<Fleet>,
    /// Where people log in beside their passwords.
    pub sign_on: Option<SignOn>,
    pub clock: Arc<dyn Clock>,
    /// Where exports are kept: they can be made again.
    pub export_folder: PathBuf,
    /// Who knows whether every task of the process runs.
    pub supervisor: Supervisor,
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
    pub(crate) intake: TelemetryIntake,
    pub(crate) platform: PlatformInfo,
    pub(crate) connections: Arc<dyn Connections>,
    pub(crate) backups: Arc<dyn Backups>,
    pub(crate) edge: Arc<Edge>,
    pub(crate) throttle: Throttle,
    pub(crate) sessions: Arc<Sessions<SessionHolder>>,
    pub(crate) login: LoginPolicy,
    pub(crate) enrolments: Arc<Enrolments>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) login_delays: LoginDelays,
    pub(crate) sign_on: Option<StandingSignOn>,
    pub(crate) rights: RightsChanges,
    pub(crate) metrics_token: Option<String>,
    pub(crate) streams: Streams,
    pub(crate) downloads: Downloads,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) supervisor: Supervisor,
    pub(crate) long_answers: PollLimit,
    pub(crate) found: Found,
    reads: Permits,
    scans: Permits,
    changes: Permits,
    imports: Permits,
    hashes: Permits,
    provider_calls: Permits,
}

/// The provider at which people log in, with all that has begun there.
pub(crate) struct StandingSignOn {
    pub(crate) provider: Provider,
    pub(crate) name: String,
    pub(crate) roles: ClaimRoles,
}

impl std::ops::Deref for ApiState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Shared {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether it is the token of `DIR/admin.token`, and opens anything.
    pub(crate) fn is_operator_token(&self, token: &str) -> bool {
        self.login.operator_token && self.registry.authenticate_operator(token)
    }
}

impl ApiState {
    pub fn new(parts: ApiParts) -> Self {
        let rights = RightsChanges::default();
        let sessions = Arc::new(Sessions::new(rights.notifier()));
        parts.registry.on_change({
            let (sessions, rights_changed) = (Arc::clone(&sessions), rights.notifier());
            // The registry keeps what it calls for as long as it is there.
            let registry = Arc::downgrade(&parts.registry);
            move |_| {
                if let Some(registry) = registry.upgrade() {
                    let snapshot = registry.snapshot();
                    sessions.keep(|holder: &SessionHolder| holder.stands(&snapshot));
                }
                rights_changed();
            }
        });
        let edge = Edge::new(EdgeConfig {
            limits: parts.limits,
            trusted_proxies: parts.trusted_proxies,
            public_url: parts.platform.public_url.clone(),
        });
        let exports = Exports::new(parts.ingest.clone(), parts.export_folder);
        Self {
            shared: Arc::new(Shared {
                registry: parts.registry,
                intake: TelemetryIntake::new(parts.ingest.clone()),
                ingest: parts.ingest,
                platform: parts.platform,
                connections: parts.connections,
                backups: parts.backups,
                edge,
                throttle: Throttle::new(&parts.quotas),
                sessions,
                login: parts.login,
                enrolments: parts.enrolments,
                fleet: parts.fleet,
                login_delays: LoginDelays::default(),
                sign_on: parts.sign_on.map(|it| StandingSignOn {
                    provider: Provider::new(it.client),
                    name: it.name,
                    roles: it.roles,
                }),
                rights,
                metrics_token: parts.metrics_token,
                streams: Streams::default(),
                downloads: Downloads::new(exports),
                clock: parts.clock,
                supervisor: parts.supervisor,
                long_answers: PollLimit::new(MAX_WORKED_ON),
                found: Found::default(),
                reads: Permits::default(),
                scans: Permits::default(),
                changes: Permits::default(),
                imports: Permits::of(MAX_IMPORTS, 1),
                hashes: Permits::of(MAX_HASHES, MAX_HASHES_AN_ACCOUNT),
                provider_calls: Permits::default(),
            }),
        }
    }

    /// Waits until what was durable when the question came is applied, then
    /// takes the registry's view. Every read begins with it.
    pub(crate) async fn settled(&self) -> Arc<Snapshot> {
        self.ingest.caught_up().await;
        self.registry.snapshot()
    }

    /// The filter that a query asks for, as `viewer` may.
    pub(crate) async fn filter(
        &self,
        snapshot: &Arc<Snapshot>,
        viewer: &Viewer,
        query: &FilterQuery,
    ) -> Result<DatastreamFilter, Problem> {
        let group = match named_group(snapshot, viewer, query.group.as_ref())? {
            Some(group) => Some(self.group_devices(snapshot, &group).await?.datastreams),
            None => None,
        };
        query.read(snapshot, group)
    }

    /// Refuses a filter that names what does not exist. Asked where nothing was
    /// found.
    pub(crate) async fn check_words(
        &self,
        snapshot: &Arc<Snapshot>,
        viewer: &Viewer,
        query: &FilterQuery,
    ) -> Result<(), Problem> {
        let known = |summary| KnownWords {
            snapshot,
            viewer,
            summary,
        };
        // Most words are known without a look at all datastreams.
        if known(&[]).check(query).is_ok() {
            return Ok(());
        }
        let summary = self.summary(snapshot, viewer).await?;
        known(&summary).check(query)
    }

    /// Reads a range or an aggregate, a few at a time. Who leaves before the
    /// answer keeps the place until it is there.
    pub(crate) fn reading<T, F>(&self, call: F) -> impl Future<Output = Result<T, Problem>>
    where
        T: Send + 'static,
        F: FnOnce(&Shared) -> T + Send + 'static,
    {
        self.answer(Some(&self.reads), call)
    }

    /// A scan, unless it is short enough to be done here and now.
    pub(crate) async fn scanning_unless<T, F>(&self, is_short: bool, call: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Shared) -> T + Send + 'static,
    {
        if is_short {
            return Ok(call(&self.shared));
        }
        self.scanning(call).await
    }

    /// Looks at many things of the registry and of memory where it stops no other
    /// request, a few at a time, and with no regard to who reads files.
    pub(crate) fn scanning<T, F>(&self, call: F) -> impl Future<Output = Result<T, Problem>>
    where
        T: Send + 'static,
        F: FnOnce(&Shared) -> T + Send + 'static,
    {
        self.answer(Some(&self.scans), call)
    }

    /// The right to bring the body of an import: few have theirs in memory.
    pub(crate) async fn importing(&self) -> Result<KeyedPermit, Problem> {
        self.imports.acquire().await
    }

    /// Changes the registry for whoever comes, a few at a time: where its disk
    /// is slow, they must not take the threads that others read on. Who is an
    /// operator does not wait here: what takes a right away goes first.
    pub(crate) fn changing<T, F>(&self, call: F) -> impl Future<Output = Result<T, Problem>>
    where
        T: Send + 'static,
        F: FnOnce(&Shared) -> T + Send + 'static,
    {
        self.answer(Some(&self.changes), call)
    }

    /// Changes the registry for a caller with a role, who is judged once more when
    /// it is its turn. The operator's own token waits for nobody: what takes a
    /// right away goes first.
    pub(crate) async fn changing_by<T, F>(
        &self,
        permitted: &Permitted,
        call: F,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Shared, &Actor) -> T + Send + 'static,
    {
        let (admission, actor) = (permitted.admission(), permitted.actor().clone());
        let permits = (!permitted.is_operator()).then_some(&self.changes);
        self.answer(permits, move |shared| {
            if admission.holds(shared) {
                Ok(call(shared, &actor))
            } else {
                Err(admission.lost(shared))
            }
        })
        .await?
    }

    /// Hashes a password, a few at a time: each takes a core and 19 MiB for tens
    /// of milliseconds.
    pub(crate) fn hashing<T, F>(&self, call: F) -> impl Future<Output = Result<T, Problem>>
    where
        T: Send + 'static,
        F: FnOnce(&Shared) -> T + Send + 'static,
    {
        self.answer(Some(&self.hashes), call)
    }

    /// Talks with the provider at which people log in, a few at a time: it may be
    /// slow. `None` where there is none.
    pub(crate) async fn asking_provider<T, F>(&self, call: F) -> Result<Option<T>, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Shared, &StandingSignOn) -> T + Send + 'static,
    {
        if self.sign_on.is_none() {
            return Ok(None);
        }
        let ask = move |shared: &Shared| {
            let sign_on = shared.sign_on.as_ref();
            sign_on.map(|sign_on| call(shared, sign_on))
        };
        self.answer(Some(&self.provider_calls), ask).await
    }

    /// Runs a call that blocks on files where it stops no other request.
    pub(crate) fn blocking<T, F>(&self, call: F) -> impl Future<Output = Result<T, Problem>>
    where
        T: Send + 'static,
        F: FnOnce(&Shared) -> T + Send + 'static,
    {
        self.answer(None, call)
    }

    /// What a call answers that blocks. There is a copy of it for each call, so
    /// what is the same for all is in `run`.
    fn answer<'a, T, F>(
        &'a self,
        permits: Option<&'a Permits>,
        call: F,
    ) -> impl Future<Output = Result<T, Problem>>
    where
        T: Send + 'static,
        F: FnOnce(&Shared) -> T + Send + 'static,
    {
        let answer = Arc::new(Mutex::new(None));
        let place = Arc::clone(&answer);
        let call = move |shared: &Shared| {
            let made = call(shared);
            *place.lock() = Some(made);
        };
        let running = self.run(permits, Box::new(call));
        async move {
            running.await?;
            let answer = answer.lock().take();
            Ok(answer.expect("the call has returned"))
        }
    }

    fn run<'a>(
        &'a self,
        permits: Option<&'a Permits>,
        call: Box<dyn FnOnce(&Shared) + Send>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Problem>> + Send + 'a>> {
        Box::pin(async move {
            let permit = match permits {
                Some(permits) => Some(permits.acquire().await?),
                None => None,
            };
            let shared = Arc::clone(&self.shared);
            let call = move || {
                let _permit = permit;
                call(&shared);
            };
            tokio::task::spawn_blocking(call)
                .await
                .map_err(|panic| Problem::internal(&panic))
        })
    }
}
