//! `/v1/session/password`: somebody changes its own password.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_edge::request::{Arrival, LargeJsonBody};
use http_edge::{Problem, ProblemKind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::MAX_ANONYMOUS_BODY_BYTES;
use super::session::hand_out;
use crate::access::{Caller, Holding, LoggedIn, Proof, ProvedBy, SessionHolder};
use crate::endpoints::registry_problem::registry_problem;
use crate::state::ApiState;
use crate::views::SessionView;

/// A password in the place of another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePassword, example = json!({"password": "...", "new_password": "..."}))]
pub(crate) struct PasswordBody {
    /// The one so far.
    password: String,
    /// 12 characters or more.
    new_password: String,
}

/// Changes one's own password. All of one's sessions end, and a new one is
/// opened for who has asked.
#[utoipa::path(post, path = "/v1/session/password", tag = "login", request_body = PasswordBody,
    responses((status = 201, body = SessionView), (status = 403, description = "The operator's token has no password"),
        (status = 429, description = "The password so far was wrong too often")),
    security(("session" = [])))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    caller: Caller,
    holding: Holding,
    headers: HeaderMap,
    LargeJsonBody(body): LargeJsonBody<PasswordBody, MAX_ANONYMOUS_BODY_BYTES>,
) -> Result<Response, Problem> {
    let session = holding.session.as_ref();
    let logged_in = session.map_or_else(|| state.now(), |session| session.opened);
    let SessionHolder::Person(LoggedIn { person, .. }) = holding.holder else {
        return Err(Problem::new(
            ProblemKind::FORBIDDEN,
            "The operator's token has no password: log in with a name to change its password.",
        ));
    };
    if person.identity.is_some() {
        return Err(Problem::new(
            ProblemKind::FORBIDDEN,
            "You log in by the identity provider: change your password there.",
        ));
    }
    let id = person.id.clone();
    let attempt = state
        .login_delays
        .begin(id.as_str(), arrival.client, Proof::Guessable)?;
    let actor = caller.actor(Some(arrival.client));
    let login = state
        .hashing(move |shared| {
            let PasswordBody {
                password,
                new_password,
            } = &body;
            shared
                .registry
                .change_password(&actor, &id, password, new_password)
        })
        .await?;
    if login.is_ok() {
        attempt.succeeded();
    }
    let login = login.map_err(|error| registry_problem(&error))?;
    let holder = SessionHolder::Person(LoggedIn::new(person, ProvedBy::Login(login)));
    // The code of the app was not asked for: it counts as no new login.
    hand_out(&state, &arrival, &headers, holder, logged_in)
}
