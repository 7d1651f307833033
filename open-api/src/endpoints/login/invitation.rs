//! Invitations: by one, a person sets what it logs in with.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use device_registry::NewLogin;
use http_edge::request::{Arrival, LargeJsonBody};
use http_edge::{Problem, ProblemKind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::MAX_ANONYMOUS_BODY_BYTES;
use crate::access::Permitted;
use crate::endpoints::people::operators::permitted_person;
use crate::endpoints::people::permit_grants;
use crate::endpoints::registry_problem::registry_problem;
use crate::state::ApiState;
use crate::views::{AcceptedInvitationView, InvitationView, OpenInvitationView};

/// Invites a person to set a password, at first or again: what it logged in
/// with before holds no longer, and its sessions end. The invitation is shown
/// this once, and has to be taken within 7 days. Service tokens invite nobody.
#[utoipa::path(post, path = "/v1/operators/{id}/invitation", tag = "login",
    params(("id" = String, Path, description = "The person's login name")),
    responses((status = 201, body = InvitationView), (status = 404, description = "There is no such person"),
        (status = 409, description = "The person is not enabled")))]
pub(crate) async fn invite(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    // Whoever reads a program's files would log in as anybody it looks after, and
    // the audit would tell that it was the person.
    if permitted.is_program() {
        return Err(Problem::new(
            ProblemKind::FORBIDDEN,
            "A service token invites nobody, since who holds the invitation logs in as the person: invite from a session of your own.",
        )
        .with("code", "person-needed"));
    }
    let person = permitted_person(&state, &permitted, &id)?;
    if permitted.is_person(&person.id) {
        return Err(Problem::new(
            ProblemKind::FORBIDDEN,
            "Nobody invites itself: change your password, or ask another administrator.",
        ));
    }
    // Who holds the invitation can log in as the person.
    permit_grants(&permitted, &person.grants)?;
    permitted.has_just_logged_in(state.now())?;
    let issued = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.invite_person(actor, &person)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    let public_url = state.platform.public_url.as_deref();
    let view = InvitationView::new(issued, public_url);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// An invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Invitation, example = json!({"invitation": "mdi_..."}))]
pub(crate) struct InvitationBody {
    invitation: String,
}

/// Whom an invitation invites, and what the authenticator app gets.
#[utoipa::path(post, path = "/v1/invitation", tag = "login", request_body = InvitationBody,
    responses((status = 200, body = OpenInvitationView), (status = 404, description = "It cannot be taken")),
    security(()))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    LargeJsonBody(body): LargeJsonBody<InvitationBody, MAX_ANONYMOUS_BODY_BYTES>,
) -> Result<Json<OpenInvitationView>, Problem> {
    let open = state
        .registry
        .open_invitation(body.invitation.trim())
        .map_err(|error| registry_problem(&error))?;
    let factor = state.login.factor_of(&open.person);
    Ok(Json(OpenInvitationView::new(&open, factor)))
}

/// What a person logs in with from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AcceptInvitation, example = json!({"invitation": "mdi_...", "password": "...", "code": "123456"}))]
pub(crate) struct AcceptBody {
    invitation: String,
    /// 12 characters or more.
    password: String,
    /// The authenticator app's present code; left out to do without an app,
    /// where that is allowed.
    code: Option<String>,
}

/// Takes an invitation. With an app there are ten recovery codes, shown this
/// once: each opens one session in the place of a code.
#[utoipa::path(post, path = "/v1/invitation/accept", tag = "login", request_body = AcceptBody,
    responses((status = 201, body = AcceptedInvitationView), (status = 404, description = "It cannot be taken")),
    security(()))]
pub(crate) async fn accept(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    LargeJsonBody(body): LargeJsonBody<AcceptBody, MAX_ANONYMOUS_BODY_BYTES>,
) -> Result<Response, Problem> {
    let address = arrival.client;
    let (person, recovery_codes) = state
        .hashing(move |shared| {
            let new = NewLogin {
                password: &body.password,
                code: body.code.as_deref().filter(|code| !code.trim().is_empty()),
            };
            let policy = shared.login;
            let factor = |person: &_| policy.factor_of(person);
            let text = body.invitation.trim();
            shared
                .registry
                .accept_invitation(address, text, new, factor)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    let view = AcceptedInvitationView {
        id: person.to_string(),
        recovery_codes,
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}
