//! Reads request bodies, within limits of size and time.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::problem_kind::ProblemKind;

/// The longest JSON body, in bytes.
pub(crate) const MAX_JSON_BYTES: usize = 256 * 1024;
/// How long a body may take to arrive.
pub(crate) const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// A JSON body. `T` denies unknown fields, so that a typing error is told.
pub(crate) struct JsonBody<T>(pub(crate) T);

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
pub(crate) struct LargeJsonBody<T, const BYTES: usize>(pub(crate) T);

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
        let bytes = read(request.into_body(), BYTES).await?;
        parse(&bytes).map(Self)
    }
}

/// A JSON body that may be left out.
pub(crate) struct OptionalJsonBody<T>(pub(crate) T);

impl<S, T> FromRequest<S> for OptionalJsonBody<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Default,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let json = media_type(request.headers()).is_some_and(|kind| kind == "application/json");
        let bytes = read(request.into_body(), MAX_JSON_BYTES).await?;
        if bytes.is_empty() {
            Ok(Self(T::default()))
        } else if json {
            parse(&bytes).map(Self)
        } else {
            Err(no_json())
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::body(format!("{error}. An example is in /docs.")))
}

fn no_json() -> Problem {
    Problem::new(
        ProblemKind::UnsupportedMediaType,
        "Send the body with content-type: application/json.",
    )
}

/// The whole body, if it is short and quick enough.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let collected = tokio::time::timeout(BODY_DEADLINE, Limited::new(body, limit).collect())
        .await
        .map_err(|_| {
            Problem::new(
                ProblemKind::Timeout,
                "The body did not arrive within 30 seconds.",
            )
        })?;
    match collected {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Problem::new(
            ProblemKind::TooLarge,
            format!("The body may have {limit} bytes here."),
        )),
        Err(error) => Err(Problem::body("The body broke off.").caused_by(error.to_string())),
    }
}

/// The media type without its parameters, as written.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next().unwrap_or(text).trim())
}
