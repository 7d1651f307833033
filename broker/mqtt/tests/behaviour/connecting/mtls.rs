//! Certificates of devices: pinned by their public key, and looked at each time.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mqtt::Config;
use mqtt::codec::{Packet, ReasonCode};
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    ClientConfig, HandshakeKind, RootCertStore, SignatureScheme, SupportedProtocolVersion, version,
};
use transport::{EventKind, Protocol};

use crate::connecting::tls::{self, Certificate, TlsStream};
use crate::harness::client::{Client, connect};
use crate::harness::{TestBroker, until};
use crate::websocket::client::log_in as log_in_over_web_socket;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS12, &version::TLS13];

/// A key and the certificate that its owner made for it.
struct Identity {
    key: KeyPair,
    certificate: Certificate,
}

impl Identity {
    fn new(algorithm: &'static rcgen::SignatureAlgorithm) -> Self {
        Self::of(KeyPair::generate_for(algorithm).unwrap(), |_| {})
    }

    fn of(key: KeyPair, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        change(&mut params);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { key, certificate }
    }

    fn certified(&self) -> Arc<CertifiedKey> {
        certified(&self.certificate, &self.key)
    }

    fn pin(&self, broker: &TestBroker, device: &str) {
        let spki = self.key.subject_public_key_info();
        broker.access.pinned.lock().insert(device.into(), spki);
    }
}

fn certified(certificate: &Certificate, key: &KeyPair) -> Arc<CertifiedKey> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    Arc::new(CertifiedKey::new(vec![certificate.clone()], key))
}

/// A client that shows a certificate when it is asked, and counts that.
#[derive(Debug)]
struct Shows {
    certificate: Arc<CertifiedKey>,
    asked: AtomicU64,
}

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Some(self.certificate.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn config(
    server: &Certificate,
    version: &'static SupportedProtocolVersion,
    shows: Arc<dyn ResolvesClientCert>,
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(server.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(shows);
    // It resumes whenever it may.
    config.resumption = Resumption::in_memory_sessions(16);
    Arc::new(config)
}

fn showing(
    server: &Certificate,
    version: &'static SupportedProtocolVersion,
    certificate: Arc<CertifiedKey>,
) -> Arc<ClientConfig> {
    let shows = SingleCertAndKey::from(certificate);
    config(server, version, Arc::new(shows))
}

/// The CONNACK's code of a login without a password.
fn log_in(broker: &TestBroker, config: &Arc<ClientConfig>, id: &str) -> (u8, Client<TlsStream>) {
    let stream = tls::stream(broker.mqtts.unwrap(), config);
    let mut client = Client::over(stream, Protocol::V5);
    let mut login = connect(Protocol::V5, id);
    login.password = None;
    client.send(&Packet::Connect(login));
    let code = client.receive().connack().code;
    (code, client)
}

fn start() -> (Certificate, TestBroker) {
    let (server, tls) = tls::certificate();
    (server, TestBroker::with_tls(Config::default(), Some(tls)))
}

#[test]
fn a_pinned_key_opens_the_door_in_both_versions_of_tls() {
    let (server, broker) = start();
    for algorithm in [
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
    ] {
        let identity = Identity::new(algorithm);
        identity.pin(&broker, "d");
        for version in VERSIONS {
            let config = showing(&server, version, identity.certified());
            let (code, mut client) = log_in(&broker, &config, "d");
            assert_eq!(code, 0, "{algorithm:?} {version:?}");
            client.ping();
        }
    }
}

#[test]
fn another_key_and_no_certificate_do_not() {
    let (server, broker) = start();
    Identity::new(&rcgen::PKCS_ED25519).pin(&broker, "d");
    let refused = ReasonCode::BAD_USER_NAME_OR_PASSWORD.0;
    let another = Identity::new(&rcgen::PKCS_ED25519).certified();
    let config = showing(&server, &version::TLS13, another);
    assert_eq!(log_in(&broker, &config, "d").0, refused);
    assert_eq!(log_in(&broker, &tls::trusting(&server), "d").0, refused);
    // Its own password is as good as without a certificate.
    tls::client(broker.mqtts.unwrap(), &server, "d").ping();
}

#[test]
fn what_a_certificate_says_beside_its_key_counts_for_nothing() {
    let (server, broker) = start();
    let identity = Identity::of(KeyPair::generate().unwrap(), |params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    identity.pin(&broker, "d");
    let config = showing(&server, &version::TLS13, identity.certified());
    assert_eq!(log_in(&broker, &config, "d").0, 0);
}

/// The certificate of a device is no secret: others may show it.
#[test]
fn a_certificate_without_its_key_ends_the_handshake() {
    let (server, broker) = start();
    let identity = Identity::new(&rcgen::PKCS_ED25519);
    identity.pin(&broker, "d");
    let thief = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    for (count, version) in VERSIONS.into_iter().enumerate() {
        let stolen = certified(&identity.certificate, &thief);
        let mut stream = tls::stream(broker.mqtts.unwrap(), &showing(&server, version, stolen));
        let mut bytes = Vec::new();
        connect(Protocol::V5, "d").encode(&mut bytes);
        let _ = stream.write_all(&bytes);
        until("it is recorded", || {
            broker.access.count(EventKind::TlsFailed) == count + 1
        });
    }
    assert!(!broker.access.saw(EventKind::Connected));
}

#[test]
fn a_certificate_of_many_kilobytes_is_not_kept() {
    let (server, broker) = start();
    let fat = Identity::of(KeyPair::generate().unwrap(), |params| {
        let name = format!("{}.example", "x".repeat(50));
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name.try_into().unwrap()); 200];
    });
    let config = showing(&server, &version::TLS12, fat.certified());
    let mut stream = tls::stream(broker.mqtts.unwrap(), &config);
    assert!(stream.write_all(b"never read").is_err());
    until("it is recorded", || broker.access.saw(EventKind::TlsFailed));
}

#[test]
fn a_revoked_certificate_does_not_get_in_on_a_resumed_session() {
    let (server, broker) = start();
    for (name, version) in [("a", &version::TLS12), ("b", &version::TLS13)] {
        let identity = Identity::new(&rcgen::PKCS_ECDSA_P256_SHA256);
        identity.pin(&broker, name);
        let config = showing(&server, version, identity.certified());
        let (code, mut client) = log_in(&broker, &config, name);
        assert_eq!(code, 0);
        // Whatever the server has to say about resumption has come by now.
        client.ping();
        drop(client);
        broker.access.pinned.lock().remove(name);
        let (code, client) = log_in(&broker, &config, name);
        assert_eq!(code, ReasonCode::BAD_USER_NAME_OR_PASSWORD.0);
        let kind = client.stream.conn.handshake_kind();
        assert_eq!(kind, Some(HandshakeKind::Full));
    }
}

/// A browser would ask whoever sits before it which certificate to show.
#[test]
fn browsers_are_not_asked_for_a_certificate() {
    let (server, broker) = start();
    let identity = Identity::new(&rcgen::PKCS_ED25519);
    let shows = Arc::new(Shows {
        certificate: identity.certified(),
        asked: AtomicU64::new(0),
    });
    let config = config(&server, &version::TLS13, shows.clone());
    let stream = tls::stream(broker.wss.unwrap(), &config);
    log_in_over_web_socket(stream, "page").ping();
    assert_eq!(shows.asked.load(Ordering::Relaxed), 0);
    log_in(&broker, &config, "d");
    assert_eq!(shows.asked.load(Ordering::Relaxed), 1);
}
