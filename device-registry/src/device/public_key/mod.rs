//! Public keys of devices, as an operator hands them in.
//!
//! `alg` is `EdDSA` or, of RFC 9864, `Ed25519`, or `ES256` (ECDSA on P-256 with
//! SHA-256), as in JOSE; it may be left out, since each form below tells. The
//! key is base64url of the raw 32 bytes or of the uncompressed point (65 bytes,
//! SEC 1), a PEM with a SubjectPublicKeyInfo (RFC 5280; the algorithms'
//! identifiers are those of RFC 8410 and RFC 5480) or with a certificate, or a
//! JSON Web Key.

mod algorithm;
mod certificate;
mod jwk;
mod thumbprint;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::VerifyingKey;
use ring::agreement;
use ring::rand::SystemRandom;

use super::CredentialProof;

pub(crate) use algorithm::Algorithm;
pub use algorithm::PublicKeyError;
pub(crate) use certificate::pinned;

/// The longest text of a public key, in bytes; a PEM of P-256 has 178, a JWK
/// with a certificate in it (`x5c`) a good thousand, a certificate of RSA with
/// 4,096 bits about two.
pub(crate) const MAX_PUBLIC_KEY_BYTES: usize = 4_096;

/// A public key as the API takes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewKey {
    /// `EdDSA`, `Ed25519` or `ES256`; empty where the key itself is to tell, as
    /// that of a certificate always does.
    pub alg: String,
    /// base64url, PEM, or the text of a JWK.
    pub public_key: String,
    pub expires: Option<domain::Timestamp>,
}

/// RFC 8410: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }.
const ED25519_SPKI: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// RFC 5480: SEQUENCE { SEQUENCE { OID 1.2.840.10045.2.1, OID
/// 1.2.840.10045.3.1.7 }, BIT STRING of 65 bytes }.
const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

const CERTIFICATE_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const CERTIFICATE_END: &str = "-----END CERTIFICATE-----";

impl NewKey {
    /// The key, checked to be one that proves something.
    pub fn parse(&self) -> Result<CredentialProof, PublicKeyError> {
        let wanted = match self.alg.as_str() {
            "" => None,
            named => Some(Algorithm::parse(named)?),
        };
        if self.public_key.len() > MAX_PUBLIC_KEY_BYTES {
            return Err(PublicKeyError::Form);
        }
        let text = self.public_key.trim();
        if text.contains("PRIVATE KEY-----") {
            return Err(PublicKeyError::Private);
        }
        let (algorithm, proof) = if text.starts_with(CERTIFICATE_BEGIN) {
            let proof = certificate::read(&pem_body(text, CERTIFICATE_BEGIN, CERTIFICATE_END)?)?;
            (Algorithm::of(&proof), proof)
        } else {
            let (algorithm, raw) = raw_key(text)?;
            (Some(algorithm), algorithm.proof(&raw)?)
        };
        if wanted.is_some_and(|wanted| Some(wanted) != algorithm) {
            return Err(PublicKeyError::OtherAlgorithm);
        }
        Ok(proof)
    }
}

/// The key in a SubjectPublicKeyInfo, if it is of a kind that is taken. It is
/// compared with registered ones only, so it is not checked to be a sound one.
pub(crate) fn of_spki(der: &[u8]) -> Option<CredentialProof> {
    let (algorithm, raw) = raw_spki(der)?;
    Some(match algorithm {
        Algorithm::Ed25519 => CredentialProof::Ed25519 {
            public_key: raw.try_into().ok()?,
        },
        Algorithm::Es256 => CredentialProof::Es256 {
            public_key: Box::new(raw.try_into().ok()?),
        },
    })
}

/// What follows the algorithm in a SubjectPublicKeyInfo.
fn raw_spki(der: &[u8]) -> Option<(Algorithm, &[u8])> {
    let ed25519 = || Some((Algorithm::Ed25519, der.strip_prefix(ED25519_SPKI)?));
    ed25519().or_else(|| Some((Algorithm::Es256, der.strip_prefix(P256_SPKI)?)))
}

fn raw_key(text: &str) -> Result<(Algorithm, Vec<u8>), PublicKeyError> {
    if text.starts_with('{') {
        return jwk::read(text);
    }
    if text.starts_with("-----") {
        return pem(text);
    }
    let raw = URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| PublicKeyError::Form)?;
    match raw.len() {
        32 => Ok((Algorithm::Ed25519, raw)),
        65 => Ok((Algorithm::Es256, raw)),
        _ => Err(PublicKeyError::Form),
    }
}

fn pem(text: &str) -> Result<(Algorithm, Vec<u8>), PublicKeyError> {
    let der = pem_body(
        text,
        "-----BEGIN PUBLIC KEY-----",
        "-----END PUBLIC KEY-----",
    )?;
    match raw_spki(&der) {
        Some((algorithm, raw)) => Ok((algorithm, raw.to_vec())),
        // RSA, another curve.
        None => Err(PublicKeyError::Algorithm),
    }
}

/// The bytes between the two lines of a PEM.
fn pem_body(text: &str, begin: &str, end: &str) -> Result<Vec<u8>, PublicKeyError> {
    let body = text
        .strip_prefix(begin)
        .and_then(|text| text.strip_suffix(end))
        .ok_or(PublicKeyError::Form)?;
    let body: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(body).map_err(|_| PublicKeyError::Form)
}

impl Algorithm {
    /// The key of these bytes, checked.
    fn proof(self, raw: &[u8]) -> Result<CredentialProof, PublicKeyError> {
        match self {
            Self::Ed25519 => ed25519(raw),
            Self::Es256 => p256(raw),
        }
    }

    /// What a key signs with, if it signs anything but a handshake.
    fn of(proof: &CredentialProof) -> Option<Self> {
        match proof {
            CredentialProof::Ed25519 { .. } => Some(Self::Ed25519),
            CredentialProof::Es256 { .. } => Some(Self::Es256),
            CredentialProof::Certificate { .. } | CredentialProof::Password { .. } => None,
        }
    }
}

fn ed25519(raw: &[u8]) -> Result<CredentialProof, PublicKeyError> {
    let public_key: [u8; 32] = raw.try_into().map_err(|_| PublicKeyError::Form)?;
    let key = VerifyingKey::from_bytes(&public_key).map_err(|_| PublicKeyError::Weak)?;
    // With a key of small order, one signature fits every message.
    if key.is_weak() {
        return Err(PublicKeyError::Weak);
    }
    Ok(CredentialProof::Ed25519 { public_key })
}

fn p256(raw: &[u8]) -> Result<CredentialProof, PublicKeyError> {
    let public_key: [u8; 65] = raw.try_into().map_err(|_| PublicKeyError::Form)?;
    if public_key[0] != 4 {
        return Err(PublicKeyError::Form);
    }
    // A key agreement checks that the peer's point lies on the curve, which a
    // signature's verification would tell only at the device's first login.
    let own = agreement::EphemeralPrivateKey::generate(&agreement::ECDH_P256, &SystemRandom::new())
        .map_err(|_| PublicKeyError::Weak)?;
    let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, &public_key);
    agreement::agree_ephemeral(own, &peer, |_| ()).map_err(|_| PublicKeyError::Weak)?;
    Ok(CredentialProof::Es256 {
        public_key: Box::new(public_key),
    })
}

#[cfg(test)]
mod tests;
