//! What a request brings to prove who asks, before anybody judges it.

use std::borrow::Cow;

use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Method, Uri, header};

use crate::problem::{Problem, ProblemKind};

/// The first that there is, in this order; a cookie is looked at where there is
/// none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Credential<'a> {
    /// `Authorization: Bearer`.
    Bearer(&'a str),
    /// `X-API-Key`.
    Header(&'a str),
    /// `key=` in the query, where every log on the way reads it.
    Url(&'a str),
    None,
}

impl<'a> Credential<'a> {
    /// `url_key` is what [`take_url_key`] has taken.
    pub fn of(parts: &'a Parts, url_key: Option<&'a str>) -> Result<Self, Problem> {
        if let Some(token) = bearer_token(&parts.headers)? {
            return Ok(Self::Bearer(token));
        }
        if let Some(key) = parts.headers.get("x-api-key") {
            return key
                .to_str()
                .map(Self::Header)
                .map_err(|_| unauthenticated("X-API-Key is not a text."));
        }
        Ok(url_key.map_or(Self::None, Self::Url))
    }
}

/// The token of `Authorization: Bearer`, if there is that header.
pub fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
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

pub fn unauthenticated(detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::new(ProblemKind::UNAUTHENTICATED, detail)
}

/// Whether a request of this method may change something.
pub fn may_change(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Takes `key=` out of the query, so that no link and no log repeats it.
pub fn take_url_key(uri: &mut Uri) -> Option<String> {
    let query = uri.query()?;
    let key = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("key="))?
        .to_owned();
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("key="))
        .collect();
    let path_and_query: PathAndQuery = if rest.is_empty() {
        uri.path().parse().ok()?
    } else {
        format!("{}?{}", uri.path(), rest.join("&")).parse().ok()?
    };
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = Some(path_and_query);
    *uri = Uri::from_parts(parts).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests;
