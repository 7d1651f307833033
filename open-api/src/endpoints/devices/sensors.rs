//! `/v1/devices/{id}/sensors`: what measures, since when, and how it was calibrated.

use std::fmt::Display;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{
    CalibrateSensorError, Calibration, Datasheet, NewSensor, Patch, PatchSensorError, Sensor,
    SensorDescription, SensorPatch, SensorTextError,
};
use domain::{DatastreamId, DeviceId, SensorId};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{JsonBody, Limit, Query, Text};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::bodies::{change, present};
use super::device::{change_device, permitted_device};
use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::params::Time;
use crate::state::{ApiState, Shared};
use crate::views::{CalibrationView, SensorView};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SensorsQuery {
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// The sensors that the device has or had, in order of number, each with the
/// newest calibration of its time.
#[utoipa::path(get, path = "/v1/devices/{id}/sensors", tag = "devices",
    params(("id" = String, Path, description = "The device's id"), SensorsQuery),
    responses((status = 200, body = List<SensorView>), (status = 404, description = "There is no such device")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    Query(query): Query<SensorsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let after: Option<u32> = read_cursor(query.cursor.as_deref())?;
    let mut sensors = of_device(&state, &permitted, &id).await?;
    sensors.retain(|sensor| after.is_none_or(|after| sensor.id.get() > after));
    let more = split_page(&mut sensors, limit);
    let last = sensors.last().filter(|_| more).map(|sensor| sensor.id);
    let (snapshot, now) = (state.registry.snapshot(), state.now());
    let views = sensors
        .iter()
        .map(|sensor| SensorView::at(sensor, snapshot.sensor_end(sensor), now));
    Ok(request.page(views.collect(), last.as_ref()))
}

/// One sensor, with all of its calibrations.
#[utoipa::path(get, path = "/v1/devices/{id}/sensors/{sensor}", tag = "devices",
    params(("id" = String, Path, description = "The device's id"), ("sensor" = u32, Path, description = "The sensor's number")),
    responses((status = 200, body = SensorView), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path((id, sensor)): Path<(String, String)>,
) -> Result<Json<SensorView>, Problem> {
    let sensors = of_device(&state, &permitted, &id).await?;
    let found = sensor_id(&sensor)
        .ok()
        .and_then(|sensor| sensors.into_iter().find(|one| one.id == sensor))
        .ok_or_else(|| no_sensor(&sensor))?;
    Ok(Json(whole(&state, &found)))
}

/// A new sensor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSensor, example = json!({
    "name": "PM sensor", "maker": "Sensirion", "model": "SPS30", "serial": "0A2B33",
    "datasheet": "https://sensor.example/sps30.pdf", "datastreams": [5, 6],
    "installed_at": "2026-05-01T09:00:00+09:00"
}))]
pub(crate) struct NewSensorBody {
    name: String,
    #[serde(default)]
    maker: String,
    /// The maker's designation.
    #[serde(default)]
    model: String,
    #[serde(default)]
    serial: String,
    #[serde(default)]
    note: String,
    /// An address where it is described.
    datasheet: Option<String>,
    /// The datasheet's media type; `application/pdf` where it is left out.
    datasheet_type: Option<String>,
    /// The numbers of the device's datastreams that it measures.
    datastreams: Vec<u32>,
    /// Absent: now.
    #[schema(value_type = Option<String>, format = DateTime)]
    installed_at: Option<Time>,
    /// For one that was there before.
    #[schema(value_type = Option<String>, format = DateTime)]
    removed_at: Option<Time>,
}

impl NewSensorBody {
    fn read(self) -> Result<NewSensor, SensorTextError> {
        let datasheet = match (self.datasheet, self.datasheet_type) {
            (Some(url), media_type) => Some(Datasheet::new(url, media_type)?),
            (None, Some(_)) => return Err(SensorTextError::TypeAlone),
            (None, None) => None,
        };
        Ok(NewSensor {
            description: SensorDescription {
                name: self.name,
                maker: self.maker,
                model: self.model,
                serial: self.serial,
                note: self.note,
                datasheet,
            },
            datastreams: self
                .datastreams
                .into_iter()
                .map(DatastreamId::new)
                .collect(),
            installed: self.installed_at.map(|time| time.0),
            removed: self.removed_at.map(|time| time.0),
        })
    }
}

