//! What becomes of a device: to another agency, replaced by a new one, out of
//! service. Its datastreams keep their numbers and their observations.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{OldCredentials, ReplaceDeviceError, Replacement, Transfer};
use domain::{AgencyId, DeviceId, ModelId};
use http_edge::Problem;
use http_edge::request::{JsonBody, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::device::{change_device, permit_new, permitted_device, view};
use super::refusal::not_registered;
use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::params::Time;
use crate::state::ApiState;
use crate::views::{DeviceView, NewKeyView, NewPublicKey};

/// Whose a device is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Transfer, example = json!({"agency": "busan"}))]
pub(crate) struct TransferBody {
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    agency: Text<AgencyId>,
    /// `true`: the device goes on with the credentials that it has, which the
    /// former agency knows. Without it they are removed.
    #[serde(default)]
    #[schema(required = false)]
    keep_credentials: bool,
}

/// Gives a device to another agency: with its thing, all devices that serve or
/// served it, and its datastreams, which keep their numbers and observations. A
/// gateway takes its children along; a child does not go without its gateway.
/// From then on all of it is the new agency's, former observations too; `owners`
/// tells whose it was when. The caller administers both agencies.
#[utoipa::path(post, path = "/v1/devices/{id}/transfer", tag = "devices",
    params(("id" = String, Path, description = "The device's id")), request_body = TransferBody,
    responses((status = 200, body = DeviceView), (status = 404, description = "There is none"),
        (status = 409, description = "It is behind a gateway, or too many devices hang together")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn transfer(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<TransferBody>,
) -> Result<Json<DeviceView>, Problem> {
    let snapshot = state.registry.snapshot();
    let device = permitted_device(&permitted, &snapshot, &id)?;
    let id = device.id.clone();
    let transfer = Transfer {
        from: device.agency.clone(),
        to: body.agency.0,
        credentials: if body.keep_credentials {
            OldCredentials::Keep
        } else {
            OldCredentials::End
        },
    };
    permit_new(&permitted, &transfer.to)?;
    let transferred = state
        .changing_by(&permitted, move |shared, actor| {
            let registry = &shared.registry;
            registry.transfer_device(actor, &id, &transfer)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(Json(view(&state, &transferred)))
}

/// The device that takes another one's place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Replacement, example = json!({
    "id": "dev-1b", "keys": [{"alg": "EdDSA", "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]
}))]
pub(crate) struct ReplacementBody {
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    id: Text<DeviceId>,
    /// Left out: that of the device that is replaced.
    #[schema(value_type = Option<String>)]
    model: Option<Text<ModelId>>,
    /// A MAC or EUI with colons, under which it may log in too.
    alias: Option<String>,
    /// Left out: that of the device that is replaced.
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Vec<NewPublicKey>)]
    keys: Vec<NewKeyView>,
    /// The device is refused from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Time>,
}

/// Registers a new device in the place of a broken one: its datastreams, its
/// place and its gateway go on, the children of a gateway become the new one's,
/// and the old one is decommissioned, all in one change. It has to be the one
/// that serves its thing: where a newer one does, that one is replaced.
#[utoipa::path(post, path = "/v1/devices/{id}/replace", tag = "devices",
    params(("id" = String, Path, description = "The id of the device that is replaced")),
    request_body = ReplacementBody,
    responses((status = 201, body = DeviceView), (status = 404, description = "There is none"),
        (status = 409, description = "The new id is taken, the old device is out of service already, or another one serves its thing")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn replace(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<ReplacementBody>,
) -> Result<Response, Problem> {
    let new = Replacement {
        id: body.id.0,
        model: body.model.map(|model| model.0),
        alias: body.alias,
        name: body.name,
        keys: body.keys.into_iter().map(Into::into).collect(),
        expires: body.expires.map(|time| time.0),
    };
    let made = change_device(&state, permitted, id, move |registry, permitted, device| {
        let done = registry.replace_device(permitted.actor(), &device.id, new);
        done.map_err(|error| match error {
            ReplaceDeviceError::Register(error) => {
                not_registered(permitted, &registry.snapshot(), error)
            }
            error => registry_problem(&error),
        })
    })
    .await?;
    Ok((StatusCode::CREATED, Json(view(&state, &made))).into_response())
}

/// Takes a device out of service, for good: its credentials are removed, it is
/// refused within a second, and its id is never given again. What it sent stays.
#[utoipa::path(post, path = "/v1/devices/{id}/decommission", tag = "devices",
    params(("id" = String, Path, description = "The device's id")),
    responses((status = 200, body = DeviceView), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn decommission(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<Json<DeviceView>, Problem> {
    let ended = change_device(&state, permitted, id, move |registry, permitted, device| {
        let done = registry.decommission_device(permitted.actor(), &device.id);
        done.map_err(|error| registry_problem(&error))
    })
    .await?;
    Ok(Json(view(&state, &ended)))
}
