//! The main way in: a JWT (RFC 7519) in JWS compact form (RFC 7515), signed by
//! the device's registered key, as the MQTT password or the HTTP bearer.
//!
//! `sub` is the device's id, `aud` (a string or an array) holds the platform's
//! name, `exp` lies at most 24 h after `iat`, and the device's clock may be
//! wrong by 10 minutes either way. `nbf` is kept where it is there. A header
//! with `crit` is refused, as RFC 7515 asks of who knows no extension.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{CredentialId, Moment, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::error::MAX_TOKEN_BYTES;
use super::{AuthError, SignatureAlgorithm, admit, verify_signature};
use crate::device::{CredentialProof, Device};

/// `exp` at most this far after `iat`.
pub(super) const MAX_LIFETIME_SECONDS: i64 = 24 * 3_600;
/// How wrong a device's clock may be, either way.
pub(super) const CLOCK_SKEW_SECONDS: i64 = 600;
/// Characters of a stranger's text that a refusal repeats.
const MAX_QUOTED_CHARS: usize = 64;
/// Audiences that a token may name.
const MAX_AUDIENCES: usize = 16;

#[derive(Deserialize)]
struct Header {
    alg: Option<Value>,
    crit: Option<IgnoredAny>,
}

/// Of whatever type they are, so that a wrong one can be named.
#[derive(Deserialize)]
struct Claims {
    sub: Option<Value>,
    aud: Option<Value>,
    iat: Option<Value>,
    exp: Option<Value>,
    nbf: Option<Value>,
}

/// Whether `token` proves that the sender is `device`, and by which key.
pub fn authenticate_jwt(
    device: &Device,
    token: &[u8],
    audience: &str,
    now: impl Into<Moment>,
) -> Result<CredentialId, AuthError> {
    let now = now.into();
    admit(device, now.earliest)?;
    let token = Token::split(token)?;
    let header: Header = decode(
        token.header,
        "its header is not in base64url",
        "its header is no JSON object",
    )?;
    if header.crit.is_some() {
        return Err(AuthError::TokenForm(
            "its header has `crit`, and no extension is known here",
        ));
    }
    let algorithm = registered_algorithm(device, text(header.alg.as_ref(), "alg")?)?;
    let signature = URL_SAFE_NO_PAD
        .decode(token.signature)
        .map_err(|_| AuthError::TokenForm("its signature is not in base64url"))?;
    let credential = verify_signature(device, algorithm, token.signed, &signature, now.earliest)?;
    let claims: Claims = decode(
        token.claims,
        "its claims are not in base64url",
        "its claims are no JSON object that has each of them once",
    )?;
    check_identity(&claims, device, audience)?;
    check_time(&claims, now)?;
    Ok(credential)
}

#[derive(Deserialize)]
struct Confirming {
    cnf: Confirmation,
}

#[derive(Deserialize)]
struct Confirmation {
    jkt: String,
}

/// The thumbprint of the key that a token speaks for beside its own (`cnf` of
/// RFC 7800 with the `jkt` of RFC 9449), if it does; of a token that was verified.
pub fn confirmed_key(token: &[u8]) -> Option<String> {
    let claims = Token::split(token).ok()?.claims;
    let json = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let confirming: Confirming = serde_json::from_slice(&json).ok()?;
    Some(confirming.cnf.jkt)
}

struct Token<'a> {
    header: &'a [u8],
    claims: &'a [u8],
    /// Both, with the dot between them.
    signed: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Token<'a> {
    fn split(token: &'a [u8]) -> Result<Self, AuthError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AuthError::TokenTooLong { bytes: token.len() });
        }
        let mut dots = token
            .iter()
            .enumerate()
            .filter_map(|(position, byte)| (*byte == b'.').then_some(position));
        match (dots.next(), dots.next(), dots.next()) {
            (Some(first), Some(second), None) => Ok(Self {
                header: &token[..first],
                claims: &token[first + 1..second],
                signed: &token[..second],
                signature: &token[second + 1..],
            }),
            _ => Err(AuthError::TokenForm("it has no three parts with dots")),
        }
    }
}

fn decode<T: serde::de::DeserializeOwned>(
    part: &[u8],
    not_base64url: &'static str,
    not_json: &'static str,
) -> Result<T, AuthError> {
    let json = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| AuthError::TokenForm(not_base64url))?;
    serde_json::from_slice(&json).map_err(|_| AuthError::TokenForm(not_json))
}

