//! `/sta/v1.1` and `/sta/v2.0`: OGC SensorThings.
//!
//! Their paths are the standard's, which leaves errors open: they are problems as
//! elsewhere, with OData's `error` in them. What the landing pages lead to describes
//! itself, so the API's document lists these alone.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_edge::reply::PageUrl;
use http_edge::{Problem, ProblemKind};
use sensorthings::{Answer, Error, Version, World, read, service_path};
use serde_json::json;

use crate::params::Viewer;
use crate::problem_kinds;
use crate::state::{ApiState, Shared};

/// What is below the landing pages.
pub(crate) fn below() -> Router<ApiState> {
    Router::new()
        .route("/sta/v1.1/", get(landing_1_1))
        .route("/sta/v1.1/{*path}", get(landing_1_1))
        .route("/sta/v2.0/", get(landing_2_0))
        .route("/sta/v2.0/{*path}", get(landing_2_0))
}

/// The landing page of OGC SensorThings 1.1: its entity sets, and what of the
/// standard is kept. docs/sensorthings.md tells what is below.
#[utoipa::path(get, path = "/sta/v1.1", tag = "sensorthings",
    responses((status = 200, body = serde_json::Value)))]
pub(crate) async fn landing_1_1(
    state: State<ApiState>,
    viewer: Viewer,
    url: PageUrl,
    uri: Uri,
) -> Result<Response, Problem> {
    answer(Version::V1_1, state.0, viewer, &url, &uri).await
}

/// The landing page of OGC SensorThings 2.0: its entity sets, and what of the
/// standard is kept. docs/sensorthings.md tells what is below.
#[utoipa::path(get, path = "/sta/v2.0", tag = "sensorthings",
    responses((status = 200, body = serde_json::Value)))]
pub(crate) async fn landing_2_0(
    state: State<ApiState>,
    viewer: Viewer,
    url: PageUrl,
    uri: Uri,
) -> Result<Response, Problem> {
    answer(Version::V2_0, state.0, viewer, &url, &uri).await
}

async fn answer(
    version: Version,
    state: ApiState,
    viewer: Viewer,
    url: &PageUrl,
    uri: &Uri,
) -> Result<Response, Problem> {
    let path = uri.path();
    let path = path.strip_prefix(service_path(version)).unwrap_or(path);
    let (path, query) = (path.to_owned(), uri.query().unwrap_or_default().to_owned());
    let platform = url.beside("");
    let snapshot = state.settled().await;
    let read = move |shared: &Shared| {
        let snapshot = Arc::clone(&snapshot);
        let now = shared.now();
        let world = World::new(&snapshot, &shared.ingest, &viewer, version, &platform, now);
        read(&world, &path, &query)
    };
    match state.reading(read).await? {
        Ok(answer) => Ok(reply(answer)),
        Err(error) => Err(problem(&error)),
    }
}

/// A problem of this API's form, with OData's `error` in it.
fn problem(error: &Error) -> Problem {
    let kind = match error.status() {
        404 => ProblemKind::NOT_FOUND,
        501 => problem_kinds::UNSUPPORTED_OPTION,
        500 => return Problem::internal(error),
        _ => ProblemKind::INVALID_PARAMETER,
    };
    let message = error.to_string();
    let mut told = json!({"code": error.status().to_string(), "message": message});
    if let Some(target) = error.target() {
        told["target"] = target.into();
    }
    Problem::new(kind, message).with("error", told)
}

fn reply(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if answer.body.is_empty() {
        return status.into_response();
    }
    let content_type = [(header::CONTENT_TYPE, answer.content_type)];
    let next = answer.next.map(|next| format!("<{next}>; rel=\"next\""));
    let mut response = (status, content_type, Body::from(answer.body)).into_response();
    if let Some(link) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}
