//! A signed token (JWS in compact form, RFC 7515) before anybody has verified it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::OpenIdError;

/// The longest token, in bytes.
const MAX_TOKEN_BYTES: usize = 32 * 1024;

/// What may have signed a token: the list is ours, whatever the provider offers.
/// Without HS256 a client's secret signs nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            // RFC 9864 gave EdDSA with this curve a name of its own.
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

pub(crate) struct Token<'a> {
    /// As it is called where it is refused.
    pub(crate) what: &'static str,
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    pub(crate) typ: Option<String>,
    pub(crate) signed: &'a str,
    pub(crate) signature: Vec<u8>,
    claims: &'a str,
}

impl<'a> Token<'a> {
    pub(crate) fn split(what: &'static str, text: &'a str) -> Result<Self, OpenIdError> {
        let refused = |why| OpenIdError::token(what, why);
        if text.len() > MAX_TOKEN_BYTES {
            return Err(refused("it is too long"));
        }
        let form = || refused("it has no three parts with dots");
        let (signed, signature) = text.rsplit_once('.').ok_or_else(form)?;
        let (header, claims) = signed.split_once('.').ok_or_else(form)?;
        let header: Header = decode(header).ok_or_else(|| refused("its header cannot be read"))?;
        if header.crit.is_some() {
            return Err(refused(
                "its header has `crit`, and no extension is known here",
            ));
        }
        let algorithm = Algorithm::parse(&header.alg);
        Ok(Self {
            what,
            algorithm: algorithm
                .ok_or_else(|| refused("it is not signed with RS256, ES256 or EdDSA"))?,
            kid: header.kid,
            typ: header.typ,
            signed,
            signature: URL_SAFE_NO_PAD
                .decode(signature)
                .map_err(|_| refused("its signature is not in base64url"))?,
            claims,
        })
    }

    /// Of a token that was verified.
    pub(crate) fn claims<T: DeserializeOwned>(&self) -> Result<T, OpenIdError> {
        decode(self.claims)
            .ok_or_else(|| OpenIdError::token(self.what, "its claims cannot be read"))
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(header: &str) -> Result<Algorithm, String> {
        let text = format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header));
        let token = Token::split("the token", &text);
        token.map(|it| it.algorithm).map_err(|it| it.to_string())
    }

    #[test]
    fn the_algorithms_are_ours() {
        assert_eq!(split(r#"{"alg":"RS256"}"#), Ok(Algorithm::Rs256));
        assert_eq!(split(r#"{"alg":"ES256"}"#), Ok(Algorithm::Es256));
        assert_eq!(split(r#"{"alg":"Ed25519"}"#), Ok(Algorithm::EdDsa));
        for other in ["none", "HS256", "RS512", "rs256", ""] {
            assert!(
                split(&format!(r#"{{"alg":"{other}"}}"#)).is_err(),
                "{other}"
            );
        }
        assert!(split(r#"{"alg":"RS256","crit":["b64"]}"#).is_err());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", ".", "..", "a.b.c", "e30.e30.e30", "é.é.é"] {
            assert!(Token::split("the token", text).is_err(), "{text}");
        }
    }
}
