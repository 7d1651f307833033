//! A public key as a JSON Web Key (RFC 7517): what `jwcrypto`, `joserfc`, npm
//! `jose` and Web Crypto write. Ed25519 is of the type OKP (RFC 8037), P-256 of
//! EC (RFC 7518, 6.2). Members that say nothing here are passed over, as the
//! RFC asks.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::algorithm::{Algorithm, PublicKeyError};

#[derive(Deserialize)]
struct Jwk {
    kty: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    /// The private half.
    d: Option<IgnoredAny>,
    /// A secret, of the type `oct`.
    k: Option<IgnoredAny>,
    keys: Option<IgnoredAny>,
}

/// The key's algorithm, and its raw bytes as they stand without a JWK.
pub(crate) fn read(text: &str) -> Result<(Algorithm, Vec<u8>), PublicKeyError> {
    let jwk: Jwk = serde_json::from_str(text)
        .map_err(|_| PublicKeyError::Jwk("it is no JSON object of texts, each named once"))?;
    if jwk.d.is_some() || jwk.k.is_some() {
        return Err(PublicKeyError::Private);
    }
    if jwk.keys.is_some() && jwk.kty.is_none() {
        return Err(PublicKeyError::Jwk(
            "it is a set of keys: send one of its `keys`",
        ));
    }
    if jwk
        .purpose
        .as_deref()
        .is_some_and(|purpose| purpose != "sig")
    {
        return Err(PublicKeyError::Jwk("its `use` is not sig"));
    }
    let (algorithm, raw) = match (jwk.kty.as_deref(), jwk.crv.as_deref()) {
        (Some("OKP"), Some("Ed25519")) => (
            Algorithm::Ed25519,
            coordinate(jwk.x.as_deref(), "its `x` is not base64url of 32 bytes")?,
        ),
        (Some("EC"), Some("P-256")) => {
            let x = coordinate(jwk.x.as_deref(), "its `x` is not base64url of 32 bytes")?;
            let y = coordinate(jwk.y.as_deref(), "its `y` is not base64url of 32 bytes")?;
            (Algorithm::Es256, [&[4], x.as_slice(), &y].concat())
        }
        (Some("OKP" | "EC"), _) => {
            return Err(PublicKeyError::Jwk(
                "its `crv` is neither Ed25519 (with OKP) nor P-256 (with EC)",
            ));
        }
        _ => {
            return Err(PublicKeyError::Jwk(
                "its `kty` is neither OKP (Ed25519) nor EC (P-256)",
            ));
        }
    };
    match jwk.alg.as_deref() {
        Some(named) if Algorithm::parse(named)? != algorithm => Err(PublicKeyError::OtherAlgorithm),
        _ => Ok((algorithm, raw)),
    }
}

fn coordinate(text: Option<&str>, otherwise: &'static str) -> Result<Vec<u8>, PublicKeyError> {
    text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .filter(|bytes| bytes.len() == 32)
        .ok_or(PublicKeyError::Jwk(otherwise))
}
