//! TLS for listeners, by rustls, reloadable while connections stand.
//!
//! No resumption: a resumed session skips the look at who connects, and so
//! would go round a revocation.

use std::sync::Arc;

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;

/// A certificate and its key that can be replaced; new connections get the new
/// one, standing ones keep theirs.
#[derive(Clone)]
pub struct ReloadableTls(Arc<RwLock<Arc<ServerConfig>>>);

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
        Ok(Self(Arc::new(RwLock::new(server_config(
            certificates,
            key,
        )?))))
    }

    /// Takes another certificate and key from now on; on an error the old ones stay.
    pub fn replace_pem(&self, certificates: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let config = server_config(certificates, key)?;
        *self.0.write() = config;
        Ok(())
    }

    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        self.0.read().clone()
    }
}

fn server_config(certificates: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(certificates)
        .collect::<Result<Vec<_>, _>>()
        .map_err(TlsError::Certificate)?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsError::Key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Unusable)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}
