//! The way from a crowd to its broker: an address, TLS or not, and many
//! sources where the broker is on this machine.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;

use super::link::Link;
use crate::publisher::PublishError;

/// Sources on loopback, 127.0.0.1 and up: one has at most 28,232 ports by
/// Linux's default range, and a server may count its peers by address.
const SOURCES: usize = 16;

/// Where a crowd connects to.
#[derive(Clone)]
pub struct Road {
    pub mqtt: SocketAddr,
    pub tls: Option<Tls>,
}

/// Whom the crowd believes. Every handshake is a full one: a device that has
/// rebooted holds no ticket.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    server: ServerName<'static>,
}

/// Why a crowd cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read the certificates in {path}")]
    Unreadable {
        path: PathBuf,
        #[source]
        cause: rustls_pki_types::pem::Error,
    },
    #[error("{path} has a certificate that is none")]
    Certificate {
        path: PathBuf,
        #[source]
        cause: rustls::Error,
    },
    #[error("{path} has no certificate")]
    Empty { path: PathBuf },
    #[error("{0:?} is no name of a server")]
    Name(String),
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

impl Tls {
    /// Believes the certificates in the PEM file `ca`, for a server that shows
    /// one for `server`: a name or an address.
    pub fn trusting(ca: &Path, server: &str) -> Result<Self, TlsError> {
        let path = || ca.to_owned();
        let unreadable = |cause| TlsError::Unreadable {
            path: path(),
            cause,
        };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(ca).map_err(unreadable)? {
            let certificate = certificate.map_err(unreadable)?;
            roots
                .add(certificate)
                .map_err(|cause| TlsError::Certificate {
                    path: path(),
                    cause,
                })?;
        }
        if roots.is_empty() {
            return Err(TlsError::Empty { path: path() });
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        let server = ServerName::try_from(server.to_owned())
            .map_err(|_| TlsError::Name(server.to_owned()))?;
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            server,
        })
    }
}

impl Road {
    /// TCP, and TLS where it is wanted; `number` chooses the source.
    pub(super) async fn reach(&self, number: usize) -> Result<Link, PublishError> {
        let unreachable = |cause| PublishError::Unreachable {
            address: self.mqtt,
            cause,
        };
        let socket = self.socket(number).map_err(unreachable)?;
        let stream = socket.connect(self.mqtt).await.map_err(unreachable)?;
        match &self.tls {
            None => Ok(Link::plain(stream)),
            Some(tls) => {
                let shaken = tls.connector.connect(tls.server.clone(), stream);
                // Boxed: a handshake is large, and soon over.
                let shaken = Box::pin(shaken).await.map_err(PublishError::Broken)?;
                Ok(Link::tls(shaken))
            }
        }
    }

    fn socket(&self, number: usize) -> io::Result<TcpSocket> {
        let socket = match self.mqtt {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_nodelay(true)?;
        if let IpAddr::V4(address) = self.mqtt.ip()
            && address.is_loopback()
        {
            let source = Ipv4Addr::new(127, 0, 0, 1 + (number % SOURCES) as u8);
            socket.bind(SocketAddr::from((source, 0)))?;
        }
        Ok(socket)
    }
}
