//! `/v1/sessions`: where somebody is logged in.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use http_edge::Problem;
use http_edge::reply::{List, ListRequest};

use crate::access::Holding;
use crate::state::ApiState;
use crate::views::SessionEntryView;

/// One's own sessions, the oldest first. The holders of the operator's token
/// share theirs.
#[utoipa::path(get, path = "/v1/sessions", tag = "login",
    responses((status = 200, body = List<SessionEntryView>), (status = 401, description = "Nobody is logged in")),
    security(("session" = []), ("operator" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    holding: Holding,
    request: ListRequest,
) -> Response {
    let asking = holding.session.as_ref().map(|session| session.id());
    let entries = state.sessions.of(&holding.holder, state.now());
    let views: Vec<SessionEntryView> = entries
        .into_iter()
        .map(|entry| SessionEntryView::new(entry, asking.as_deref()))
        .collect();
    request.whole(views)
}

/// Ends one of one's own sessions, as that of a browser that was lost.
#[utoipa::path(delete, path = "/v1/sessions/{id}", tag = "login",
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 204, description = "It has ended"), (status = 404, description = "There is none")),
    security(("session" = []), ("operator" = [])))]
pub(crate) async fn end(
    State(state): State<ApiState>,
    holding: Holding,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if state.sessions.end(&holding.holder, &id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found(format!("There is no session {id}.")))
    }
}
