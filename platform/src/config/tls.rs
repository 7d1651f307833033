//! Certificate and key, read again when the files change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use domain::Timestamp;
use ingest::{Clock as _, SystemClock};
use mqtt::ReloadableTls;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::ConfigError;
use super::certificate::{ChainFault, chain_faults, validity};

/// The certificate of every listener over TLS.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "TLS")]
pub struct TlsArgs {
    /// Certificate chain, PEM; read again when it changes
    #[arg(long, value_name = "FILE", env = "MADANG_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", env = "MADANG_TLS_KEY")]
    tls_key: Option<PathBuf>,
}

impl TlsArgs {
    pub(super) fn load(self) -> Result<Option<ReloadingTls>, ConfigError> {
        match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => {
                Ok(Some(ReloadingTls::load(TlsFiles { certificate, key })?))
            }
            (None, None) => Ok(None),
            _ => Err(ConfigError::HalfCertificate),
        }
    }
}

/// Two PEM files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read the certificate {}: {fault}", path.display())]
    Certificate { path: PathBuf, fault: String },
    #[error("cannot read the private key {}: {fault}", path.display())]
    Key { path: PathBuf, fault: String },
    #[error("certificate and key do not fit together: {0}")]
    Pair(rustls::Error),
    #[error("{0}")]
    Unusable(String),
    #[error("the new certificate is not valid now ({0}), and the one in use is")]
    NotValidNow(String),
}

impl std::fmt::Debug for ReloadingTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ReloadingTls").field(&self.files).finish()
    }
}

/// How often the files' times are looked at.
const RELOAD_INTERVAL: std::time::Duration = std::time::Duration::from_secs(5);

/// Read at each handshake; replaced when the files change.
pub type SharedConfig = Arc<ArcSwap<ServerConfig>>;

/// The current TLS configurations of the two protocols.
pub struct ReloadingTls {
    files: TlsFiles,
    stamp: Option<[SystemTime; 2]>,
    /// When the certificate in use is valid, where that can be read.
    validity: Option<(Timestamp, Timestamp)>,
    mqtt: ReloadableTls,
    http: SharedConfig,
}

impl ReloadingTls {
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let stamp = stamp(&files);
        let [certificate, key] = read(&files)?;
        let chain = chain_of(&files)?;
        let validity = validity(&chain[0]);
        Ok(Self {
            validity,
            mqtt: ReloadableTls::from_pem(&certificate, &key)
                .map_err(|error| TlsError::Unusable(one_line(&error)))?,
            http: Arc::new(ArcSwap::new(server_config(&files, HTTP_ALPN)?)),
            stamp,
            files,
        })
    }

    /// Warns of what clients may refuse. Once there is a log.
    pub(crate) fn warn_of_faults(&self) {
        if let Ok(chain) = chain_of(&self.files) {
            warn_of_faults(&self.files, &chain);
        }
    }

    pub fn files(&self) -> &TlsFiles {
        &self.files
    }

    pub fn mqtt(&self) -> ReloadableTls {
        self.mqtt.clone()
    }

    pub fn http(&self) -> SharedConfig {
        Arc::clone(&self.http)
    }

    /// Looks at the files for good. A pair that cannot be used is logged and the
    /// old one kept: a typing error must not shut everybody out.
    pub async fn keep_fresh(mut self) {
        loop {
            tokio::time::sleep(RELOAD_INTERVAL).await;
            let now = stamp(&self.files);
            if now == self.stamp {
                continue;
            }
            self.stamp = now;
            match self.reload() {
                Ok(()) => tracing::info!("certificate read again"),
                Err(error) => tracing::error!(%error, "the old certificate stays in use"),
            }
        }
    }

    fn reload(&mut self) -> Result<(), TlsError> {
        let [certificate, key] = read(&self.files)?;
        let chain = chain_of(&self.files)?;
        let renewed = validity(&chain[0]);
        let now = SystemClock.now();
        if is_valid(self.validity, now) && !is_valid(renewed, now) {
            let faults = chain_faults(&chain[..1], now);
            let dates = faults.into_iter().map(|it| it.what).collect::<Vec<_>>();
            return Err(TlsError::NotValidNow(dates.join("; ")));
        }
        warn_of_faults(&self.files, &chain);
        let http = server_config(&self.files, HTTP_ALPN)?;
        self.mqtt
            .replace_pem(&certificate, &key)
            .map_err(|error| TlsError::Unusable(one_line(&error)))?;
        self.http.store(http);
        self.validity = renewed;
        Ok(())
    }
}

fn read(files: &TlsFiles) -> Result<[Vec<u8>; 2], TlsError> {
    let certificate = std::fs::read(&files.certificate).map_err(|error| TlsError::Certificate {
        path: files.certificate.clone(),
        fault: error.to_string(),
    })?;
    let key = std::fs::read(&files.key).map_err(|error| TlsError::Key {
        path: files.key.clone(),
        fault: error.to_string(),
    })?;
    Ok([certificate, key])
}

/// A date that cannot be read is the clients' to judge.
fn is_valid(validity: Option<(Timestamp, Timestamp)>, now: Timestamp) -> bool {
    validity.is_none_or(|(from, to)| (from..=to).contains(&now))
}

/// Its own certificate first; there is one at least.
fn chain_of(files: &TlsFiles) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fault = |fault: String| TlsError::Certificate {
        path: files.certificate.clone(),
        fault,
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| fault(error.to_string()))?;
    if chain.is_empty() {
        return Err(fault("it holds no certificate".to_owned()));
    }
    Ok(chain)
}

/// Served all the same: who will not take it is for the operator to know.
fn warn_of_faults(files: &TlsFiles, chain: &[CertificateDer<'_>]) {
    for ChainFault { what, cure } in chain_faults(chain, SystemClock.now()) {
        tracing::warn!("{}: {what}; {cure}", files.certificate.display());
    }
}

/// An error and its causes in one line.
fn one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

const HTTP_ALPN: &[&[u8]] = &[b"h2", b"http/1.1"];

fn stamp(files: &TlsFiles) -> Option<[SystemTime; 2]> {
    let modified = |path: &Path| {
        std::fs::metadata(path)
            .and_then(|meta| meta.modified())
            .ok()
    };
    Some([modified(&files.certificate)?, modified(&files.key)?])
}

fn server_config(files: &TlsFiles, alpn: &[&[u8]]) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = chain_of(files)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| TlsError::Key {
        path: files.key.clone(),
        fault: error.to_string(),
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Pair)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Pair)?;
    // A resumed session would go round a revocation.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
}
