//! `/v1/session`: an operator's login from a browser.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http_edge::access::{clear_cookie, set_cookie};
use http_edge::request::{Arrival, LargeJsonBody};
use http_edge::{Problem, ProblemKind};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Operator;
use crate::state::ApiState;
use crate::views::{Rfc3339, SessionView};

/// The longest body that anybody may send, in bytes: before it is read whole,
/// it takes memory for nothing.
pub(crate) const MAX_ANONYMOUS_BODY_BYTES: usize = 8 * 1024;

/// What opens a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSession, example = json!({"token": "mdo_..."}))]
pub(crate) struct NewSessionBody {
    /// The operator's token, of `DIR/admin.token`.
    token: String,
}

/// Logs an operator in: the reply sets a cookie that scripts cannot read.
#[utoipa::path(post, path = "/v1/session", tag = "operations", request_body = NewSessionBody,
    responses((status = 201, body = SessionView), (status = 401, description = "The token is not known")))]
pub(crate) async fn open(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    LargeJsonBody(body): LargeJsonBody<NewSessionBody, MAX_ANONYMOUS_BODY_BYTES>,
) -> Result<Response, Problem> {
    if !state.registry.authenticate_operator(body.token.trim()) {
        return Err(Problem::new(
            ProblemKind::UNAUTHENTICATED,
            "The token is not known. It stands in the file admin.token of the data folder.",
        ));
    }
    let (cookie, end) = state
        .sessions
        .open(state.now())
        .map_err(|error| Problem::internal(&error))?;
    let view = SessionView {
        principal: "operator",
        expires: Some(Rfc3339(end)),
    };
    let cookie = set_cookie(&cookie, arrival.scheme);
    Ok((
        StatusCode::CREATED,
        [(header::SET_COOKIE, cookie)],
        Json(view),
    )
        .into_response())
}

/// Who is logged in.
#[utoipa::path(get, path = "/v1/session", tag = "operations",
    responses((status = 200, body = SessionView), (status = 401, description = "Nobody is")),
    security(("session" = []), ("operator" = [])))]
pub(crate) async fn show(operator: Operator) -> Json<SessionView> {
    Json(SessionView {
        principal: "operator",
        expires: operator.until().map(Rfc3339),
    })
}

/// Logs out; a session that has ended already is no fault.
#[utoipa::path(delete, path = "/v1/session", tag = "operations",
    responses((status = 204, description = "There is no session any more")),
    security((), ("session" = [])))]
pub(crate) async fn close(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response {
    state.sessions.close(&headers, arrival.scheme);
    let cookie = clear_cookie(arrival.scheme);
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}
