//! HTTPS: the handshake, the secure cookie, and a certificate that changes.

use std::sync::Arc;

use arc_swap::ArcSwap;
use serde_json::json;

use crate::certificate::{agent, certificate};
use crate::harness::{Platform, Setup};

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
