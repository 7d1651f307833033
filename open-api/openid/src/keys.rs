//! The provider's keys, which change while the platform runs: a token of an
//! unknown one has them fetched again, not more often than once in a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;

use crate::error::OpenIdError;
use crate::http::Http;
use crate::token::{Algorithm, Token};

/// After keys were fetched for an unknown one, the next such fetch waits.
const FLOOR: Duration = Duration::from_secs(30);
/// Keys that are looked at.
const MAX_KEYS: usize = 64;

#[derive(Deserialize)]
struct Jwks {
    /// One that cannot be read is of a kind that is not known here.
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

struct Key {
    kid: Option<String>,
    material: Material,
}

enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The uncompressed point.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Key {
    fn of(value: serde_json::Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        if jwk.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let bytes = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let (material, algorithm) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => {
                let (n, e) = (bytes(jwk.n)?, bytes(jwk.e)?);
                (Material::Rsa { n, e }, Algorithm::Rs256)
            }
            ("EC", Some("P-256")) => {
                let point = [vec![4], bytes(jwk.x)?, bytes(jwk.y)?].concat();
                (Material::P256(point), Algorithm::Es256)
            }
            ("OKP", Some("Ed25519")) => (Material::Ed25519(bytes(jwk.x)?), Algorithm::EdDsa),
            _ => return None,
        };
        if jwk
            .alg
            .is_some_and(|alg| Algorithm::parse(&alg) != Some(algorithm))
        {
            return None;
        }
        Some(Self {
            kid: jwk.kid,
            material,
        })
    }

    fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::P256(_) => Algorithm::Es256,
            Material::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa { n, e } => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
                .is_ok(),
            Material::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(signed, signature)
                .is_ok(),
            Material::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key)
                .verify(signed, signature)
                .is_ok(),
        }
    }
}

/// Who brings a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The provider itself, asked over its own connection.
    Provider,
    /// Whoever posts to us.
    Anybody,
}

#[derive(Default)]
pub(crate) struct Keys {
    known: Mutex<Known>,
    /// Held while keys are fetched. Who brings a token of a known key passes by.
    fetching: Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// `None` until they were fetched.
    keys: Option<Arc<[Key]>>,
    /// When they were fetched for an unknown key; strangers must not use up what
    /// a login needs.
    for_logins: Option<Instant>,
    for_strangers: Option<Instant>,
}

impl Known {
    /// Whether it is time to look for a key that is not known.
    fn may_fetch(&mut self, from: Source, now: Instant) -> bool {
        let last = match from {
            // Without any key nobody logs in.
            Source::Provider if self.keys.is_none() => return true,
            Source::Provider => &mut self.for_logins,
            Source::Anybody => &mut self.for_strangers,
        };
        if last.is_some_and(|last| now.duration_since(last) < FLOOR) {
            return false;
        }
        *last = Some(now);
        true
    }
}

impl Keys {
    /// Whether one of the provider's keys has signed it.
    pub(crate) fn verify(
        &self,
        http: &Http,
        jwks_uri: &str,
        from: Source,
        token: &Token<'_>,
    ) -> Result<(), OpenIdError> {
        let mut keys = self.known();
        if fitting(&keys, token).next().is_none() {
            keys = self.fetched(http, jwks_uri, from, token)?;
        }
        let mut fitting = fitting(&keys, token).peekable();
        if fitting.peek().is_none() {
            return Err(OpenIdError::NoKey(token.kid.clone()));
        }
        let signed = token.signed.as_bytes();
        if fitting.any(|key| key.verifies(signed, &token.signature)) {
            return Ok(());
        }
        Err(OpenIdError::token(token.what, "its signature is wrong"))
    }

    fn known(&self) -> Arc<[Key]> {
        self.known.lock().keys.clone().unwrap_or_default()
    }

    /// The keys after a look at the provider for one that fits, if it is time for
    /// one and nobody else has just found it.
    fn fetched(
        &self,
        http: &Http,
        jwks_uri: &str,
        from: Source,
        token: &Token<'_>,
    ) -> Result<Arc<[Key]>, OpenIdError> {
        let _one_at_a_time = self.fetching.lock();
        let keys = self.known();
        let is_known = fitting(&keys, token).next().is_some();
        if is_known || !self.known.lock().may_fetch(from, Instant::now()) {
            return Ok(keys);
        }
        let jwks: Jwks = http.get("keys", jwks_uri, None)?;
        let keys = jwks.keys.into_iter().take(MAX_KEYS);
        let keys: Arc<[Key]> = keys.filter_map(Key::of).collect();
        self.known.lock().keys = Some(Arc::clone(&keys));
        Ok(keys)
    }
}

/// The keys that may have signed the token.
fn fitting<'a>(keys: &'a [Key], token: &'a Token<'_>) -> impl Iterator<Item = &'a Key> {
    keys.iter().filter(|key| {
        key.algorithm() == token.algorithm && (token.kid.is_none() || key.kid == token.kid)
    })
}

#[cfg(test)]
mod tests;
