//! `/v1/devices`: registration, and what becomes of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{Device, DevicePatch, Licence, NewDevice, Patch, Snapshot, Visibility};
use domain::{AgencyId, Audience, DeviceId, Location, ModelId, ThingId, Timestamp};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{JsonBody, Limit, Query, Text};
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use super::registry_problem::registry_problem;
use crate::access::Operator;
use crate::device_connections::StandingConnection;
use crate::params::{KnownWords, Time, Viewer};
use crate::state::{ApiState, Shared};
use crate::views::{ConnectionView, DeviceView, NewKeyView, NewPublicKey, PlaceView, status};

/// A new device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDevice, example = json!({
    "id": "dev-1", "agency": "seoul", "model": "traffic.flow", "name": "세종대로 1",
    "location": {"lat": 37.566_412, "lon": 126.977_968}, "visibility": "public",
    "keys": [{"alg": "EdDSA", "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]
}))]
pub(crate) struct NewDeviceBody {
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    pub(super) id: Text<DeviceId>,
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    pub(super) agency: Text<AgencyId>,
    #[schema(value_type = String, pattern = "^[a-z0-9-]{1,64}[.][a-z0-9-]{1,64}$")]
    pub(super) model: Text<ModelId>,
    /// A MAC or EUI with colons, under which it may log in too.
    pub(super) alias: Option<String>,
    #[serde(default)]
    pub(super) name: String,
    pub(super) location: Option<PlaceView>,
    #[serde(default)]
    #[schema(value_type = Vec<NewPublicKey>)]
    pub(super) keys: Vec<NewKeyView>,
    /// `public` or `restricted`, the default.
    pub(super) visibility: Option<String>,
    /// KOGL-1 to KOGL-4, or an SPDX identifier.
    pub(super) licence: Option<String>,
    pub(super) attribution: Option<String>,
    /// The device is refused from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expires: Option<Time>,
    /// The device that may publish for it: one of the same agency, that has no
    /// gateway itself.
    #[schema(value_type = Option<String>)]
    pub(super) gateway: Option<Text<DeviceId>>,
    /// The thing whose device this one replaces.
    #[schema(value_type = Option<String>)]
    pub(super) thing: Option<Text<ThingId>>,
}

impl NewDeviceBody {
    pub(super) fn read(self) -> Result<NewDevice, String> {
        let mut device = NewDevice::new(self.id.0, self.agency.0, self.model.0);
        device.alias = self.alias;
        device.name = self.name;
        device.location = self.location.map(place).transpose()?;
        device.keys = self.keys.into_iter().map(Into::into).collect();
        device.visibility = self.visibility.as_deref().map(visibility).transpose()?;
        device.licence = self.licence.as_deref().map(licence).transpose()?;
        if let Some(attribution) = self.attribution {
            device.attribution = Some(attribution);
        }
        device.expires = self.expires.map(|time| time.0);
        device.gateway = self.gateway.map(|gateway| gateway.0);
        device.thing = self.thing.map(|thing| thing.0);
        Ok(device)
    }
}

fn place(place: PlaceView) -> Result<Location, String> {
    place
        .try_into()
        .map_err(|error: domain::LocationError| error.to_string())
}

fn visibility(text: &str) -> Result<Visibility, String> {
    Visibility::parse(text).ok_or_else(|| "visibility is public or restricted".to_owned())
}

fn licence(text: &str) -> Result<Licence, String> {
    Licence::parse(text).map_err(|error| error.to_string())
}