/// Puts a sensor into the device. One that measures the same datastreams, and
/// nothing else, was there until then.
#[utoipa::path(post, path = "/v1/devices/{id}/sensors", tag = "devices",
    params(("id" = String, Path, description = "The device's id")), request_body = NewSensorBody,
    responses((status = 201, body = SensorView), (status = 404, description = "There is no such device"),
        (status = 409, description = "Another sensor measures one of the datastreams in that time")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn add(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<NewSensorBody>,
) -> Result<Response, Problem> {
    let new = body.read().map_err(|fault| unreadable(&fault))?;
    let added = change_device(&state, permitted, id, move |registry, permitted, device| {
        let added = registry.add_sensor(permitted.actor(), &device.id, new);
        added.map_err(|error| registry_problem(&error))
    })
    .await?;
    Ok((StatusCode::CREATED, Json(whole(&state, &added))).into_response())
}

/// What to change of a sensor; what is left out stays, and an empty text is known
/// no more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SensorPatch, example = json!({"serial": "0A2B33", "removed_at": "2026-09-01T14:00:00+09:00"}))]
pub(crate) struct SensorPatchBody {
    name: Option<String>,
    maker: Option<String>,
    model: Option<String>,
    serial: Option<String>,
    note: Option<String>,
    /// null: it has none any more.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    datasheet: Option<Option<String>>,
    /// With `datasheet`.
    datasheet_type: Option<String>,
    /// All that it measured, from its installation on.
    datastreams: Option<Vec<u32>>,
    #[schema(value_type = Option<String>, format = DateTime)]
    installed_at: Option<Time>,
    /// null: it is still there.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    removed_at: Option<Option<Time>>,
}

impl SensorPatchBody {
    fn read(self) -> Result<SensorPatch, SensorTextError> {
        let datasheet = match (self.datasheet, self.datasheet_type) {
            (Some(Some(url)), media_type) => Patch::Set(Datasheet::new(url, media_type)?),
            (_, Some(_)) => return Err(SensorTextError::TypeAlone),
            (Some(None), None) => Patch::Clear,
            (None, None) => Patch::Keep,
        };
        let numbers = |numbers: Vec<u32>| numbers.into_iter().map(DatastreamId::new).collect();
        Ok(SensorPatch {
            name: self.name,
            maker: self.maker,
            model: self.model,
            serial: self.serial,
            note: self.note,
            datasheet,
            datastreams: self.datastreams.map(numbers),
            installed: self.installed_at.map(|time| time.0),
            removed: change(self.removed_at, |time| time.0),
        })
    }
}

/// Corrects what is known of a sensor, or takes it away (`removed_at`). It stays
/// in the history.
#[utoipa::path(patch, path = "/v1/devices/{id}/sensors/{sensor}", tag = "devices",
    params(("id" = String, Path, description = "The device's id"), ("sensor" = u32, Path, description = "The sensor's number")),
    request_body = SensorPatchBody,
    responses((status = 200, body = SensorView), (status = 404, description = "There is none"),
        (status = 409, description = "Another sensor measures one of the datastreams in that time")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn patch(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path((id, sensor)): Path<(String, String)>,
    JsonBody(body): JsonBody<SensorPatchBody>,
) -> Result<Json<SensorView>, Problem> {
    let patch = body.read().map_err(|fault| unreadable(&fault))?;
    let patched = change_device(&state, permitted, id, move |registry, permitted, device| {
        let sensor = sensor_id(&sensor)?;
        let patched = registry.patch_sensor(permitted.actor(), &device.id, sensor, patch);
        patched.map_err(|error| match error {
            PatchSensorError::Unknown { sensor, .. } => no_sensor(&sensor),
            error => registry_problem(&error),
        })
    })
    .await?;
    Ok(Json(whole(&state, &patched)))
}

/// A calibration that was made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCalibration, example = json!({
    "at": "2026-04-20T10:00:00+09:00", "by": "KTL", "certificate": "26-0042",
    "valid_until": "2027-04-20T10:00:00+09:00", "result": "gain 1.02, offset -0.3"
}))]
pub(crate) struct NewCalibrationBody {
    /// When it was calibrated.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// The person or the laboratory.
    #[serde(default)]
    by: String,
    /// Its number.
    #[serde(default)]
    certificate: String,
    /// Absent: until the next calibration.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<Time>,
    /// Coefficients or deviations; 4,096 bytes at most.
    #[serde(default)]
    result: String,
    #[serde(default)]
    note: String,
}

/// Records a calibration of a sensor, in the place of one of the same time. Its
/// device is told in its events 30, 7 and 1 days before it runs out.
#[utoipa::path(post, path = "/v1/devices/{id}/sensors/{sensor}/calibrations", tag = "devices",
    params(("id" = String, Path, description = "The device's id"), ("sensor" = u32, Path, description = "The sensor's number")),
    request_body = NewCalibrationBody,
    responses((status = 201, body = CalibrationView), (status = 404, description = "There is no such sensor")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn calibrate(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path((id, sensor)): Path<(String, String)>,
    JsonBody(body): JsonBody<NewCalibrationBody>,
) -> Result<Response, Problem> {
    let calibration = Calibration {
        at: body.at.0,
        by: body.by,
        certificate: body.certificate,
        valid_until: body.valid_until.map(|time| time.0),
        result: body.result,
        note: body.note,
    };
    let view = CalibrationView::at(&calibration, state.now());
    change_device(&state, permitted, id, move |registry, permitted, device| {
        let sensor = sensor_id(&sensor)?;
        let done = registry.calibrate_sensor(permitted.actor(), &device.id, sensor, calibration);
        done.map_err(|error| match error {
            CalibrateSensorError::Unknown { sensor, .. } => no_sensor(&sensor),
            error => registry_problem(&error),
        })
    })
    .await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// The sensors of the device of a path, if the caller may read it.
async fn of_device(
    state: &ApiState,
    permitted: &Permitted,
    id: &str,
) -> Result<Vec<Sensor>, Problem> {
    let snapshot = state.registry.snapshot();
    let device: DeviceId = permitted_device(permitted, &snapshot, id)?.id.clone();
    state
        .scanning(move |shared| shared.registry.sensors_of_device(&device))
        .await?
        .map_err(|error| Problem::internal(&error))
}

fn whole(shared: &Shared, sensor: &Sensor) -> SensorView {
    let end = shared.registry.snapshot().sensor_end(sensor);
    SensorView::whole(sensor, end, shared.now())
}

fn sensor_id(text: &str) -> Result<SensorId, Problem> {
    let number = text.parse().map(SensorId::new);
    number.map_err(|_| no_sensor(&text))
}

fn no_sensor(id: &impl Display) -> Problem {
    Problem::not_found(format!("There is no sensor {id}."))
}

fn unreadable(fault: &SensorTextError) -> Problem {
    Problem::body(fault.to_string())
}
