//! Pages: opaque cursors that stay valid while items come and go, and the
//! absolute URL of the next page.
//!
//! A cursor is base64url of the last item's key, so a page begins right
//! after it, whatever was added or removed meanwhile.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::problem::Problem;
use crate::request::arrival::Arrival;

/// The longest key in a cursor, in bytes: an id, with words before it that say
/// where it stands. An id has three words of 64 letters at most.
const MAX_KEY_BYTES: usize = 224;

/// Where a page begins.
pub fn read_cursor<T: std::str::FromStr>(cursor: Option<&str>) -> Result<Option<T>, Problem> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let key = URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .filter(|key| key.len() <= MAX_KEY_BYTES)
        .and_then(|key| String::from_utf8(key).ok())
        .and_then(|key| key.parse().ok());
    key.map(Some).ok_or_else(|| {
        Problem::parameter("cursor: take it from the `next` of a page, and leave it as it is")
    })
}

/// The address of this request as the caller sees it, from which that of the
/// next page is made.
#[derive(Clone, Debug)]
pub struct PageUrl {
    origin: String,
    path: String,
    /// The query without a cursor.
    query: String,
}

impl PageUrl {
    /// Another path of the same origin.
    pub fn beside(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The same question, from after the item with this key.
    pub fn after(&self, key: &impl std::fmt::Display) -> String {
        let cursor = URL_SAFE_NO_PAD.encode(key.to_string());
        let join = if self.query.is_empty() { "" } else { "&" };
        format!(
            "{}{}?{}{join}cursor={cursor}",
            self.origin, self.path, self.query
        )
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PageUrl {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts))
    }
}

impl PageUrl {
    pub(super) fn of(parts: &Parts) -> Self {
        let origin = parts.extensions.get::<Arrival>().map(|arrival| {
            let written = authority(&parts.uri, &parts.headers);
            written
                .and_then(|written| own_origin(written, arrival))
                .or_else(|| arrival.public_url.as_deref().map(str::to_owned))
                // A reference that is relative leads back to where it was asked.
                .unwrap_or_default()
        });
        let origin = origin.unwrap_or_default();
        let query: Vec<&str> = parts
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
            .collect();
        Self {
            origin,
            path: parts.uri.path().to_owned(),
            query: query.join("&"),
        }
    }
}

/// The origin that a caller named, where it is one of ours: what a stranger
/// writes as `Host` is repeated to nobody, and to no cache.
fn own_origin(written: &str, arrival: &Arrival) -> Option<String> {
    if let Some(public) = arrival.public_url.as_deref() {
        let host = public.split_once("://").map_or(public, |(_, host)| host);
        let host = host.split('/').next().unwrap_or(host);
        if host.eq_ignore_ascii_case(written) {
            return Some(public.to_owned());
        }
    }
    let local = arrival.local?;
    let here = local.ip().to_canonical();
    let scheme = arrival.scheme;
    let usual = if scheme == "https" { 443 } else { 80 };
    let (host, port) = host_and_port(written)?;
    let named = host.parse::<IpAddr>().map(|named| named.to_canonical());
    let ours = match named {
        Ok(named) if named.is_loopback() => here.is_loopback(),
        Ok(named) => named == here && port.unwrap_or(usual) == local.port(),
        // RFC 6761, 6.3: a name that means this machine alone.
        Err(_) => here.is_loopback() && host.eq_ignore_ascii_case("localhost"),
    };
    ours.then(|| format!("{scheme}://{written}"))
}

/// `[::1]:8080` is `::1` and 8080.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    match port {
        None => Some((host, None)),
        Some(port) => Some((host, Some(port.parse().ok()?))),
    }
}

/// Host and port as the caller wrote them; nothing that is no authority gets
/// into an answer.
pub(crate) fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let written = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers.get(header::HOST)?.to_str().ok()?,
    };
    let sound = !written.is_empty()
        && written.len() <= 255
        && written
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'));
    sound.then_some(written)
}
