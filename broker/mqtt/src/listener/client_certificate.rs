//! Certificates of devices: what the TLS handshake asks of them.
//!
//! A device's certificate is a wrapping for its public key, which the registry
//! knows. Who signed it, for how long and for which name is not looked at: the
//! handshake proves only that the client owns the key, and the access control
//! decides whose key it is. Ed25519, ECDSA on P-256 and P-384, and RSA of 2,048 bits
//! and more.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, InvalidMessage, SignatureScheme};

/// What a client may send, in bytes: a self-signed certificate has about 300,
/// and a connection keeps it for as long as it stands.
const MAX_CHAIN_BYTES: usize = 8 * 1024;

/// Of RSA, TLS 1.3 signs by PSS alone; a client of TLS 1.2 may know nothing but
/// PKCS#1.
const SCHEMES: [SignatureScheme; 9] = [
    SignatureScheme::ED25519,
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// Takes any certificate whose key the client owns.
#[derive(Debug)]
pub(super) struct PinnedLater(WebPkiSupportedAlgorithms);

impl PinnedLater {
    pub(super) fn new() -> Self {
        Self(rustls::crypto::ring::default_provider().signature_verification_algorithms)
    }
}

impl ClientCertVerifier for PinnedLater {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let others: usize = intermediates.iter().map(|it| it.len()).sum();
        if end_entity.len() + others > MAX_CHAIN_BYTES {
            return Err(InvalidMessage::CertificatePayloadTooLarge.into());
        }
        ParsedCertificate::try_from(end_entity)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        SCHEMES.to_vec()
    }
}
