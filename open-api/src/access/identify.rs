//! Finds out who asks: an operator by token or session, an application by its
//! key, or nobody in particular.

use axum::http::request::Parts;
use axum::http::{Method, header};
use device_registry::ApiKeyKind;
use subtle::ConstantTimeEq;

use super::Caller;
use super::{same_origin, sessions};
use crate::device_connections::Names;
use crate::envelope::Arrival;
use crate::problem::Problem;
use crate::problem_kind::ProblemKind;
use crate::state::ApiState;

/// What an API key's text begins with.
const KEY_PREFIX: &str = "mdk_";
/// What a browser's key begins with.
const PUBLISHABLE_PREFIX: &str = "mdk_pub_";

/// The caller. `url_key` is the `key=` of the query.
pub(super) fn identify(
    state: &ApiState,
    arrival: &Arrival,
    parts: &Parts,
    url_key: Option<&str>,
) -> Result<Caller, Problem> {
    if let Some(token) = bearer(parts)? {
        return if token.starts_with(KEY_PREFIX) {
            application(state, parts, token)
        } else if state.registry.authenticate_operator(token) {
            Ok(Caller::Operator { session: None })
        } else {
            Err(unauthenticated("The token is not known."))
        };
    }
    if let Some(key) = parts.headers.get("x-api-key") {
        let key = key
            .to_str()
            .map_err(|_| unauthenticated("X-API-Key is not a text."))?;
        return application(state, parts, key);
    }
    if let Some(key) = url_key {
        if !key.starts_with(PUBLISHABLE_PREFIX) {
            return Err(unauthenticated(
                "Only a browser's key (mdk_pub_...) may stand in a URL. A secret key that did is known to every log on the way: revoke it.",
            ));
        }
        return application(state, parts, key);
    }
    let now = state.now();
    let session = sessions::cookie(&parts.headers, arrival.scheme)
        .and_then(|cookie| state.sessions.find(cookie, now));
    match session {
        Some(_) if changes(&parts.method) && !same_origin::holds(parts, arrival) => {
            Err(Problem::new(
                ProblemKind::Forbidden,
                "A session changes things only from the platform's own pages.",
            ))
        }
        Some(session) => Ok(Caller::Operator {
            session: Some(session),
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
    if let (Ok(Some(offered)), Some(token)) = (bearer(parts), &state.metrics_token)
        && bool::from(offered.as_bytes().ct_eq(token.as_bytes()))
    {
        return Ok(Names::Shown);
    }
    Ok(match identify(state, arrival, parts, None)? {
        Caller::Operator { .. } => Names::Shown,
        Caller::Anonymous | Caller::Application(_) => Names::Hidden,
    })
}

fn bearer(parts: &Parts) -> Result<Option<&str>, Problem> {
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    token
        .map(Some)
        .ok_or_else(|| unauthenticated("Write Authorization: Bearer and the token or key."))
}

fn application(state: &ApiState, parts: &Parts, text: &str) -> Result<Caller, Problem> {
    let key = state
        .registry
        .authenticate_api_key(text)
        .map_err(|error| unauthenticated(error.to_string()))?;
    if key.kind == ApiKeyKind::Publishable {
        if changes(&parts.method) {
            return Err(Problem::new(
                ProblemKind::Forbidden,
                "A browser's key only reads; use a secret key for this.",
            ));
        }
        let origin = parts.headers.get(header::ORIGIN);
        let origin = origin.and_then(|origin| origin.to_str().ok());
        if !origin.is_some_and(|origin| key.allows_origin(origin)) {
            return Err(Problem::new(
                ProblemKind::Forbidden,
                format!(
                    "This key is bound to other origins than {}; add the origin by making a key for it.",
                    origin.unwrap_or("(no Origin header: a browser sends one)")
                ),
            ));
        }
    }
    Ok(Caller::Application(key))
}

/// Whether a request of this method may change something.
pub(super) fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn unauthenticated(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, detail)
}
