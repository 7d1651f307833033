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

use super::device::change_device;
use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::params::{Time, nullable};
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
    let key = body.into();
    let added = change_device(&state, permitted, id, move |registry, permitted, device| {
        let done = registry.add_key(permitted.actor(), &device.id, &key);
        done.map_err(|error| registry_problem(&error))
    })
    .await?;
    Ok((StatusCode::CREATED, Json(CredentialView::from(&added))).into_response())
}

/// When a credential ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CredentialPatch, example = json!({"expires": "2027-01-01T00:00:00+09:00"}))]
pub(crate) struct CredentialPatchBody {
    /// null: never.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    expires: Option<Time>,
}

/// Gives a credential another end: so an operator begins a rotation. The device
/// is told in its events 30, 7 and 1 days before it would be shut out.
#[utoipa::path(patch, path = "/v1/devices/{id}/keys/{credential}", tag = "devices",
    params(("id" = String, Path, description = "The device's id"), ("credential" = u64, Path, description = "The credential's id")),
    request_body = CredentialPatchBody,
    responses((status = 200, body = CredentialView), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn end(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path((id, credential)): Path<(String, String)>,
    JsonBody(body): JsonBody<CredentialPatchBody>,
) -> Result<Json<CredentialView>, Problem> {
    let credential = credential_id(&credential)?;
    let expires = body.expires.map(|time| time.0);
    let ended = change_device(&state, permitted, id, move |registry, permitted, device| {
        let done = registry.end_credential(permitted.actor(), &device.id, credential, expires);
        done.map_err(|error| registry_problem(&error))
    })
    .await?;
    Ok(Json(CredentialView::from(&ended)))
}

fn credential_id(text: &str) -> Result<CredentialId, Problem> {
    text.parse()
        .map(CredentialId::new)
        .map_err(|_| Problem::not_found(format!("There is no credential {text}.")))
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
    let credential = credential_id(&credential)?;
    change_device(&state, permitted, id, move |registry, permitted, device| {
        let done = registry.remove_credential(permitted.actor(), &device.id, credential);
        done.map_err(|error| registry_problem(&error))
    })
    .await?;
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
    let terms = PasswordTerms {
        networks: body.networks,
        expires: body.expires.map(|time| time.0),
    };
    let made = change_device(&state, permitted, id, move |registry, permitted, device| {
        let done = registry.make_password(permitted.actor(), &device.id, terms);
        done.map_err(|error| registry_problem(&error))
    })
    .await?;
    let view = MadePasswordView {
        credential: made.credential.id.get(),
        password: made.password,
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}
