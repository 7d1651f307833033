//! How well a device or a datastream does.

use axum::Json;
use axum::extract::{Path, State};
use health::Observer;
use http_edge::Problem;

use super::datastreams::find;
use super::observations::query_problem;
use crate::params::Viewer;
use crate::state::{ApiState, Shared};
use crate::views::{DatastreamHealthView, DeviceHealthView};

/// How well a device does: a score from 0 to 100, its parts and the reasons. It is
/// made of what the caller may read: to others than its agency, of its public
/// datastreams, and without what was refused of it.
#[utoipa::path(get, path = "/v1/devices/{id}/health", tag = "data",
    params(("id" = String, Path, description = "The device's id")),
    responses((status = 200, body = DeviceHealthView), (status = 404, description = "There is none, or it is restricted")))]
pub(crate) async fn of_device(
    State(state): State<ApiState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<DeviceHealthView>, Problem> {
    let snapshot = state.settled().await;
    let now = state.now();
    let look = move |shared: &Shared| {
        let device = snapshot.device(&id).filter(|device| {
            viewer.owns(&device.agency) || device.datastreams.iter().any(|one| viewer.sees(&one))
        });
        let device =
            device.ok_or_else(|| Problem::not_found(format!("There is no device {id}.")))?;
        let is_own = viewer.owns(&device.agency);
        let observer = Observer {
            plane: &shared.ingest,
            snapshot: &snapshot,
            now,
        };
        let found = observer
            .device(device, |datastream| viewer.sees(datastream), is_own)
            .map_err(|error| query_problem(&error))?;
        let window = (observer.from(), now);
        Ok(Json(DeviceHealthView::new(device, &found, window)))
    };
    state.reading(look).await?
}

/// How well a datastream does: a score from 0 to 100, its parts and the reasons.
#[utoipa::path(get, path = "/v1/datastreams/{id}/health", tag = "data",
    params(("id" = u32, Path, description = "The datastream's number")),
    responses((status = 200, body = DatastreamHealthView), (status = 404, description = "There is none, or it is restricted")))]
pub(crate) async fn of_datastream(
    State(state): State<ApiState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<DatastreamHealthView>, Problem> {
    let snapshot = state.settled().await;
    let now = state.now();
    let look = move |shared: &Shared| {
        let datastream = find(&snapshot, &viewer, &id)?;
        let observer = Observer {
            plane: &shared.ingest,
            snapshot: &snapshot,
            now,
        };
        let health = observer
            .datastream(&datastream, viewer.owns(datastream.agency))
            .map_err(|error| query_problem(&error))?;
        let window = (observer.from(), now);
        Ok(Json(DatastreamHealthView::new(
            &datastream,
            &health,
            window,
        )))
    };
    state.reading(look).await?
}
