//! A device's private key from a file, of whichever kind and form it is: a
//! PKCS#8 PEM (`openssl genpkey`, `madang device keygen`) or a JSON Web Key.

use std::time::Duration;

use coset::iana;
use domain::{DeviceId, Timestamp};
use serde::Deserialize;

use crate::api::PublicKeyDocument;
use crate::es256::Es256Key;
use crate::identity::{DeviceKey, KeyError, Signer, jwt};

/// Either kind of key.
#[derive(Debug)]
pub enum PrivateKey {
    Ed25519(Box<DeviceKey>),
    Es256(Box<Es256Key>),
}

/// The members of a private JWK (RFC 8037, RFC 7518) that are read.
#[derive(Deserialize)]
struct Jwk {
    crv: Option<String>,
    d: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl PrivateKey {
    /// Reads the text of a key's file.
    pub fn read(text: &str) -> Result<Self, KeyError> {
        if text.trim_start().starts_with('{') {
            return Self::from_jwk(text);
        }
        if text.contains("BEGIN PUBLIC KEY") {
            return Err(KeyError::Public);
        }
        DeviceKey::from_pkcs8_pem(text)
            .map(Box::new)
            .map(Self::Ed25519)
            .or_else(|error| match Es256Key::from_pkcs8_pem(text) {
                Ok(key) => Ok(Self::Es256(Box::new(key))),
                Err(_) => Err(error),
            })
    }

    fn from_jwk(text: &str) -> Result<Self, KeyError> {
        let jwk: Jwk = serde_json::from_str(text).map_err(KeyError::Jwk)?;
        let d = jwk.d.as_deref().ok_or(KeyError::Public)?;
        match (jwk.crv.as_deref(), &jwk.x, &jwk.y) {
            (Some("Ed25519"), ..) => {
                let key = DeviceKey::from_seed_base64url(d)?;
                Ok(Self::Ed25519(Box::new(key)))
            }
            (Some("P-256"), Some(x), Some(y)) => {
                let key = Es256Key::from_coordinates(d, x, y)?;
                Ok(Self::Es256(Box::new(key)))
            }
            _ => Err(KeyError::Curve),
        }
    }

    /// What a registration carries.
    pub fn public_key(&self) -> PublicKeyDocument {
        match self {
            Self::Ed25519(key) => key.public_key().into(),
            Self::Es256(key) => PublicKeyDocument {
                alg: "ES256".to_owned(),
                public_key: key.public_key_base64url(),
            },
        }
    }

    /// A token, as [`DeviceKey::jwt`] makes it.
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

impl Signer for PrivateKey {
    fn jose_algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(key) => key.jose_algorithm(),
            Self::Es256(key) => key.jose_algorithm(),
        }
    }

    fn cose_algorithm(&self) -> iana::Algorithm {
        match self {
            Self::Ed25519(key) => key.cose_algorithm(),
            Self::Es256(key) => key.cose_algorithm(),
        }
    }

    fn signature(&self, message: &[u8]) -> [u8; 64] {
        match self {
            Self::Ed25519(key) => key.signature(message),
            Self::Es256(key) => key.signature(message),
        }
    }
}

#[cfg(test)]
mod tests;
