//! `/v1/applications/{id}/keys`: an application's API keys.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use device_registry::{ApiKeyKind, NewApiKey};
use domain::ApiKeyId;
use http_edge::Problem;
use http_edge::reply::{List, ListRequest};
use http_edge::request::{Arrival, LargeJsonBody};
use serde::Deserialize;
use utoipa::ToSchema;

use super::application::owned;
use crate::access::Caller;
use crate::endpoints::login::MAX_ANONYMOUS_BODY_BYTES;
use crate::endpoints::registry_problem::registry_problem;
use crate::params::Time;
use crate::state::ApiState;
use crate::views::{IssuedKeyView, KeyView};

/// A new key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApiKey, example = json!({"kind": "publishable", "origins": ["https://app.example"]}))]
pub(crate) struct NewKeyBody {
    /// `secret` for servers, `publishable` for browsers.
    kind: String,
    /// Pages that may use a publishable key, as browsers name them.
    #[serde(default)]
    origins: Vec<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Time>,
}

/// Makes another key, shown this once. Two live keys of a kind overlap, for
/// rotation.
#[utoipa::path(post, path = "/v1/applications/{id}/keys", tag = "applications",
    params(("id" = String, Path, description = "The application's id")), request_body = NewKeyBody,
    responses((status = 201, body = IssuedKeyView), (status = 409, description = "Two are live already: revoke one")),
    security(("key" = []), ("key_header" = []), ("operator" = []), ("session" = [])))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    caller: Caller,
    Extension(arrival): Extension<Arrival>,
    Path(id): Path<String>,
    LargeJsonBody(body): LargeJsonBody<NewKeyBody, MAX_ANONYMOUS_BODY_BYTES>,
) -> Result<Response, Problem> {
    let application = owned(&state.registry.snapshot(), &caller, &id)?;
    let key = NewApiKey {
        kind: ApiKeyKind::parse(&body.kind)
            .ok_or_else(|| Problem::body("kind is secret or publishable"))?,
        origins: body.origins,
        expires: body.expires.map(|time| time.0),
    };
    let actor = caller.actor(Some(arrival.client));
    let issued = state
        .changing(move |shared| shared.registry.create_key(&actor, &application.id, key))
        .await?
        .map_err(|error| registry_problem(&error))?;
    let view = IssuedKeyView::new(&issued.key, issued.text);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// The application's keys, revoked ones too, oldest first.
#[utoipa::path(get, path = "/v1/applications/{id}/keys", tag = "applications",
    params(("id" = String, Path, description = "The application's id")),
    responses((status = 200, body = List<KeyView>)),
    security(("key" = []), ("key_header" = []), ("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let snapshot = state.registry.snapshot();
    let application = owned(&snapshot, &caller, &id)?;
    let keys: Vec<KeyView> = snapshot
        .keys_of(&application.id)
        .map(|key| KeyView::from(key.as_ref()))
        .collect();
    Ok(request.whole(keys))
}

/// Ends a key at once; its streams end too.
#[utoipa::path(delete, path = "/v1/applications/{id}/keys/{key}", tag = "applications",
    params(("id" = String, Path, description = "The application's id"), ("key" = String, Path, description = "The key's id, not its text")),
    responses((status = 204, description = "It is revoked"), (status = 404, description = "There is none")),
    security(("key" = []), ("key_header" = []), ("operator" = []), ("session" = [])))]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    caller: Caller,
    Extension(arrival): Extension<Arrival>,
    Path((id, key)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let application = owned(&state.registry.snapshot(), &caller, &id)?;
    let key =
        ApiKeyId::new(&key).map_err(|_| Problem::not_found(format!("There is no key {key}.")))?;
    let actor = caller.actor(Some(arrival.client));
    state
        .changing(move |shared| shared.registry.revoke_key(&actor, &application.id, &key))
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(StatusCode::NO_CONTENT)
}
