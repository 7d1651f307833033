//! Certificates that `openssl req -x509` made, and the hashes that `openssl pkey
//! -pubin -outform DER | sha256sum` tells of their keys.

use super::super::{NewKey, PublicKeyError, of_spki};
use super::*;

const RSA_PEM: &str = include_str!("rsa.pem");
const P384_PEM: &str = include_str!("p384.pem");
const P256_PEM: &str = include_str!("p256.pem");
const P256_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEu5RRJJKjgxQRATsafWuDVVB3p5Ih
bwTuSWsl1ixK1Vb2PP4yKwp3cvjlGnlIXVOfS2Zu9Dnk8+PLbwHhd44++Q==
-----END PUBLIC KEY-----";

fn parse(alg: &str, public_key: &str) -> Result<CredentialProof, PublicKeyError> {
    NewKey {
        alg: alg.to_owned(),
        public_key: public_key.to_owned(),
        expires: None,
    }
    .parse()
}

#[test]
fn a_key_that_signs_nothing_here_is_kept_by_its_hash() {
    for (pem, sha256) in [
        (
            RSA_PEM,
            "14ed7b6e85b4728e01967df923e48dbc70275f201712d3b8389921cc979ef0d0",
        ),
        (
            P384_PEM,
            "91f304e3f96209f9c72c9a8c93cf6b4873e2ade0d6e45c0de790c0b59c9caa70",
        ),
    ] {
        let Ok(CredentialProof::Certificate { spki_sha256 }) = parse("", pem) else {
            panic!("{sha256}");
        };
        let found: String = spki_sha256
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(found, sha256);
        assert_eq!(parse("ES256", pem), Err(PublicKeyError::OtherAlgorithm));
    }
}

#[test]
fn a_key_that_signs_is_the_devices_key() {
    let key = parse("", P256_PEM);
    assert!(matches!(key, Ok(CredentialProof::Es256 { .. })), "{key:?}");
    assert_eq!(key, parse("ES256", P256_KEY));
    assert_eq!(parse("ES256", P256_PEM), key);
    assert_eq!(
        parse("EdDSA", P256_PEM),
        Err(PublicKeyError::OtherAlgorithm)
    );
}

#[test]
fn what_tls_does_not_verify_is_refused_by_name() {
    for other in [include_str!("p521.pem"), include_str!("rsa-1024.pem")] {
        assert_eq!(parse("", other), Err(PublicKeyError::CertificateKey));
    }
    let cut = P384_PEM.replacen("MIIBqzCC", "MIIBrDCC", 1);
    assert_eq!(parse("", &cut), Err(PublicKeyError::Certificate));
    let chain = format!("{P384_PEM}{RSA_PEM}");
    assert_eq!(parse("", &chain), Err(PublicKeyError::Form));
    let with_key = format!("{P384_PEM}-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----");
    assert_eq!(parse("", &with_key), Err(PublicKeyError::Private));
}

/// What a handshake brings is no certificate but its key.
#[test]
fn a_handshakes_key_has_the_same_hash() {
    let spki = |pem: &str| {
        let body: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
        let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap();
        let certificate = Certificate::from_der(&der).unwrap();
        let key = certificate.tbs_certificate().subject_public_key_info();
        key.to_der().unwrap()
    };
    assert_eq!(parse("", RSA_PEM), Ok(pinned(&spki(RSA_PEM))));
    assert_eq!(of_spki(&spki(RSA_PEM)), None);
    assert_eq!(of_spki(&spki(P256_PEM)), parse("", P256_PEM).ok());
}
