//! HTTPS: the handshake, the secure cookie, and a certificate that changes.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::harness::{Platform, Setup};

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

#[test]
fn a_session_over_tls_has_a_secure_cookie_and_certificates_are_exchanged() {
    let (config, root) = certificate();
    let tls = Arc::new(ArcSwap::from_pointee(config));
    let platform = Platform::set_up(Setup {
        tls: Some(Arc::clone(&tls)),
        ..Setup::default()
    });
    let url = format!("https://localhost:{}", platform.address.port());
    let mut reply = agent(root.clone())
        .post(format!("{url}/v1/session"))
        .header("content-type", "application/json")
        .send(json!({"token": platform.token}).to_string())
        .unwrap();
    assert_eq!(
        reply.status(),
        201,
        "{:?}",
        reply.body_mut().read_to_string()
    );
    let cookie = reply.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-") && cookie.contains("; Secure"),
        "{cookie}"
    );

    let (new, new_root) = certificate();
    tls.store(Arc::new(new));
    let reply = agent(new_root)
        .get(format!("{url}/healthz"))
        .call()
        .unwrap();
    assert_eq!(reply.status(), 200);
    assert!(agent(root).get(format!("{url}/healthz")).call().is_err());
}
