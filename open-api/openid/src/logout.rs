//! Logout tokens (OpenID Connect Back-Channel Logout 1.0): the provider tells,
//! from server to server, that somebody has logged out or is gone.

use std::collections::HashMap;

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::claims::{Audience, LEEWAY, MAX_AGE_OF_TOKEN, check_issued};
use crate::config::ClientConfig;
use crate::error::OpenIdError;
use crate::token::Token;

pub(crate) const WHAT: &str = "the logout token";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const TYPE: &str = "logout+jwt";
/// Tokens that are remembered. Only the provider makes them.
const MAX_SEEN: usize = 100_000;

/// Whose sessions end: those of the provider's session, or all of the subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoggedOut {
    pub subject: Option<String>,
    pub session: Option<String>,
}

#[derive(Deserialize)]
struct LogoutClaims {
    iss: String,
    aud: Audience,
    iat: f64,
    exp: Option<f64>,
    jti: String,
    sub: Option<String>,
    sid: Option<String>,
    events: Map<String, Value>,
    nonce: Option<Value>,
}

/// The `jti` of tokens that were taken, with the time from which on such a token
/// is too old anyway.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<String, i64>>);

impl Seen {
    fn is_new(&self, jti: String, now: i64) -> bool {
        let mut seen = self.0.lock();
        seen.retain(|_, until| *until >= now);
        if seen.len() >= MAX_SEEN {
            return false;
        }
        let until = now + MAX_AGE_OF_TOKEN + 2 * LEEWAY;
        seen.insert(jti, until).is_none()
    }
}

/// Reads a token whose signature was verified.
pub(crate) fn read(
    token: &Token<'_>,
    client: &ClientConfig,
    seen: &Seen,
    now: i64,
) -> Result<LoggedOut, OpenIdError> {
    let refuse = |why| Err(OpenIdError::token(WHAT, why));
    if !token
        .typ
        .as_ref()
        .is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE))
    {
        return refuse("`typ` is not logout+jwt");
    }
    let claims: LogoutClaims = token.claims()?;
    if claims.iss != client.issuer() {
        return refuse("`iss` is another provider");
    }
    if !claims.aud.all().contains(&client.client_id) {
        return refuse("`aud` is another client");
    }
    if !claims.events.contains_key(EVENT) {
        return refuse("`events` tells of no logout");
    }
    if claims.nonce.is_some() {
        return refuse("it has a `nonce`, as only an ID token has");
    }
    if claims
        .exp
        .is_some_and(|exp| (exp as i64).saturating_add(LEEWAY) <= now)
    {
        return refuse("it has expired");
    }
    check_issued(WHAT, claims.iat, now)?;
    if claims.sub.is_none() && claims.sid.is_none() {
        return refuse("it has neither `sub` nor `sid`");
    }
    if !seen.is_new(claims.jti, now) {
        return refuse("its `jti` was seen before");
    }
    Ok(LoggedOut {
        subject: claims.sub,
        session: claims.sid,
    })
}

#[cfg(test)]
mod tests;
