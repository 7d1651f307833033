//! Reads request bodies, within limits of size and time.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::access::Recheck;
use crate::coding::Coding;
use crate::problem::{Problem, ProblemKind};

/// The longest JSON body, in bytes.
pub const MAX_JSON_BYTES: usize = 256 * 1024;
/// Bytes of all bodies together that have not come whole: four of the longest
/// imports.
const MAX_ARRIVING_BYTES: usize = 256 * 1024 * 1024;
/// When to send a body again where there is no room, in seconds.
const ASK_AGAIN: u64 = 5;
/// Of a body that is too large, so much more is read over before it is refused.
const MAX_DROPPED_BYTES: usize = 1024 * 1024;
/// How long a body may take to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(30);
/// And longer by its length at this rate: 1 MiB a second.
const BODY_BYTES_A_MILLISECOND: u64 = 1_049;
/// Of what a phone sends where the network is bad: 4 KiB a second.
const SLOW_BYTES_A_MILLISECOND: u64 = 4;

/// A JSON body. `T` denies unknown fields, so that a typing error is told.
pub struct JsonBody<T>(pub T);

impl<S, T> FromRequest<S> for JsonBody<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        LargeJsonBody::<T, MAX_JSON_BYTES>::from_request(request, state)
            .await
            .map(|LargeJsonBody(body)| Self(body))
    }
}

/// A JSON body of at most `BYTES`, for what may be longer than usual.
pub struct LargeJsonBody<T, const BYTES: usize>(pub T);

impl<S, T, const BYTES: usize> FromRequest<S> for LargeJsonBody<T, BYTES>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if media_type(request.headers()).is_none_or(|kind| kind != "application/json") {
            return Err(no_json());
        }
        let bytes = read_body(request, BYTES).await?;
        parse_json(&bytes).map(Self)
    }
}

/// A JSON body that may be left out, or be null.
pub struct OptionalJsonBody<T>(pub T);

impl<S, T> FromRequest<S> for OptionalJsonBody<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Default,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let json = media_type(request.headers()).is_some_and(|kind| kind == "application/json");
        let bytes = read_body(request, MAX_JSON_BYTES).await?;
        if bytes.is_empty() {
            Ok(Self(T::default()))
        } else if json {
            parse_json::<Option<T>>(&bytes).map(|body| Self(body.unwrap_or_default()))
        } else {
            Err(no_json())
        }
    }
}

pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Problem {
    Problem::body(format!("{error}. An example is in /docs."))
}

fn no_json() -> Problem {
    Problem::new(
        ProblemKind::UNSUPPORTED_MEDIA_TYPE,
        "Send the body with content-type: application/json.",
    )
}

/// The whole body, if it is short and quick enough, and its caller still may.
/// A body that came compressed is read as what it was before.
///
/// Boxed, so that it is no part of each handler that has a body.
pub fn read_body(request: Request, limit: usize) -> BoxFuture<Result<Bytes, Problem>> {
    Box::pin(read(request, limit, BODY_BYTES_A_MILLISECOND))
}

/// The same, where the caller may be on a bad network.
pub fn read_slow_body(request: Request, limit: usize) -> BoxFuture<Result<Bytes, Problem>> {
    Box::pin(read(request, limit, SLOW_BYTES_A_MILLISECOND))
}

/// A future on the heap.
type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

async fn read(request: Request, limit: usize, pace: u64) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    // Before a byte is read, so before anything is stored.
    let coding = Coding::of(&parts.headers)?;
    let arrived = arrive(body, limit, pace).await?;
    let bytes = match coding {
        Coding::Identity => arrived,
        coding => coding.decode(arrived, limit).await?,
    };
    if let Some(recheck) = parts.extensions.get::<Recheck>() {
        recheck.judge()?;
    }
    Ok(bytes)
}

/// Collects a body. Its deadline goes on while it comes at `pace`, in bytes a
/// millisecond.
async fn arrive(mut body: Body, limit: usize, pace: u64) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(
            ProblemKind::TOO_LARGE,
            format!("The body may have {limit} bytes here."),
        )
    };
    let most = limit + MAX_DROPPED_BYTES;
    // Who announces far too much need not send it.
    if body.size_hint().lower() > most as u64 {
        return Err(too_large());
    }
    let start = Instant::now();
    let mut whole = BytesMut::new();
    let mut came = 0;
    let mut held = Held(0);
    loop {
        let granted = Duration::from_millis(came as u64 / pace);
        let deadline = start + BODY_DEADLINE + granted;
        let frame = timeout_at(deadline, body.frame()).await.map_err(|_| {
            Problem::new(
                ProblemKind::TIMEOUT,
                format!(
                    "The body did not arrive within 30 seconds, and a second for each {} KiB of it.",
                    pace * 1_000 / 1_024
                ),
            )
        })?;
        let data = match frame {
            None if came > limit => return Err(too_large()),
            None => return Ok(whole.freeze()),
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(error)) => {
                return Err(Problem::body("The body broke off.").caused_by(error.to_string()));
            }
        };
        came += data.len();
        if came > most {
            return Err(too_large());
        }
        // What is a little too large is read over: a caller that is still
        // writing when the connection closes would not see why.
        if came > limit {
            whole = BytesMut::new();
            held.keep(0)?;
        } else {
            held.keep(came)?;
            whole.extend_from_slice(&data);
        }
    }
}

/// Bytes of all bodies that have not come whole.
static ARRIVING: AtomicUsize = AtomicUsize::new(0);

/// A body's part of them.
struct Held(usize);

impl Held {
    fn keep(&mut self, bytes: usize) -> Result<(), Problem> {
        ARRIVING.fetch_sub(self.0, Ordering::AcqRel);
        self.0 = bytes;
        let before = ARRIVING.fetch_add(bytes, Ordering::AcqRel);
        if before + bytes <= MAX_ARRIVING_BYTES {
            return Ok(());
        }
        Err(Problem::new(
            ProblemKind::UNAVAILABLE,
            "Too many bodies are on their way.",
        )
        .retry_after(ASK_AGAIN))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        ARRIVING.fetch_sub(self.0, Ordering::AcqRel);
    }
}

/// The media type without its parameters, in lower case (RFC 9110, 8.3.1).
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = text.split(';').next().unwrap_or(text);
    Some(kind.trim().to_ascii_lowercase())
}

/// The media type's `charset`, where it names one.
pub fn charset(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let mut parameters = text.split(';').skip(1);
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches('"').to_owned())
    });
    value.filter(|value| !value.is_empty())
}
