//! The open API: what it is given of the platform, and its listeners.

use std::sync::Arc;

use anyhow::Context;
use http_edge::limits::HttpLimits;
use open_api::{ApiParts, ApiState, PlatformInfo, SignOn};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::backup;
use crate::backup::live::LiveBackups;
use crate::components::Components;
use crate::config::{Settings, SharedConfig};
use crate::observability::transports::Transports;

/// Folder of the exports within the data folder.
const EXPORT_FOLDER: &str = "export";

pub(crate) fn state(
    components: &Components,
    settings: &Settings,
    sign_on: Option<SignOn>,
    listeners: Vec<(String, u16)>,
    transports: Transports,
) -> ApiState {
    let token = settings.observability.metrics_token.as_ref();
    ApiState::new(ApiParts {
        registry: Arc::clone(&components.registry),
        ingest: components.ingest.clone(),
        platform: PlatformInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            public_key: components.keys.ed25519_public(),
            es256_public_key: components.keys.es256_public(),
            audience: components.audience.clone(),
            public_url: settings.identity.public_url.clone(),
            listeners,
            simulated: settings.simulated,
        },
        connections: Arc::new(transports),
        backups: Arc::new(LiveBackups::new(
            &settings.storage.data,
            backup::Sources {
                registry: Arc::clone(&components.registry),
                ingest: components.ingest.clone(),
                sessions: Arc::clone(&components.sessions),
            },
            Arc::clone(&components.clock),
        )),
        trusted_proxies: settings.http.trusted_proxies.clone().unwrap_or_default(),
        quotas: settings.http.quotas(),
        limits: HttpLimits::within(components.handles.http),
        metrics_token: token.map(|it| it.as_str().to_owned()),
        login: settings.login.policy(),
        enrolments: Arc::clone(&components.enrolments),
        fleet: Arc::clone(&components.fleet),
        sign_on,
        clock: Arc::clone(&components.clock),
        export_folder: settings.storage.data.join(EXPORT_FOLDER),
        supervisor: components.supervisor.clone(),
    })
}

pub(crate) async fn serve(
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