/// The registry decides which algorithms may be; the token may only agree.
fn registered_algorithm(device: &Device, named: &str) -> Result<SignatureAlgorithm, AuthError> {
    let has = |wanted: fn(&CredentialProof) -> bool| {
        device.credentials.iter().any(|key| wanted(&key.proof))
    };
    let ed25519 = has(|proof| matches!(proof, CredentialProof::Ed25519 { .. }));
    let es256 = has(|proof| matches!(proof, CredentialProof::Es256 { .. }));
    match named {
        // RFC 9864 gave EdDSA with this curve a name of its own.
        "EdDSA" | "Ed25519" if ed25519 => Ok(SignatureAlgorithm::Ed25519),
        "ES256" if es256 => Ok(SignatureAlgorithm::Es256),
        _ if !ed25519 && !es256 => Err(AuthError::NoCredential { wanted: "a key" }),
        _ => Err(AuthError::Algorithm {
            token: quoted(named),
            registered: match (ed25519, es256) {
                (true, true) => "for EdDSA (Ed25519) and ES256",
                (true, false) => "for EdDSA (Ed25519)",
                _ => "for ES256",
            },
        }),
    }
}

fn check_identity(claims: &Claims, device: &Device, audience: &str) -> Result<(), AuthError> {
    let sub = text(claims.sub.as_ref(), "sub")?;
    if sub != device.id.as_str() {
        return Err(AuthError::Subject { found: quoted(sub) });
    }
    let found = match &claims.aud {
        Some(Value::Array(many)) => {
            let mut first = "";
            for one in many.iter().take(MAX_AUDIENCES) {
                let one = text(Some(one), "aud")?;
                if one == audience {
                    return Ok(());
                }
                first = if first.is_empty() { one } else { first };
            }
            first
        }
        one => text(one.as_ref(), "aud")?,
    };
    if found == audience {
        return Ok(());
    }
    Err(AuthError::Audience {
        found: quoted(found),
        expected: audience.to_owned(),
    })
}

/// Where the platform does not know the time itself, only what is wrong at any
/// time that it can be is refused.
fn check_time(claims: &Claims, now: Moment) -> Result<(), AuthError> {
    let [earliest, latest] =
        [now.earliest, now.latest].map(|time| time.as_micros().div_euclid(1_000_000));
    let issued = seconds(claims.iat.as_ref(), "iat")?;
    let expires = seconds(claims.exp.as_ref(), "exp")?;
    // First the clock: a wrong one explains the others.
    if issued - latest > CLOCK_SKEW_SECONDS {
        return Err(AuthError::IssuedAhead {
            at: timestamp(issued),
            seconds: issued - latest,
        });
    }
    let lifetime = expires - issued;
    if !(1..=MAX_LIFETIME_SECONDS).contains(&lifetime) {
        return Err(AuthError::Lifetime { seconds: lifetime });
    }
    if earliest - expires > CLOCK_SKEW_SECONDS {
        return Err(AuthError::TokenExpired {
            at: timestamp(expires),
            seconds: earliest - expires,
        });
    }
    if claims.nbf.is_some() {
        let valid_from = seconds(claims.nbf.as_ref(), "nbf")?;
        if valid_from - latest > CLOCK_SKEW_SECONDS {
            return Err(AuthError::NotBefore {
                at: timestamp(valid_from),
                seconds: valid_from - latest,
            });
        }
    }
    Ok(())
}

/// Whole seconds. Milliseconds by mistake are far in the future, and are told
/// as such; beyond any calendar it is no time at all.
fn seconds(claim: Option<&Value>, name: &'static str) -> Result<i64, AuthError> {
    const LAST: f64 = 253_402_300_799_000.0; // 9999-12-31 in milliseconds
    let claim = claim.ok_or(AuthError::MissingClaim(name))?;
    match claim.as_f64() {
        Some(number) if number.abs() <= LAST => Ok(number.floor() as i64),
        _ => Err(wrong_type(claim, name, "number of seconds")),
    }
}

fn text<'v>(claim: Option<&'v Value>, name: &'static str) -> Result<&'v str, AuthError> {
    let claim = claim.ok_or(AuthError::MissingClaim(name))?;
    claim
        .as_str()
        .ok_or_else(|| wrong_type(claim, name, "text"))
}

/// Tells what was seen, as it stands in the token.
fn wrong_type(seen: &Value, claim: &'static str, wanted: &'static str) -> AuthError {
    let kind = match seen {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    let found = match seen {
        Value::Null | Value::Array(_) | Value::Object(_) => kind.to_owned(),
        seen => format!("{kind} ({})", quoted(&seen.to_string())),
    };
    AuthError::ClaimType {
        claim,
        wanted,
        found,
    }
}

fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

fn quoted(text: &str) -> String {
    text.chars().take(MAX_QUOTED_CHARS).collect()
}
