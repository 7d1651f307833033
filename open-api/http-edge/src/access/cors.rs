//! Other sites' pages: preflight on public reads always passes; the origins that
//! a caller is bound to are enforced on the request itself.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

const REQUEST_HEADERS: &str = "accept, authorization, cache-control, content-type, if-match, if-none-match, if-range, last-event-id, range, x-api-key";
const REPLY_HEADERS: &str = "accept-ranges, content-disposition, content-range, etag, link, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, x-request-id, x-total-count";
/// Browsers may remember a preflight for a day, in seconds.
const MAX_AGE: &str = "86400";

pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The reply to a preflight of a public read.
pub fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Lets a page of another site read the reply of a public read: any page, or
/// those of `origin` alone where the caller is bound to it.
pub fn allow(headers: &mut HeaderMap, origin: Option<&HeaderValue>) {
    let allowed = match origin {
        Some(origin) => {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
            origin.clone()
        }
        None => HeaderValue::from_static("*"),
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(REPLY_HEADERS),
    );
}
