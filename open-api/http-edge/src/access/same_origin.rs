//! Whether a browser's request comes from the platform's own pages: the guard
//! of sessions against other sites' forms and scripts.

use axum::http::header;
use axum::http::request::Parts;

use crate::reply::page_url::authority;
use crate::request::arrival::Arrival;

/// Sec-Fetch-Site decides where a browser sends it, else Origin; a request
/// with neither is no browser's, and has no business with a cookie.
pub fn is_same_origin(parts: &Parts, arrival: &Arrival) -> bool {
    if let Some(site) = parts.headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = parts.headers.get(header::ORIGIN) else {
        return false;
    };
    authority(&parts.uri, &parts.headers)
        .is_some_and(|host| origin == format!("{}://{host}", arrival.scheme).as_str())
}
