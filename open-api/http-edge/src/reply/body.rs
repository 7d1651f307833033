//! A whole reply before it leaves: compressed where that is worth it, and
//! counted among what waits for callers to take it.

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::coding::{self, Coding, Effort};
use crate::connection::{Patience, Place, Unsent};
use crate::problem::{Problem, ProblemKind};

/// Shorter replies fit a packet or two as they are.
const LEAST_COMPRESSED: u64 = 1_024;
/// Longer ones are too much work for one reply.
const MOST_COMPRESSED: u64 = 32 << 20;
/// Above it a reply is compressed on a thread that may be slow.
const INLINE_BYTES: usize = 32 * 1024;
/// Long replies that are compressed at once; others leave as they are.
const MAX_COMPRESSING: usize = 2;
/// Shorter replies are gone with one write.
const LEAST_HELD: u64 = 16 * 1024;
/// When to ask again where there is no room, in seconds.
const ASK_AGAIN: u64 = 5;

/// Bytes that all replies share: they take no memory of their own.
#[derive(Clone, Copy)]
pub struct SharedBytes;

/// Places of those that are compressed.
pub(crate) struct Compressing(Semaphore);

impl Default for Compressing {
    fn default() -> Self {
        Self(Semaphore::new(MAX_COMPRESSING))
    }
}

/// Compresses a reply that is whole already; streams and files pass.
pub(crate) async fn compress(
    places: &Compressing,
    method: &Method,
    wanted: Coding,
    response: Response,
) -> Response {
    // A secret is shown in answer to POST only, and never compressed beside
    // what its caller wrote.
    let worth = *method == Method::GET
        && response.status() == StatusCode::OK
        && shrinks(response.headers())
        && exact(response.body()).is_some_and(|bytes| bytes >= LEAST_COMPRESSED);
    if !worth {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Some(bytes) = whole(body).await else {
        return Problem::new(ProblemKind::INTERNAL, "The reply broke off.").into_response();
    };
    let coding = match wanted {
        Coding::Identity => None,
        coding => encode(places, &bytes, coding).await.map(|to| (to, coding)),
    };
    let (bytes, coding) = coding.unwrap_or((bytes, Coding::Identity));
    coding::tell(&mut parts.headers, coding);
    Response::from_parts(parts, Body::from(bytes))
}

async fn encode(places: &Compressing, bytes: &Bytes, coding: Coding) -> Option<Bytes> {
    if bytes.len() as u64 > MOST_COMPRESSED {
        return None;
    }
    if bytes.len() <= INLINE_BYTES {
        return coding.encode(bytes, Effort::Quick).ok().map(Bytes::from);
    }
    // Without a place it leaves as it is: the cores are the data plane's.
    let _place = places.0.try_acquire().ok()?;
    let bytes = bytes.clone();
    let encoded = tokio::task::spawn_blocking(move || coding.encode(&bytes, Effort::Quick)).await;
    encoded.ok()?.ok().map(Bytes::from)
}

/// Whether a reply of this kind gets shorter by it.
fn shrinks(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let kind = kind.to_str().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or(kind).trim();
    let text = kind.starts_with("text/") && kind != "text/event-stream";
    let json = kind.ends_with("json");
    (text || json || kind == "image/svg+xml")
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::ACCEPT_RANGES)
}

/// Counts a long reply among what waits to be taken.
pub(crate) async fn hold(
    unsent: &Unsent,
    place: &std::sync::Arc<Place>,
    response: Response,
) -> Response {
    let Some(bytes) = exact(response.body()).filter(|bytes| *bytes >= LEAST_HELD) else {
        return response;
    };
    if response.extensions().get::<SharedBytes>().is_some() {
        return response;
    }
    let room = unsent.hold(place, bytes as usize, Patience::OfReply);
    let Ok(held) = room.await else {
        return Problem::new(
            ProblemKind::UNAVAILABLE,
            "Too many answers wait for their callers to take them.",
        )
        .retry_after(ASK_AGAIN)
        .into_response();
    };
    let (parts, body) = response.into_parts();
    match whole(body).await {
        Some(bytes) => Response::from_parts(parts, Body::from(held.wrap(bytes, ()))),
        None => Problem::new(ProblemKind::INTERNAL, "The reply broke off.").into_response(),
    }
}

/// The length of a body that is whole already.
fn exact(body: &Body) -> Option<u64> {
    body.size_hint().exact()
}

async fn whole(body: Body) -> Option<Bytes> {
    axum::body::to_bytes(body, usize::MAX).await.ok()
}
