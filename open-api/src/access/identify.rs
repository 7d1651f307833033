//! Finds out who asks: an operator by token or session, a program by its service
//! token, an application by its key, or nobody in particular.

use std::sync::Arc;

use axum::http::header;
use axum::http::request::Parts;
use device_registry::{ApiKeyKind, Permission, Rights};
use http_edge::access::{
    Credential, bearer_token, is_same_origin, may_change, session_cookie, unauthenticated,
};
use http_edge::request::Arrival;
use http_edge::{Problem, ProblemKind};
use subtle::ConstantTimeEq;

use super::{Caller, SessionHolder};
use crate::ports::Names;
use crate::state::ApiState;

/// What an API key's text begins with.
const KEY_PREFIX: &str = "mdk_";
/// What a browser's key begins with.
const PUBLISHABLE_PREFIX: &str = "mdk_pub_";
/// What a service token's text begins with.
const SERVICE_TOKEN_PREFIX: &str = "mdt_";

/// The caller. `url_key` is the `key=` of the query.
pub(super) fn identify(
    state: &ApiState,
    arrival: &Arrival,
    parts: &Parts,
    url_key: Option<&str>,
) -> Result<Caller, Problem> {
    match Credential::of(parts, url_key)? {
        Credential::Bearer(key) if key.starts_with(KEY_PREFIX) => {
            return application(state, parts, key);
        }
        Credential::Bearer(token) if token.starts_with(SERVICE_TOKEN_PREFIX) => {
            let token = state.registry.authenticate_service_token(token);
            let token = token.map_err(|error| unauthenticated(error.to_string()))?;
            let rights = Arc::new(Rights::of(&token.grants));
            return Ok(Caller::ServiceToken { token, rights });
        }
        Credential::Bearer(token) if state.is_operator_token(token) => {
            return Ok(Caller::Operator { session: None });
        }
        Credential::Bearer(_) => return Err(unauthenticated("The token is not known.")),
        Credential::Header(key) => return application(state, parts, key),
        Credential::Url(key) if key.starts_with(PUBLISHABLE_PREFIX) => {
            return application(state, parts, key);
        }
        Credential::Url(_) => {
            return Err(unauthenticated(
                "Only a browser's key (mdk_pub_...) may stand in a URL. A secret key that did is known to every log on the way: revoke it.",
            ));
        }
        Credential::None => {}
    }
    let now = state.now();
    let session = session_cookie(&parts.headers, arrival.scheme)
        .and_then(|cookie| state.sessions.find(cookie, now));
    match session {
        Some(_) if may_change(&parts.method) && !is_same_origin(parts, arrival) => {
            Err(Problem::new(
                ProblemKind::FORBIDDEN,
                "A session changes things only from the platform's own pages.",
            ))
        }
        Some(session) => Ok(match &session.holder {
            SessionHolder::Token => Caller::Operator {
                session: Some(session),
            },
            SessionHolder::Person(of) => Caller::Person {
                of: of.clone(),
                session,
            },
        }),
        None => Ok(Caller::Anonymous),
    }
}

/// Whether the caller of `/metrics` is shown the names of agencies. A token
/// that is wrong is told, so that a scraper's mistake does not look like data.
pub(crate) fn may_read_names(
    state: &ApiState,
    arrival: &Arrival,
    parts: &Parts,
) -> Result<Names, Problem> {
    if let (Ok(Some(offered)), Some(token)) = (bearer_token(&parts.headers), &state.metrics_token)
        && bool::from(offered.as_bytes().ct_eq(token.as_bytes()))
    {
        return Ok(Names::Shown);
    }
    let caller = identify(state, arrival, parts, None)?;
    Ok(
        if caller.rights().allow_everywhere(Permission::ReadPlatform) {
            Names::Shown
        } else {
            Names::Hidden
        },
    )
}

fn application(state: &ApiState, parts: &Parts, text: &str) -> Result<Caller, Problem> {
    let key = state
        .registry
        .authenticate_api_key(text)
        .map_err(|error| unauthenticated(error.to_string()))?;
    if key.kind == ApiKeyKind::Publishable {
        if may_change(&parts.method) {
            return Err(Problem::new(
                ProblemKind::FORBIDDEN,
                "A browser's key only reads; use a secret key for this.",
            ));
        }
        let origin = parts.headers.get(header::ORIGIN);
        let origin = origin.and_then(|origin| origin.to_str().ok());
        if !origin.is_some_and(|origin| key.allows_origin(origin)) {
            return Err(Problem::new(
                ProblemKind::FORBIDDEN,
                format!(
                    "This key is bound to other origins than {}; add the origin by making a key for it.",
                    origin.unwrap_or("(no Origin header: a browser sends one)")
                ),
            ));
        }
    }
    Ok(Caller::Application(key))
}
