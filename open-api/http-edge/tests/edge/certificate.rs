//! A certificate for localhost, and a client that trusts it.

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

pub(crate) fn certificate() -> (ServerConfig, Certificate<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let der = made.cert.der().clone();
    let root = Certificate::from_der(&der).to_owned();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![der], key)
        .unwrap();
    (config, root)
}

pub(crate) fn agent(root: Certificate<'static>) -> ureq::Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&[root]))
        .build();
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .tls_config(tls)
        .timeout_global(Some(std::time::Duration::from_secs(30)))
        .build()
        .new_agent()
}
