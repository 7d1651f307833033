//! `/v1/devices`: registration, and what becomes of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{
    Device, DevicePatch, Patch, Permission, RegisterDeviceError, Registry, Snapshot,
};
use domain::{AgencyId, DeviceId, GroupId, Timestamp};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{JsonBody, Limit, Query, Text};
use serde::Deserialize;
use utoipa::IntoParams;

use super::bodies::{NewDeviceBody, PatchBody};
use super::refusal::{not_patched, not_registered};
use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::params::{KnownWords, Viewer, named_group};
use crate::ports::StandingConnection;
use crate::state::{ApiState, Shared};
use crate::views::{ConnectionView, DeviceView, status};

/// Registers a device: its thing and its datastreams come from the model.
#[utoipa::path(post, path = "/v1/devices", tag = "devices", request_body = NewDeviceBody,
    responses((status = 201, body = DeviceView), (status = 409, description = "The id is taken")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn register(
    State(state): State<ApiState>,
    permitted: Permitted,
    JsonBody(body): JsonBody<NewDeviceBody>,
) -> Result<Response, Problem> {
    let device = body
        .read()
        .map_err(|fault| Problem::body(fault.to_string()))?;
    permit_new(&permitted, &device.agency)?;
    if device.thing.is_some() || device.visibility.is_some() {
        permitted.also(Permission::ManageDevices, &device.agency)?;
    }
    let made = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.register_device(actor, device)
        })
        .await?
        .map_err(|error| not_registered(&permitted, &state.registry.snapshot(), error))?;
    Ok((StatusCode::CREATED, Json(view(&state, &made))).into_response())
}

/// Whether the caller is permitted in the agency that something new is for. One
/// of which it sees nothing is answered as one that is not there.
pub(crate) fn permit_new(permitted: &Permitted, agency: &AgencyId) -> Result<(), Problem> {
    if permitted.sees(agency) {
        return permitted.in_agency(agency);
    }
    let unknown = RegisterDeviceError::UnknownAgency(agency.clone());
    Err(registry_problem(&unknown))
}

/// Whether a patch only names a device and puts it in place: all else is decided
/// by those who run it.
fn installs(patch: &DevicePatch) -> bool {
    let rest = DevicePatch {
        name: None,
        location: Patch::Keep,
        since: None,
        ..patch.clone()
    };
    rest == DevicePatch::default()
}

/// A device with what the data plane and the broker know of it.
pub(super) fn view(shared: &Shared, device: &Device) -> DeviceView {
    let snapshot = shared.registry.snapshot();
    let standing = shared.connections.of_device(&device.id);
    view_of(
        shared,
        &snapshot,
        shared.clock.now(),
        device,
        standing.as_ref(),
    )
}

fn view_of(
    shared: &Shared,
    snapshot: &Snapshot,
    now: Timestamp,
    device: &Device,
    standing: Option<&StandingConnection>,
) -> DeviceView {
    DeviceView::new(
        device,
        snapshot.thing(device.thing.as_str()).map(AsRef::as_ref),
        now,
        last_seen(shared, device),
        standing.map(ConnectionView::from),
    )
}

/// All of a page, as they stand at one moment: one look at the registry, the
/// clock and the broker for all of them.
pub(crate) fn views(
    shared: &Shared,
    snapshot: &Snapshot,
    now: Timestamp,
    devices: &[&Arc<Device>],
    reader: &Viewer,
) -> Vec<DeviceView> {
    let ids: Vec<&DeviceId> = devices.iter().map(|device| &device.id).collect();
    let standing = shared.connections.of_devices(&ids);
    devices
        .iter()
        .zip(&standing)
        .map(|(device, standing)| {
            view_of(shared, snapshot, now, device, standing.as_ref()).seen_by(reader, device)
        })
        .collect()
}

/// When the newest observation of its datastreams was received.
pub(crate) fn last_seen(shared: &Shared, device: &Device) -> Option<Timestamp> {
    device
        .datastreams
        .iter()
        .filter_map(|datastream| shared.ingest.latest(datastream.id))
        .map(|stored| stored.received)
        .max()
}

#[derive(Deserialize, IntoParams, Clone, Default)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DevicesQuery {
    #[param(value_type = Option<String>)]
    pub(super) agency: Option<Text<AgencyId>>,
    /// As `traffic`.
    pub(super) domain: Option<String>,
    /// As `traffic.flow`, or `flow` alone.
    pub(super) model: Option<String>,
    /// `active`, `revoked` or `expired`.
    pub(super) status: Option<String>,
    /// The children of this device.
    #[param(value_type = Option<String>)]
    pub(super) gateway: Option<Text<DeviceId>>,
    /// Those of a group.
    #[param(value_type = Option<String>)]
    pub(super) group: Option<Text<GroupId>>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    pub(super) limit: Option<Text<Limit>>,
    pub(super) cursor: Option<String>,
}

