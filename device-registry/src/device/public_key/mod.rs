//! Public keys of devices, as an operator hands them in.
//!
//! `alg` is `EdDSA` or, of RFC 9864, `Ed25519`, or `ES256` (ECDSA on P-256 with
//! SHA-256), as in JOSE; it may be left out, since each form below tells. The
//! key is base64url of the raw 32 bytes or of the uncompressed point (65 bytes,
//! SEC 1), a PEM with a SubjectPublicKeyInfo (RFC 5280; the algorithms'
//! identifiers are those of RFC 8410 and RFC 5480), or a JSON Web Key.

mod algorithm;
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

/// The longest text of a public key, in bytes; a PEM of P-256 has 178, a JWK
/// with a certificate in it (`x5c`) a good thousand.
pub(crate) const MAX_PUBLIC_KEY_BYTES: usize = 4_096;

/// A public key as the API takes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewKey {
    /// `EdDSA`, `Ed25519` or `ES256`; empty where the key itself is to tell.
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
        let (algorithm, raw) = raw_key(self.public_key.trim())?;
        if wanted.is_some_and(|wanted| wanted != algorithm) {
            return Err(PublicKeyError::OtherAlgorithm);
        }
        match algorithm {
            Algorithm::Ed25519 => ed25519(&raw),
            Algorithm::Es256 => p256(&raw),
        }
    }
}

/// The key in a SubjectPublicKeyInfo, if it is of a kind that is taken. It is
/// compared with registered ones only, so it is not checked to be a sound one.
pub(crate) fn of_spki(der: &[u8]) -> Option<CredentialProof> {
    if let Some(raw) = der.strip_prefix(ED25519_SPKI) {
        let public_key = raw.try_into().ok()?;
        return Some(CredentialProof::Ed25519 { public_key });
    }
    let raw: [u8; 65] = der.strip_prefix(P256_SPKI)?.try_into().ok()?;
    Some(CredentialProof::Es256 {
        public_key: Box::new(raw),
    })
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
    if text.contains("PRIVATE KEY") {
        return Err(PublicKeyError::Private);
    }
    let body = text
        .strip_prefix("-----BEGIN PUBLIC KEY-----")
        .and_then(|text| text.strip_suffix("-----END PUBLIC KEY-----"))
        .ok_or(PublicKeyError::Form)?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| PublicKeyError::Form)?;
    match (der.strip_prefix(ED25519_SPKI), der.strip_prefix(P256_SPKI)) {
        (Some(raw), _) => Ok((Algorithm::Ed25519, raw.to_vec())),
        (_, Some(raw)) => Ok((Algorithm::Es256, raw.to_vec())),
        // RSA, another curve.
        _ => Err(PublicKeyError::Algorithm),
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
