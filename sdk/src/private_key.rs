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
mod tests {
    use super::*;

    /// RFC 8037, A.1, and RFC 7515, A.3.1.
    const OKP: &str = r#"{"kty":"OKP","crv":"Ed25519",
        "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const EC: &str = r#"{"kty":"EC","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

    #[test]
    fn a_key_is_read_from_each_of_its_forms() {
        let ed25519 = PrivateKey::read(OKP).unwrap();
        let public = ed25519.public_key();
        assert_eq!(public.alg, "EdDSA");
        assert_eq!(
            public.public_key,
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        );
        assert_eq!(PrivateKey::read(EC).unwrap().public_key().alg, "ES256");
        let PrivateKey::Ed25519(key) = ed25519 else {
            panic!("an Ed25519 key");
        };
        let from_pem = PrivateKey::read(&key.to_pkcs8_pem()).unwrap();
        assert_eq!(from_pem.public_key(), public);
    }

    #[test]
    fn a_public_key_and_another_curve_are_told_as_that() {
        let public = OKP.replace("\"d\"", "\"other\"");
        assert!(matches!(PrivateKey::read(&public), Err(KeyError::Public)));
        let pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
        assert!(matches!(PrivateKey::read(pem), Err(KeyError::Public)));
        let other = OKP.replace("Ed25519", "X25519");
        assert!(matches!(PrivateKey::read(&other), Err(KeyError::Curve)));
        // Another's point: the halves do not belong together.
        let mixed = EC.replace("jpsQ", "jpsR");
        assert!(matches!(PrivateKey::read(&mixed), Err(KeyError::Es256)));
        assert!(PrivateKey::read("hunter2").is_err());
        assert!(matches!(PrivateKey::read("{"), Err(KeyError::Jwk(_))));
    }
}
