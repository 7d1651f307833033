//! `/v1/devices/{id}/keys` and `/password`: what a device proves itself with.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::PasswordTerms;
use domain::CredentialId;
use http_edge::Problem;
use http_edge::request::{JsonBody, OptionalJsonBody};
use serde::Deserialize;
use utoipa::ToSchema;

use super::device::permitted_id;
use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::params::Time;
use crate::state::ApiState;
use crate::views::{CredentialView, MadePasswordView, NewKeyView, NewPublicKey};

/// Adds a public key; up to three credentials overlap, for rotation.
#[utoipa::path(post, path = "/v1/devices/{id}/keys", tag = "devices",
    params(("id" = String, Path, description = "The device's id")), request_body = NewPublicKey,
    responses((status = 201, body = CredentialView), (status = 409, description = "It has three already, or this one")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn add_key(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<NewKeyView>,
) -> Result<Response, Problem> {
    let id = permitted_id(&state, &permitted, &id)?;
    let key = body.into();
    let added = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.add_key(actor, &id, &key)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok((StatusCode::CREATED, Json(CredentialView::from(&added))).into_response())
}

/// Takes a key or a password away, by the credential's id.
#[utoipa::path(delete, path = "/v1/devices/{id}/keys/{credential}", tag = "devices",
    params(("id" = String, Path, description = "The device's id"), ("credential" = u64, Path, description = "The credential's id")),
    responses((status = 204, description = "It is gone"), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path((id, credential)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let id = permitted_id(&state, &permitted, &id)?;
    let credential = credential
        .parse()
        .map(CredentialId::new)
        .map_err(|_| Problem::not_found(format!("There is no credential {credential}.")))?;
    state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.remove_credential(actor, &id, credential)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Terms of a new password.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPassword, example = json!({"networks": ["10.20.0.0/16"]}))]
pub(crate) struct NewPasswordBody {
    /// Networks from which it may come on plaintext listeners.
    #[serde(default)]
    networks: Vec<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Time>,
}

/// Makes a password of 256 bits, for firmware that can do nothing better. It
/// is shown this once.
#[utoipa::path(post, path = "/v1/devices/{id}/password", tag = "devices",
    params(("id" = String, Path, description = "The device's id")),
    request_body = Option<NewPasswordBody>,
    responses((status = 201, body = MadePasswordView), (status = 409, description = "It has three credentials already")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn make_password(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    OptionalJsonBody(body): OptionalJsonBody<NewPasswordBody>,
) -> Result<Response, Problem> {
    let id = permitted_id(&state, &permitted, &id)?;
    let terms = PasswordTerms {
        networks: body.networks,
        expires: body.expires.map(|time| time.0),
    };
    let made = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.make_password(actor, &id, terms)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    let view = MadePasswordView {
        credential: made.credential.id.get(),
        password: made.password,
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}