/// Registers a device: its thing and its datastreams come from the model.
#[utoipa::path(post, path = "/v1/devices", tag = "devices", request_body = NewDeviceBody,
    responses((status = 201, body = DeviceView), (status = 409, description = "The id is taken")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn register(
    State(state): State<ApiState>,
    _: Operator,
    JsonBody(body): JsonBody<NewDeviceBody>,
) -> Result<Response, Problem> {
    let device = body.read().map_err(Problem::body)?;
    let made = state
        .blocking(move |shared| shared.registry.register_device(device))
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok((StatusCode::CREATED, Json(view(&state, &made))).into_response())
}

/// A device with what the data plane and the broker know of it.
fn view(shared: &Shared, device: &Device) -> DeviceView {
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
fn views(
    shared: &Shared,
    snapshot: &Snapshot,
    now: Timestamp,
    devices: &[&Arc<Device>],
) -> Vec<DeviceView> {
    let ids: Vec<&DeviceId> = devices.iter().map(|device| &device.id).collect();
    let standing = shared.connections.of_devices(&ids);
    devices
        .iter()
        .zip(&standing)
        .map(|(device, standing)| view_of(shared, snapshot, now, device, standing.as_ref()))
        .collect()
}

/// When the newest observation of its thing was received.
pub(super) fn last_seen(shared: &Shared, device: &Device) -> Option<Timestamp> {
    device
        .datastreams
        .iter()
        .filter_map(|datastream| shared.ingest.latest(datastream.id))
        .map(|stored| stored.received)
        .max()
}

#[derive(Deserialize, IntoParams, Clone)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DevicesQuery {
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    /// As `traffic`.
    domain: Option<String>,
    /// As `traffic.flow`, or `flow` alone.
    model: Option<String>,
    /// `active`, `revoked` or `expired`.
    status: Option<String>,
    /// The children of this device.
    #[param(value_type = Option<String>)]
    gateway: Option<Text<DeviceId>>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// The devices, in order of id.
#[utoipa::path(get, path = "/v1/devices", tag = "devices", params(DevicesQuery),
    responses((status = 200, body = List<DeviceView>)),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    _: Operator,
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
    let (registry, wanted) = (Arc::clone(&snapshot), query.clone());
    let walk = move |shared: &Shared| {
        let mut devices: Vec<&Arc<Device>> = registry
            .devices(after.as_ref())
            .filter(|device| wanted.passes(device, now))
            .take(limit + 1)
            .collect();
        let more = split_page(&mut devices, limit);
        let last = devices.last().filter(|_| more).map(|device| &device.id);
        let views = views(shared, &registry, now, &devices);
        (views.is_empty(), request.page(views, last))
    };
    let (is_empty, page) = state.walking(walk).await?;
    if is_empty {
        query.check(&snapshot)?;
    }
    Ok(page)
}

impl DevicesQuery {
    /// Refuses a word that does not exist; only operators ask.
    fn check(&self, snapshot: &Snapshot) -> Result<(), Problem> {
        let known = KnownWords {
            snapshot,
            viewer: Viewer(Audience::Owner),
            summary: &[],
        };
        known.agency(self.agency.as_ref().map(|text| text.0.as_str()))?;
        known.domain(self.domain.as_deref())?;
        known.model(self.model.as_deref())
    }

    fn passes(&self, device: &Device, now: Timestamp) -> bool {
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
    _: Operator,
    Path(id): Path<String>,
) -> Result<Json<DeviceView>, Problem> {
    let snapshot = state.settled().await;
    let device = snapshot.device(&id).ok_or_else(|| no_device(&id))?;
    Ok(Json(view(&state, device)))
}

/// What to change; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DevicePatch, example = json!({"name": "세종대로 1", "location": {"lat": 37.57, "lon": 126.98}, "visibility": "public"}))]
pub(crate) struct PatchBody {
    name: Option<String>,
    /// null: it has none any more.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PlaceView>)]
    location: Option<Option<PlaceView>>,
    /// null: never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Option<Time>>,
    /// null: nobody publishes for it any more.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    gateway: Option<Option<Text<DeviceId>>>,
    visibility: Option<String>,
    licence: Option<String>,
    attribution: Option<String>,
}

/// Tells `null` from a member that is not there.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn change<T, U>(member: Option<Option<T>>, read: impl FnOnce(T) -> U) -> Patch<U> {
    match member {
        Some(Some(value)) => Patch::Set(read(value)),
        Some(None) => Patch::Clear,
        None => Patch::Keep,
    }
}

impl PatchBody {
    fn read(self) -> Result<DevicePatch, String> {
        Ok(DevicePatch {
            name: self.name,
            location: match self.location {
                Some(Some(there)) => Patch::Set(place(there)?),
                Some(None) => Patch::Clear,
                None => Patch::Keep,
            },
            expires: change(self.expires, |time| time.0),
            gateway: change(self.gateway, |gateway| gateway.0),
            visibility: self.visibility.as_deref().map(visibility).transpose()?,
            licence: self.licence.as_deref().map(licence).transpose()?,
            attribution: self.attribution,
        })
    }
}

/// Changes a device. Its former places stay with the observations of their time.
#[utoipa::path(patch, path = "/v1/devices/{id}", tag = "devices",
    params(("id" = String, Path, description = "The device's id")), request_body = PatchBody,
    responses((status = 200, body = DeviceView), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn patch(
    State(state): State<ApiState>,
    _: Operator,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<PatchBody>,
) -> Result<Json<DeviceView>, Problem> {
    let id = device_id(&id)?;
    let patch = body.read().map_err(Problem::body)?;
    let patched = state
        .blocking(move |shared| shared.registry.patch_device(&id, patch))
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(Json(view(&state, &patched)))
}

/// Shuts a device out for good, within a second. There is no way back.
#[utoipa::path(post, path = "/v1/devices/{id}/revoke", tag = "devices",
    params(("id" = String, Path, description = "The device's id")),
    responses((status = 200, body = DeviceView), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Json<DeviceView>, Problem> {
    let id = device_id(&id)?;
    let revoked = state
        .blocking(move |shared| shared.registry.revoke_device(&id))
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(Json(view(&state, &revoked)))
}

/// What is no id names no device.
pub(super) fn device_id(id: &str) -> Result<DeviceId, Problem> {
    DeviceId::new(id).map_err(|_| no_device(id))
}

pub(super) fn no_device(id: &str) -> Problem {
    Problem::not_found(format!("There is no device {id}."))
}
