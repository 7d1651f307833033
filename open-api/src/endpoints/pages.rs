//! What a browser opens: the built pages, which the binary carries, and the
//! OpenAPI document. No page asks anything of another origin.

use axum::extract::{Path, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use utoipa::openapi::OpenApi;

use crate::problem::Problem;

/// One file of `web/dist`.
pub(super) struct Embedded {
    path: &'static str,
    etag: &'static str,
    bytes: &'static [u8],
}

mod embedded {
    use super::Embedded;

    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// A page by its file's name.
pub(crate) async fn page(name: &'static str) -> Response {
    file(name)
}

/// What the pages refer to.
pub(crate) async fn asset(Path(path): Path<String>) -> Response {
    file(&format!("assets/{path}"))
}

fn file(path: &str) -> Response {
    let found = embedded::EMBEDDED.iter().find(|file| file.path == path);
    match found {
        Some(file) => reply(
            Bytes::from_static(file.bytes),
            content_type(path),
            file.etag,
        ),
        None => Problem::not_found("This page is not part of this build.").into_response(),
    }
}

fn reply(bytes: Bytes, kind: &'static str, etag: &str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // Kept, but asked for each time: a new binary may carry a new one.
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// The OpenAPI document, rendered once.
#[derive(Clone)]
pub(crate) struct Document {
    json: Bytes,
    etag: String,
}

impl Document {
    pub(crate) fn new(document: &OpenApi) -> Self {
        use std::hash::{DefaultHasher, Hasher};

        let json = serde_json::to_vec(document).expect("the document has a JSON form");
        let mut hasher = DefaultHasher::new();
        hasher.write(&json);
        Self {
            etag: format!("\"{:016x}\"", hasher.finish()),
            json: json.into(),
        }
    }

    pub(crate) fn reply(&self) -> Response {
        let mut response = reply(self.json.clone(), "application/json", &self.etag);
        // Other sites' tools may read it.
        response.headers_mut().insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
        response
    }
}

/// Answers 304 to a browser that has the file already.
pub(crate) async fn not_modified(request: Request, next: Next) -> Response {
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let mut response = next.run(request).await;
    let etag = response.headers().get(header::ETAG);
    let same = match (&known, etag) {
        (Some(known), Some(etag)) => known.to_str().is_ok_and(|known| {
            etag.to_str().is_ok_and(|etag| {
                known
                    .split(',')
                    .any(|one| one.trim().trim_start_matches("W/") == etag)
            })
        }),
        _ => false,
    };
    if same && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = axum::body::Body::empty();
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}