/// The devices, in order of id.
#[utoipa::path(get, path = "/v1/devices", tag = "devices", params(DevicesQuery),
    responses((status = 200, body = List<DeviceView>)),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Query(query): Query<DevicesQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query
        .limit
        .as_ref()
        .map_or(Limit::default(), |limit| limit.0)
        .0;
    let after: Option<DeviceId> = read_cursor(query.cursor.as_deref())?;
    if let Some(status) = &query.status
        && !["active", "revoked", "expired"].contains(&status.as_str())
    {
        return Err(Problem::parameter("status is active, revoked or expired"));
    }
    let snapshot = state.settled().await;
    let now = state.now();
    let viewer = Viewer::from(permitted.scope());
    let reader = permitted.viewer();
    let group = match named_group(&snapshot, &viewer, query.group.as_ref())? {
        Some(group) => Some(state.group_devices(&snapshot, &group).await?.devices),
        None => None,
    };
    let (registry, wanted, scope) = (Arc::clone(&snapshot), query.clone(), permitted.scope());
    let scan = move |shared: &Shared| {
        let mut devices: Vec<&Arc<Device>> = devices(&registry, group.as_deref(), after.as_ref())
            .filter(|device| scope.covers(&device.agency) && wanted.passes(device, now))
            .take(limit + 1)
            .collect();
        let more = split_page(&mut devices, limit);
        let last = devices.last().filter(|_| more).map(|device| &device.id);
        let views = views(shared, &registry, now, &devices, &reader);
        (views.is_empty(), request.page(views, last))
    };
    let (is_empty, page) = state.scanning(scan).await?;
    if is_empty {
        query.check(&snapshot, &viewer)?;
    }
    Ok(page)
}

/// In order of id, after `after`: of a group, or all.
fn devices<'a>(
    snapshot: &'a Snapshot,
    group: Option<&'a [DeviceId]>,
    after: Option<&'a DeviceId>,
) -> impl Iterator<Item = &'a Arc<Device>> {
    let all = group.is_none().then(|| snapshot.devices(after));
    let ids = group.unwrap_or_default();
    let from = after.map_or(0, |after| ids.partition_point(|id| id <= after));
    ids[from..]
        .iter()
        .filter_map(|id| snapshot.device(id.as_str()))
        .chain(all.into_iter().flatten())
}

impl DevicesQuery {
    /// Refuses a word that does not exist for the viewer.
    pub(super) fn check(&self, snapshot: &Snapshot, viewer: &Viewer) -> Result<(), Problem> {
        let known = KnownWords {
            snapshot,
            viewer,
            summary: &[],
        };
        known.agency(self.agency.as_ref().map(|text| text.0.as_str()))?;
        known.domain(self.domain.as_deref())?;
        known.model(self.model.as_deref())
    }

    pub(super) fn passes(&self, device: &Device, now: Timestamp) -> bool {
        let model = &device.model.id;
        self.agency
            .as_ref()
            .is_none_or(|agency| agency.0 == device.agency)
            && self
                .domain
                .as_deref()
                .is_none_or(|name| name == model.domain())
            && self
                .model
                .as_deref()
                .is_none_or(|name| name == model.as_str() || name == model.name())
            && self
                .gateway
                .as_ref()
                .is_none_or(|gateway| device.gateway.as_ref() == Some(&gateway.0))
            && self
                .status
                .as_deref()
                .is_none_or(|wanted| wanted == status(device, now))
    }
}

/// One device.
#[utoipa::path(get, path = "/v1/devices/{id}", tag = "devices",
    params(("id" = String, Path, description = "The device's id")),
    responses((status = 200, body = DeviceView), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<Json<DeviceView>, Problem> {
    let snapshot = state.settled().await;
    let device = permitted_device(&permitted, &snapshot, &id)?;
    Ok(Json(
        view(&state, device).seen_by(&permitted.viewer(), device),
    ))
}

/// Changes a device. Its former places stay with the observations of their time.
#[utoipa::path(patch, path = "/v1/devices/{id}", tag = "devices",
    params(("id" = String, Path, description = "The device's id")), request_body = PatchBody,
    responses((status = 200, body = DeviceView), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn patch(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<PatchBody>,
) -> Result<Json<DeviceView>, Problem> {
    let patch = body
        .read()
        .map_err(|fault| Problem::body(fault.to_string()))?;
    let patched = change_device(&state, permitted, id, |registry, permitted, device| {
        if !installs(&patch) {
            permitted.also(Permission::ManageDevices, &device.agency)?;
        }
        let patched = registry.patch_device(permitted.actor(), &device.id, patch);
        patched.map_err(|error| not_patched(permitted, error))
    })
    .await?;
    Ok(Json(view(&state, &patched)))
}

/// Shuts a device out for good, within a second. There is no way back.
#[utoipa::path(post, path = "/v1/devices/{id}/revoke", tag = "devices",
    params(("id" = String, Path, description = "The device's id")),
    responses((status = 200, body = DeviceView), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<Json<DeviceView>, Problem> {
    let revoked = change_device(&state, permitted, id, |registry, permitted, device| {
        let revoked = registry.revoke_device(permitted.actor(), &device.id);
        revoked.map_err(|error| registry_problem(&error))
    })
    .await?;
    Ok(Json(view(&state, &revoked)))
}

/// The device of a path, if the caller sees it and is permitted there what the
/// operation needs.
pub(super) fn permitted_device<'a>(
    permitted: &Permitted,
    snapshot: &'a Snapshot,
    id: &str,
) -> Result<&'a Arc<Device>, Problem> {
    let device = snapshot.device(id);
    let device = device.filter(|device| permitted.sees(&device.agency));
    let device = device.ok_or_else(|| no_device(id))?;
    permitted.in_agency(&device.agency)?;
    Ok(device)
}

/// Changes the device of a path, if the caller is permitted that in the device's
/// agency, which stays so until the change is done.
pub(super) async fn change_device<T: Send + 'static>(
    state: &ApiState,
    permitted: Permitted,
    id: String,
    change: impl FnOnce(&Registry, &Permitted, &Device) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let judged = permitted.clone();
    state
        .changing_by(&permitted, move |shared, _| {
            let _owners = shared.registry.hold_owners();
            let snapshot = shared.registry.snapshot();
            let device = permitted_device(&judged, &snapshot, &id)?;
            change(&shared.registry, &judged, device)
        })
        .await?
}

fn no_device(id: &str) -> Problem {
    Problem::not_found(format!("There is no device {id}."))
}
