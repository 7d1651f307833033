//! `GET /v1/devices/{id}/connection`: network management of one device.

use axum::Json;
use axum::extract::{Path, State};
use http_edge::Problem;

use super::device::{last_seen, permitted_device};
use crate::access::Permitted;
use crate::state::ApiState;
use crate::views::{
    DeviceConnectionView, GatewayConnectionView, Rfc3339, Surroundings, is_disconnect, is_error,
};

/// Whether a device is connected: since when, from where, how, how busily; how
/// its last connection ended, and what went wrong last. A device behind a
/// gateway tells the gateway's connection too.
#[utoipa::path(get, path = "/v1/devices/{id}/connection", tag = "devices",
    params(("id" = String, Path, description = "The device's id")),
    responses((status = 200, body = DeviceConnectionView), (status = 404, description = "There is no such device")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<Json<DeviceConnectionView>, Problem> {
    let snapshot = state.settled().await;
    let device = permitted_device(&permitted, &snapshot, &id)?;
    let gateway = device.gateway.as_ref().map(|gateway| {
        let standing = state.connections.of_device(gateway);
        GatewayConnectionView {
            device: gateway.to_string(),
            connected: standing.is_some(),
            since: standing.map(|standing| Rfc3339(standing.since)),
        }
    });
    let events = state.registry.events();
    let last_disconnect = events.last_of_device(&device.id, is_disconnect);
    let last_error = events.last_of_device(&device.id, is_error);
    let view = DeviceConnectionView::new(
        &device.id,
        state.connections.of_device(&device.id).as_ref(),
        Surroundings {
            last_seen: last_seen(&state, device),
            gateway,
            last_disconnect: last_disconnect.as_deref(),
            last_error: last_error.as_deref(),
        },
    );
    Ok(Json(view))
}
