//! What a browser opens: the built pages, which the binary carries, and the
//! OpenAPI document. No page asks anything of another origin.

use std::sync::{Arc, LazyLock};

use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_edge::Problem;
use http_edge::coding::{self, Coding, Effort};
use http_edge::reply::SharedBytes;
use tokio::sync::OnceCell;
use utoipa::openapi::OpenApi;

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
pub(crate) async fn page(name: &'static str, headers: HeaderMap) -> Response {
    file(name, &headers).await
}

/// What the pages refer to.
pub(crate) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    file(&format!("assets/{path}"), &headers).await
}

async fn file(path: &str, headers: &HeaderMap) -> Response {
    static KEPT: LazyLock<Vec<Kept>> = LazyLock::new(|| {
        let files = embedded::EMBEDDED.iter();
        files
            .map(|file| Kept::new(Bytes::from_static(file.bytes)))
            .collect()
    });
    let found = embedded::EMBEDDED
        .iter()
        .zip(KEPT.iter())
        .find(|(file, _)| file.path == path);
    match found {
        Some((file, kept)) => kept.reply(content_type(path), file.etag, headers).await,
        None => Problem::not_found("This page is not part of this build.").into_response(),
    }
}

/// What every caller gets, in the codings that were asked for so far.
#[derive(Clone)]
struct Kept {
    plain: Bytes,
    gzip: Arc<OnceCell<Bytes>>,
    zstd: Arc<OnceCell<Bytes>>,
}

impl Kept {
    fn new(plain: Bytes) -> Self {
        Self {
            plain,
            gzip: Arc::default(),
            zstd: Arc::default(),
        }
    }

    async fn reply(&self, kind: &'static str, etag: &str, request: &HeaderMap) -> Response {
        let coding = if kind.starts_with("text/") || kind.ends_with("json") {
            Coding::wanted(request)
        } else {
            Coding::Identity
        };
        let (coding, bytes) = self.coded(coding).await;
        let mut response = bytes.into_response();
        response.extensions_mut().insert(SharedBytes);
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
        coding::tell(headers, coding);
        response
    }

    /// Encoded once, with all the effort that the smallest form takes.
    async fn coded(&self, coding: Coding) -> (Coding, Bytes) {
        let kept = match coding {
            Coding::Identity => return (coding, self.plain.clone()),
            Coding::Gzip => &self.gzip,
            Coding::Zstd => &self.zstd,
        };
        let encoded = kept
            .get_or_try_init(async || {
                let plain = self.plain.clone();
                tokio::task::spawn_blocking(move || coding.encode(&plain, Effort::Once))
                    .await
                    .map_err(std::io::Error::other)?
                    .map(Bytes::from)
            })
            .await;
        match encoded {
            Ok(bytes) if bytes.len() < self.plain.len() => (coding, bytes.clone()),
            _ => (Coding::Identity, self.plain.clone()),
        }
    }
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
    json: Kept,
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
            json: Kept::new(json.into()),
        }
    }

    pub(crate) async fn reply(&self, request: &HeaderMap) -> Response {
        let mut response = self
            .json
            .reply("application/json", &self.etag, request)
            .await;
        // Other sites' tools may read it.
        response.headers_mut().insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
        response
    }
}

/// A validator without its mark of weakness: content is compared here.
fn strong(etag: &str) -> &str {
    etag.trim().trim_start_matches("W/")
}

/// Answers 304 to a browser that has the file already.
pub(crate) async fn not_modified(request: Request, next: Next) -> Response {
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let mut response = next.run(request).await;
    let etag = response.headers().get(header::ETAG);
    let same = match (&known, etag) {
        (Some(known), Some(etag)) => known.to_str().is_ok_and(|known| {
            etag.to_str()
                .is_ok_and(|etag| known.split(',').any(|one| strong(one) == strong(etag)))
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
