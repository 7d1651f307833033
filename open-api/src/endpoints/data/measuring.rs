//! What measures a datastream, and what measured it at a time.

use axum::extract::{Path, State};
use axum::response::Response;
use device_registry::{Datastream, Permission, Sensor, Snapshot};
use domain::Timestamp;
use http_edge::Problem;
use http_edge::reply::{List, ListRequest};
use http_edge::request::Query;
use serde::Deserialize;
use utoipa::IntoParams;

use super::datastreams::find;
use crate::access::Caller;
use crate::params::{Time, Viewer};
use crate::state::ApiState;
use crate::views::SensorView;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MeasuringQuery {
    /// Only the one that measured then, with the calibration that was in force;
    /// RFC 3339 with an offset.
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<Time>,
}

/// What measures the datastream or measured it, the first one first, each with the
/// newest calibration of its time; with `at`, what an observation of that time was
/// measured by. Serial numbers and certificates are for who reads the agency's
/// devices.
#[utoipa::path(get, path = "/v1/datastreams/{id}/sensors", tag = "data",
    params(("id" = u32, Path, description = "The datastream's number"), MeasuringQuery),
    responses((status = 200, body = List<SensorView>), (status = 404, description = "There is no such datastream, or it is restricted")))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<MeasuringQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let snapshot = state.settled().await;
    let datastream = find(&snapshot, &viewer, &id)?;
    let at = query.at.map(|time| time.0);
    let sensors = measuring(&state, &snapshot, &datastream, at).await?;
    let time = at.unwrap_or_else(|| state.now());
    let reader = Reader {
        caller: &caller,
        viewer: &viewer,
        snapshot: &snapshot,
    };
    let views = sensors.iter().map(|sensor| {
        let view = SensorView::at(sensor, snapshot.sensor_end(sensor), time);
        reader.view(&datastream, view)
    });
    Ok(request.whole(views.collect()))
}

/// What measures the datastream now.
pub(super) async fn present(
    state: &ApiState,
    reader: Reader<'_>,
    datastream: &Datastream<'_>,
) -> Result<Option<SensorView>, Problem> {
    let (now, snapshot) = (state.now(), reader.snapshot);
    let sensors = measuring(state, snapshot, datastream, Some(now)).await?;
    let present = sensors.last();
    Ok(present.map(|sensor| {
        let view = SensorView::at(sensor, snapshot.sensor_end(sensor), now);
        reader.view(datastream, view)
    }))
}

/// All that measured it, or what did at a time. Only where there is any does it
/// look at the disk.
async fn measuring(
    state: &ApiState,
    snapshot: &Snapshot,
    datastream: &Datastream<'_>,
    at: Option<Timestamp>,
) -> Result<Vec<Sensor>, Problem> {
    let id = datastream.id;
    if !snapshot.is_measured(id) {
        return Ok(Vec::new());
    }
    let mut sensors = state
        .scanning(move |shared| shared.registry.sensors_of_datastream(id))
        .await?
        .map_err(|error| Problem::internal(&error))?;
    if let Some(at) = at {
        let ended = |sensor: &Sensor| snapshot.sensor_end(sensor).is_some_and(|end| end <= at);
        sensors.retain(|sensor| sensor.installed <= at && !ended(sensor));
    }
    Ok(sensors)
}

/// Who asks what measures.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) caller: &'a Caller,
    pub(super) viewer: &'a Viewer,
    pub(super) snapshot: &'a Snapshot,
}

impl Reader<'_> {
    /// Who may read the agency's devices knows all of it.
    fn view(&self, datastream: &Datastream<'_>, view: SensorView) -> SensorView {
        let rights = self.caller.rights();
        if rights.allow(Permission::ReadDevices, datastream.agency) {
            return view;
        }
        view.for_others(|id| {
            let other = self.snapshot.datastream(id);
            other.is_some_and(|other| self.viewer.sees(&other))
        })
    }
}
