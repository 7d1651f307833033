//! The other kind of key that a device may have: ECDSA on P-256 with SHA-256
//! (`ES256` of RFC 7518), as secure elements and older libraries have it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use coset::iana;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};

use crate::identity::{KeyError, Signer};

/// A device's private key on P-256.
pub struct Es256Key {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Es256Key {
    /// Makes a new key from the operating system's randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .map_err(|_| KeyError::Es256)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Reads PKCS#8 (DER) with the public half in it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random)
            .map_err(|_| KeyError::Es256)?;
        Ok(Self { pair, random })
    }

    /// The same as a PEM, as `openssl genpkey -algorithm EC` writes it.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyError> {
        let body = text
            .trim()
            .strip_prefix("-----BEGIN PRIVATE KEY-----")
            .and_then(|text| text.strip_suffix("-----END PRIVATE KEY-----"))
            .ok_or(KeyError::Es256)?;
        let body: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(body).map_err(KeyError::Base64)?;
        Self::from_pkcs8(&der)
    }

    /// From a JWK's `d`, `x` and `y`.
    pub(crate) fn from_coordinates(d: &str, x: &str, y: &str) -> Result<Self, KeyError> {
        let read = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(KeyError::Base64);
        let point = [&[4][..], &read(x)?, &read(y)?].concat();
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &read(d)?,
            &point,
            &random,
        )
        .map_err(|_| KeyError::Es256)?;
        Ok(Self { pair, random })
    }

    /// The uncompressed point as base64url: `public_key` beside `alg: "ES256"`.
    pub fn public_key_base64url(&self) -> String {
        self.public_key().to_base64url()
    }

    pub fn public_key(&self) -> Es256PublicKey {
        let point = self.pair.public_key().as_ref();
        Es256PublicKey(point.try_into().expect("a point of P-256 has 65 bytes"))
    }
}

impl Signer for Es256Key {
    fn jose_algorithm(&self) -> &'static str {
        "ES256"
    }

    fn cose_algorithm(&self) -> iana::Algorithm {
        iana::Algorithm::ES256
    }

    fn signature(&self, message: &[u8]) -> [u8; 64] {
        let signature = self
            .pair
            .sign(&self.random, message)
            .expect("the operating system gives random bytes");
        signature
            .as_ref()
            .try_into()
            .expect("r and s have 32 bytes each")
    }
}

/// The private half is never printed.
impl fmt::Debug for Es256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Es256Key(public {})", self.public_key_base64url())
    }
}

/// The public half of a key on P-256: the uncompressed point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Es256PublicKey([u8; 65]);

impl Es256PublicKey {
    pub fn from_bytes(point: [u8; 65]) -> Self {
        Self(point)
    }

    pub fn from_base64url(text: &str) -> Result<Self, KeyError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim().trim_end_matches('='))
            .map_err(KeyError::Base64)?;
        bytes.try_into().map(Self).map_err(|_| KeyError::Es256)
    }

    pub fn to_base64url(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// A point beside the curve verifies nothing.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.0)
            .verify(message, signature)
            .is_ok()
    }
}

impl fmt::Debug for Es256PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Es256PublicKey({})", self.to_base64url())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_verifies_and_nothing_else_does() {
        let key = Es256Key::generate().unwrap();
        let public = Es256PublicKey::from_base64url(&key.public_key_base64url()).unwrap();
        assert_eq!(public, key.public_key());
        let mut signature = key.signature(b"x");
        assert!(public.verifies(b"x", &signature));
        assert!(!public.verifies(b"y", &signature));
        signature[0] ^= 1;
        assert!(!public.verifies(b"x", &signature));
        assert!(!Es256PublicKey::from_bytes([4; 65]).verifies(b"x", &signature));
    }
}
