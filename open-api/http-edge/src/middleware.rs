//! What surrounds every request: its id, its deadline, the counters, the
//! headers that every reply bears, and the body of every problem.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::coding::Coding;
use crate::edge::Edge;
use crate::problem::{Problem, ProblemKind};
use crate::reply::body::{compress, hold};
use crate::request::arrival::Arrival;

/// How long a request may take until its reply begins: an import of
/// `MAX_IMPORT_BYTES` is the longest.
const REQUEST_DEADLINE: Duration = Duration::from_secs(120);
/// Of an error that axum made itself, at most this many bytes are told.
const MAX_REJECTION_BYTES: usize = 1_024;

/// The outermost middleware.
pub(crate) async fn surround(
    State(edge): State<Arc<Edge>>,
    mut request: Request,
    next: Next,
) -> Response {
    let request_id = edge.counters.next_id();
    let Some(arrival) = Arrival::of(&edge, &request) else {
        // Only `serve` hands requests in, and it names the peer of each.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let place = Arc::clone(&arrival.place);
    request.extensions_mut().insert(arrival);
    let line = (request.method().clone(), request.uri().path().to_owned());
    let coding = Coding::wanted(request.headers());

    let reply = tokio::time::timeout(REQUEST_DEADLINE, next.run(request)).await;
    let mut response = reply.unwrap_or_else(|_| {
        Problem::new(
            ProblemKind::UNAVAILABLE,
            "The request took longer than 120 s.",
        )
        .retry_after(10)
        .into_response()
    });
    response = compress(&edge.compressing, &line.0, coding, response).await;
    response = hold(edge.unsent(), &place, response).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        response = with_problem_body(&edge, response, &request_id, &line).await;
    }
    edge.counters.count(response.status());
    finish(&mut response, &request_id);
    response
}

async fn with_problem_body(
    edge: &Edge,
    mut response: Response,
    request_id: &str,
    (method, path): &(axum::http::Method, String),
) -> Response {
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None => {
            let status = response.status();
            let body = std::mem::replace(response.body_mut(), Body::empty());
            let text = axum::body::to_bytes(body, MAX_REJECTION_BYTES).await;
            let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            Problem::of_status(status, text.unwrap_or_default())
        }
    };
    let cause = problem.cause().unwrap_or_default();
    if response.status().is_server_error() {
        // Whoever meets a limit gets such a status too: the log is not theirs.
        match edge.error_lines.take(response.status()) {
            Some(0) => {
                tracing::error!(request_id, %method, path, status = response.status().as_u16(), cause, "request failed");
            }
            Some(left_out) => {
                tracing::error!(request_id, %method, path, status = response.status().as_u16(), cause, untold = left_out, "request failed, and others in the last minute that were not told");
            }
            None => {}
        }
    } else {
        tracing::debug!(request_id, %method, path, status = response.status().as_u16(), cause, "request refused");
    }
    *response.body_mut() = Body::from(problem.render(request_id));
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}

fn finish(response: &mut Response, request_id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    for (name, usual) in [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(usual));
    }
}
