//! What an ID token says, and what of it is checked (OpenID Connect Core 3.1.3.7).

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::config::ClientConfig;
use crate::error::OpenIdError;

/// How far the provider's clock may be from ours, in seconds.
pub(crate) const LEEWAY: i64 = 60;
/// How long ago a token may have been made that is handed over at once.
pub(crate) const MAX_AGE_OF_TOKEN: i64 = 600;
/// How long ago the person may have proved itself to the provider: 8 hours, so
/// that of a session's 12 some are left.
pub(crate) const MAX_AGE_OF_LOGIN: i64 = 8 * 3_600;
/// The longest subject, in bytes (Core 2).
const MAX_SUBJECT_BYTES: usize = 255;
/// Groups of one person that are looked at.
const MAX_GROUPS: usize = 1_000;

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(crate) fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct IdClaims {
    iss: String,
    pub(crate) sub: String,
    aud: Audience,
    exp: f64,
    iat: f64,
    azp: Option<String>,
    nonce: Option<String>,
    auth_time: Option<f64>,
    pub(crate) sid: Option<String>,
    #[serde(flatten)]
    pub(crate) others: Map<String, Value>,
}

const WHAT: &str = "the ID token";

impl IdClaims {
    pub(crate) fn check(
        &self,
        client: &ClientConfig,
        nonce: &str,
        now: i64,
    ) -> Result<(), OpenIdError> {
        let refuse = |why| Err(OpenIdError::token(WHAT, why));
        if self.iss != client.issuer() {
            return refuse("`iss` is another provider");
        }
        let audiences = self.aud.all();
        if !audiences.contains(&client.client_id) {
            return refuse("`aud` is another client");
        }
        match &self.azp {
            Some(azp) if *azp != client.client_id => return refuse("`azp` is another client"),
            None if audiences.len() > 1 => {
                return refuse("it is for several clients, and `azp` does not name this one");
            }
            Some(_) | None => {}
        }
        if self.nonce.as_deref() != Some(nonce) {
            return refuse("`nonce` is of another login");
        }
        if self.sub.is_empty() || self.sub.len() > MAX_SUBJECT_BYTES {
            return refuse("`sub` has not 1 to 255 bytes");
        }
        if (self.exp as i64).saturating_add(LEEWAY) <= now {
            return refuse("it has expired; look at the clocks of both");
        }
        check_issued(WHAT, self.iat, now)?;
        match self.auth_time {
            Some(at) if at as i64 > now + LEEWAY => refuse("`auth_time` is in the future"),
            Some(at) if (at as i64) + MAX_AGE_OF_LOGIN + LEEWAY < now => {
                refuse("the login at the provider is older than was asked for")
            }
            Some(_) | None => Ok(()),
        }
    }

    /// When the person proved itself, where the provider tells; else as long ago
    /// as it may be.
    pub(crate) fn proved(&self, now: i64) -> i64 {
        let told = self.auth_time.map(|at| (at as i64).min(now));
        told.unwrap_or(now - MAX_AGE_OF_LOGIN)
    }
}

/// Of a token that comes straight from the provider.
pub(crate) fn check_issued(what: &'static str, iat: f64, now: i64) -> Result<(), OpenIdError> {
    let iat = iat as i64;
    if iat > now + LEEWAY {
        return Err(OpenIdError::token(
            what,
            "`iat` is in the future; look at the clocks of both",
        ));
    }
    if iat + MAX_AGE_OF_TOKEN < now {
        return Err(OpenIdError::token(
            what,
            "it was made more than 10 minutes ago",
        ));
    }
    Ok(())
}

/// The values of a claim: a text, or texts in an array. `None`: it is not there.
pub(crate) fn groups(claims: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let value = claims.get(name).or_else(|| {
        let mut steps = name.split('.');
        let first = claims.get(steps.next()?)?;
        steps.try_fold(first, |value, step| value.get(step))
    })?;
    Some(match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => {
            let texts = many.iter().filter_map(Value::as_str);
            texts.take(MAX_GROUPS).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    })
}

pub(crate) fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    claims.get(name)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
