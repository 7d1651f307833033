//! TLS for listeners, by rustls, reloadable while connections stand.
//!
//! No resumption: a resumed session skips the look at who connects, and so
//! would go round a revocation.

use std::sync::Arc;

use parking_lot::RwLock;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WantsServerCert};
use rustls::{ConfigBuilder, ServerConfig};
use transport::Listener;

use super::client_certificate::PinnedLater;

/// A certificate and its key that can be replaced; new connections get the new
/// one, standing ones keep theirs.
#[derive(Clone)]
pub struct ReloadableTls(Arc<RwLock<Configs>>);

struct Configs {
    /// Asks for the client's certificate and goes on without one.
    devices: Arc<ServerConfig>,
    /// Does not ask: a browser would put the question to whoever sits before it.
    pages: Arc<ServerConfig>,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("the certificate file is no PEM with a certificate")]
    Certificate(#[source] rustls::pki_types::pem::Error),
    #[error("the certificate file has no certificate")]
    NoCertificate,
    #[error("the key file is no PEM with a private key")]
    Key(#[source] rustls::pki_types::pem::Error),
    #[error(
        "the certificate and the key do not fit together, or are of a kind that is not supported"
    )]
    Unusable(#[source] rustls::Error),
}

impl ReloadableTls {
    /// From a certificate chain and a private key, both PEM.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let configs = configs(certificates, key)?;
        Ok(Self(Arc::new(RwLock::new(configs))))
    }

    /// Takes another certificate and key from now on; on an error the old ones stay.
    pub fn replace_pem(&self, certificates: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let configs = configs(certificates, key)?;
        *self.0.write() = configs;
        Ok(())
    }

    pub(crate) fn current(&self, listener: Listener) -> Arc<ServerConfig> {
        let configs = self.0.read();
        match listener {
            Listener::Wss => configs.pages.clone(),
            _ => configs.devices.clone(),
        }
    }
}

fn configs(certificates: &[u8], key: &[u8]) -> Result<Configs, TlsError> {
    let chain = CertificateDer::pem_slice_iter(certificates)
        .collect::<Result<Vec<_>, _>>()
        .map_err(TlsError::Certificate)?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsError::Key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = || {
        ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unusable)
    };
    let asking = builder()?.with_client_cert_verifier(Arc::new(PinnedLater::new()));
    let finish = |builder: ConfigBuilder<ServerConfig, WantsServerCert>| {
        let config = builder.with_single_cert(chain.clone(), key.clone_key());
        config.map(without_resumption).map_err(TlsError::Unusable)
    };
    Ok(Configs {
        devices: finish(asking)?,
        pages: finish(builder()?.with_no_client_auth())?,
    })
}

fn without_resumption(mut config: ServerConfig) -> Arc<ServerConfig> {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Arc::new(config)
}
