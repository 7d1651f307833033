//! MQTT under TLS.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use mqtt::codec::{Packet, Qos};
use mqtt::{Config, ReloadableTls};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};
use transport::{EventKind, Protocol};

use crate::harness::client::{Client, connect, telemetry};
use crate::harness::{DEADLINE, TestBroker, until};

pub(crate) type Certificate = CertificateDer<'static>;
pub(crate) type TlsStream = StreamOwned<ClientConnection, TcpStream>;
type TlsClient = Client<TlsStream>;

pub(crate) struct Pem {
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) der: CertificateDer<'static>,
}

pub(crate) fn pem() -> Pem {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    Pem {
        certificate: made.cert.pem(),
        key: made.signing_key.serialize_pem(),
        der: made.cert.der().clone(),
    }
}

pub(crate) fn certificate() -> (CertificateDer<'static>, ReloadableTls) {
    let pem = pem();
    let server = ReloadableTls::from_pem(pem.certificate.as_bytes(), pem.key.as_bytes()).unwrap();
    (pem.der, server)
}

pub(crate) fn trusting(certificate: &Certificate) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

pub(crate) fn stream(address: SocketAddr, config: &Arc<ClientConfig>) -> TlsStream {
    let tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(DEADLINE)).unwrap();
    tcp.set_nodelay(true).unwrap();
    let name = "localhost".try_into().unwrap();
    let tls = ClientConnection::new(config.clone(), name).unwrap();
    StreamOwned::new(tls, tcp)
}

fn open(address: SocketAddr, config: &Arc<ClientConfig>) -> TlsClient {
    Client::over(stream(address, config), Protocol::V5)
}

fn log_in(mut client: TlsClient, id: &str) -> TlsClient {
    client.send(&Packet::Connect(connect(Protocol::V5, id)));
    assert_eq!(client.receive().connack().code, 0);
    client
}

pub(crate) fn client(
    address: SocketAddr,
    certificate: &CertificateDer<'static>,
    id: &str,
) -> TlsClient {
    log_in(open(address, &trusting(certificate)), id)
}

#[test]
fn messages_go_both_ways_in_bulk() {
    let (certificate, server) = certificate();
    let broker = TestBroker::with_tls(Config::default(), Some(server));
    let mut client = client(broker.mqtts.unwrap(), &certificate, "d");
    client.subscribe("open/#", Qos::AtMostOnce);
    let payload = vec![b'x'; 60_000];
    for id in 1..=50 {
        client.publish(&telemetry("d"), id, &payload);
        assert_eq!(client.receive().puback().packet_id, id);
    }
    for n in 0..200u32 {
        broker.publish("open/x", vec![n as u8; 3_000]);
    }
    for n in 0..200u32 {
        assert_eq!(client.receive().publish().payload, vec![n as u8; 3_000]);
    }
    let info = broker.handle.connection("d").unwrap();
    assert_eq!(info.listener, transport::Listener::Mqtts);
    assert_eq!((info.messages_in, info.messages_out), (50, 200));
}

#[test]
fn no_session_is_resumed() {
    let (certificate, server) = certificate();
    let broker = TestBroker::with_tls(Config::default(), Some(server));
    let config = trusting(&certificate);
    for _ in 0..3 {
        let mut client = log_in(open(broker.mqtts.unwrap(), &config), "d");
        client.ping();
        assert_eq!(
            client.stream.conn.handshake_kind(),
            Some(HandshakeKind::Full)
        );
    }
}

#[test]
fn a_replaced_certificate_serves_new_connections_and_a_bad_one_changes_nothing() {
    let (old, server) = certificate();
    let broker = TestBroker::with_tls(Config::default(), Some(server.clone()));
    let address = broker.mqtts.unwrap();
    let mut standing = client(address, &old, "standing");
    assert!(server.replace_pem(b"no certificate", b"no key").is_err());
    client(address, &old, "still").ping();
    let new = pem();
    server
        .replace_pem(new.certificate.as_bytes(), new.key.as_bytes())
        .unwrap();
    client(address, &new.der, "new").ping();
    standing.ping();
}

#[test]
fn plain_text_on_the_tls_port_is_recorded() {
    let (_, server) = certificate();
    let broker = TestBroker::with_tls(Config::default(), Some(server));
    let mut client = Client::open(broker.mqtts.unwrap(), Protocol::V5);
    let mut bytes = Vec::new();
    connect(Protocol::V5, "d").encode(&mut bytes);
    client.try_send_bytes(&bytes);
    until("it is recorded", || broker.access.saw(EventKind::TlsFailed));
    until("it is gone", || {
        broker.total(|listener| listener.handshakes) == 0
    });
}

#[test]
fn a_handshake_that_stalls_ends_at_the_deadline() {
    let (_, server) = certificate();
    let config = Config {
        connect_deadline: std::time::Duration::from_millis(200),
        ..Config::default()
    };
    let broker = TestBroker::with_tls(config, Some(server));
    let mut client = Client::open(broker.mqtts.unwrap(), Protocol::V5);
    client.try_send_bytes(&[0x16, 0x03, 0x01]);
    client.expect_closed();
    until("it is recorded", || {
        broker.access.saw(EventKind::ConnectTimeout)
    });
}
