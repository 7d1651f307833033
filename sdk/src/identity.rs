//! What a device proves itself with: an Ed25519 key (or one on P-256:
//! [`crate::es256`]), and the JSON Web Tokens (RFC 7519) that it signs for its MQTT password or its
//! HTTP bearer.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coset::iana;
use domain::{DeviceId, Timestamp};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// The longest lifetime that the platform accepts in a token.
pub const MAX_TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a key cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the operating system gives no random bytes")]
    Random(#[source] getrandom::Error),
    #[error("the key is not base64url without padding")]
    Base64(#[source] base64::DecodeError),
    #[error("an Ed25519 key has 32 bytes, this one {found}")]
    Length { found: usize },
    #[error("the key is not a PKCS#8 PEM of an Ed25519 private key")]
    Pem(#[source] ed25519_dalek::pkcs8::Error),
    #[error("the bytes are no point of the curve, or a weak one")]
    Point,
    #[error("the key is no private key of P-256 with its public half (PKCS#8 or JWK)")]
    Es256,
    #[error("the key is no JSON Web Key")]
    Jwk(#[source] serde_json::Error),
    #[error("the JSON Web Key's `crv` is neither Ed25519 nor P-256 with x and y")]
    Curve,
    #[error("that is a public key; a private one is needed here")]
    Public,
}

/// A key that signs a device's tokens and messages, of either kind.
pub trait Signer {
    /// `alg` in a JWT.
    fn jose_algorithm(&self) -> &'static str;

    /// Label 1 in COSE.
    fn cose_algorithm(&self) -> iana::Algorithm;

    fn signature(&self, message: &[u8]) -> [u8; 64];
}

/// A device's private key.
#[derive(Clone)]
pub struct DeviceKey(SigningKey);

impl DeviceKey {
    /// Makes a new key from the operating system's randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(KeyError::Random)?;
        Ok(Self::from_seed(&seed))
    }

    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    pub fn from_seed_base64url(text: &str) -> Result<Self, KeyError> {
        Ok(Self::from_seed(&bytes_32(text)?))
    }

    /// The private half as base64url of its 32 bytes: a secret.
    pub fn seed_base64url(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_bytes())
    }

    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyError> {
        SigningKey::from_pkcs8_pem(text)
            .map(Self)
            .map_err(KeyError::Pem)
    }

    /// The private half as a PEM, as `openssl genpkey` writes it: a secret.
    pub fn to_pkcs8_pem(&self) -> String {
        // The public half is left out, since older OpenSSL reads version 1 only.
        let bare = ed25519_dalek::pkcs8::KeypairBytes {
            secret_key: *self.0.as_bytes(),
            public_key: None,
        };
        bare.to_pkcs8_pem(LineEnding::LF)
            .expect("a fixed-size key always encodes")
            .to_string()
    }

    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// What `keys: [{alg: "EdDSA", public_key}]` of a registration carries.
    pub fn public_key_base64url(&self) -> String {
        self.public_key().to_base64url()
    }

    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    /// A token for MQTT's password or an HTTP bearer. A lifetime beyond 24
    /// hours is cut to that, since the platform refuses a longer one.
    pub fn jwt(
        &self,
        device: &DeviceId,
        audience: &str,
        now: Timestamp,
        lifetime: Duration,
    ) -> String {
        jwt(self, device, audience, now, lifetime)
    }
}

impl Signer for DeviceKey {
    fn jose_algorithm(&self) -> &'static str {
        "EdDSA"
    }

    fn cose_algorithm(&self) -> iana::Algorithm {
        iana::Algorithm::Ed25519
    }

    fn signature(&self, message: &[u8]) -> [u8; 64] {
        self.sign(message)
    }
}

/// A token signed by a key of either kind; see [`DeviceKey::jwt`].
pub(crate) fn jwt(
    key: &impl Signer,
    device: &DeviceId,
    audience: &str,
    now: Timestamp,
    lifetime: Duration,
) -> String {
    let issued = now.as_micros().div_euclid(1_000_000);
    let expires = issued + lifetime.min(MAX_TOKEN_LIFETIME).as_secs() as i64;
    let claims = serde_json::json!({
        "sub": device.as_str(), "aud": audience, "iat": issued, "exp": expires,
    });
    let header = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, key.jose_algorithm());
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = key.signature(token.as_bytes());
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    token
}

/// The private half is never printed.
impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey(public {})", self.public_key_base64url())
    }
}

/// The public half of a key: a device's, or the platform's own that signs
/// receipts (`GET /v1/platform`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        match VerifyingKey::from_bytes(bytes) {
            Ok(key) if !key.is_weak() => Ok(Self(key)),
            _ => Err(KeyError::Point),
        }
    }

    pub fn from_base64url(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&bytes_32(text)?)
    }

    pub fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
    }

    pub fn to_base64url(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_bytes())
    }

    /// Strict verification: neither a weak key nor a malleable signature passes.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0
            .verify_strict(message, &Signature::from_bytes(signature))
            .is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_base64url())
    }
}

fn bytes_32(text: &str) -> Result<[u8; 32], KeyError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text.trim().trim_end_matches('='))
        .map_err(KeyError::Base64)?;
    let found = bytes.len();
    bytes.try_into().map_err(|_| KeyError::Length { found })
}

#[cfg(test)]
mod tests;
