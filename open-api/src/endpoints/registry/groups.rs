//! `/v1/groups`: devices of one agency under one name.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{
    CreateGroupError, Group, GroupPatch, NewGroup, NewMembers, NewQuery, Snapshot,
};
use domain::{AgencyId, Bbox, BoundaryName, DeviceId, GroupId, ModelId};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{JsonBody, Limit, Query, Text};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::access::Permitted;
use crate::endpoints::devices::device;
use crate::endpoints::registry_problem::registry_problem;
use crate::state::{ApiState, Shared};
use crate::views::{DeviceView, GroupView};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GroupsQuery {
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// The groups of the caller's agencies, in order of id.
#[utoipa::path(get, path = "/v1/groups", tag = "devices", params(GroupsQuery),
    responses((status = 200, body = List<GroupView>)),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Query(query): Query<GroupsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let after: Option<GroupId> = read_cursor(query.cursor.as_deref())?;
    let wanted = query.agency.map(|agency| agency.0);
    let scope = permitted.scope();
    let snapshot = state.registry.snapshot();
    let mut groups: Vec<&Arc<Group>> = snapshot
        .groups()
        .filter(|group| scope.covers(&group.agency))
        .filter(|group| wanted.as_ref().is_none_or(|id| *id == group.agency))
        .filter(|group| after.as_ref().is_none_or(|after| group.id > *after))
        .take(limit + 1)
        .collect();
    let more = split_page(&mut groups, limit);
    let last = groups.last().filter(|_| more).map(|group| &group.id);
    let views = groups.iter().map(|group| GroupView::from(group.as_ref()));
    Ok(request.page(views.collect(), last))
}

/// A group as it is written: `devices`, or a `query`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewGroup, example = json!({
    "id": "han-river", "agency": "seoul", "name": "한강 수위",
    "query": {"model": "disaster.water-level", "tag": "하천"}
}))]
pub(crate) struct NewGroupBody {
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    id: Text<GroupId>,
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    agency: Text<AgencyId>,
    name: String,
    /// At most 10,000 of the agency's.
    #[schema(value_type = Option<Vec<String>>)]
    devices: Option<Vec<Text<DeviceId>>>,
    query: Option<QueryBody>,
}

/// What a device needs to be in the group; what is left out is not asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewGroupQuery)]
pub(crate) struct QueryBody {
    #[schema(value_type = Option<String>)]
    model: Option<Text<ModelId>>,
    tag: Option<String>,
    /// West, south, east, north, in degrees.
    bbox: Option<[f64; 4]>,
    #[schema(value_type = Option<String>)]
    boundary: Option<Text<BoundaryName>>,
    /// As `q` of `/v1/search`.
    text: Option<String>,
}

/// What to change; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GroupPatch, example = json!({"name": "한강 수위", "devices": ["dev-1", "dev-2"]}))]
pub(crate) struct GroupPatchBody {
    name: Option<String>,
    /// All that it lists from now on; a query that it had is gone.
    #[schema(value_type = Option<Vec<String>>)]
    devices: Option<Vec<Text<DeviceId>>>,
    /// Its query from now on; a list that it had is gone.
    query: Option<QueryBody>,
}

fn members(
    devices: Option<Vec<Text<DeviceId>>>,
    query: Option<QueryBody>,
) -> Result<Option<NewMembers>, Problem> {
    match (devices, query) {
        (Some(_), Some(_)) => Err(Problem::body("A group has devices or a query, not both.")),
        (Some(devices), None) => {
            let ids = devices.into_iter().map(|id| id.0);
            Ok(Some(NewMembers::Listed(ids.collect())))
        }
        (None, Some(query)) => Ok(Some(NewMembers::Query(query.read()?))),
        (None, None) => Ok(None),
    }
}

impl QueryBody {
    fn read(self) -> Result<NewQuery, Problem> {
        let bbox = self.bbox.map(Bbox::try_from).transpose();
        Ok(NewQuery {
            model: self.model.map(|id| id.0),
            tag: self.tag,
            bbox: bbox.map_err(|error| Problem::body(error.to_string()))?,
            boundary: self.boundary.map(|name| name.0),
            text: self.text,
        })
    }
}

/// Makes a group: of the devices that it lists, or of those that pass a query,
/// whenever they are registered.
#[utoipa::path(post, path = "/v1/groups", tag = "devices", request_body = NewGroupBody,
    responses((status = 201, body = GroupView), (status = 409, description = "The id is taken")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    permitted: Permitted,
    JsonBody(body): JsonBody<NewGroupBody>,
) -> Result<Response, Problem> {
    if !permitted.sees(&body.agency.0) {
        let unknown = CreateGroupError::UnknownAgency(body.agency.0);
        return Err(registry_problem(&unknown));
    }
    permitted.in_agency(&body.agency.0)?;
    let members = members(body.devices, body.query)?;
    let new = NewGroup {
        id: body.id.0,
        agency: body.agency.0,
        name: body.name,
        members: members.ok_or_else(|| Problem::body("A group has devices or a query."))?,
    };
    let made = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.create_group(actor, new)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok((StatusCode::CREATED, Json(GroupView::from(made.as_ref()))).into_response())
}

/// One group.
#[utoipa::path(get, path = "/v1/groups/{id}", tag = "devices",
    params(("id" = String, Path, description = "The group's id")),
    responses((status = 200, body = GroupView), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let snapshot = state.registry.snapshot();
    let group = find(&snapshot, &permitted, &id)?;
    Ok(Json(GroupView::from(group.as_ref())).into_response())
}

/// Changes a group.
#[utoipa::path(patch, path = "/v1/groups/{id}", tag = "devices",
    params(("id" = String, Path, description = "The group's id")), request_body = GroupPatchBody,
    responses((status = 200, body = GroupView), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn patch(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<GroupPatchBody>,
) -> Result<Response, Problem> {
    let group = permitted_group(&state, &permitted, &id)?;
    let patch = GroupPatch {
        name: body.name,
        members: members(body.devices, body.query)?,
    };
    let patched = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.patch_group(actor, &group, patch)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(Json(GroupView::from(patched.as_ref())).into_response())
}

/// Takes a group away; its devices stay.
#[utoipa::path(delete, path = "/v1/groups/{id}", tag = "devices",
    params(("id" = String, Path, description = "The group's id")),
    responses((status = 204, description = "It is gone"), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let group = permitted_group(&state, &permitted, &id)?;
    state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.remove_group(actor, &group)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MembersQuery {
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// The devices that are in the group now, in order of id.
#[utoipa::path(get, path = "/v1/groups/{id}/devices", tag = "devices",
    params(("id" = String, Path, description = "The group's id"), MembersQuery),
    responses((status = 200, body = List<DeviceView>), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn devices(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    Query(query): Query<MembersQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let after: Option<DeviceId> = read_cursor(query.cursor.as_deref())?;
    let snapshot = state.settled().await;
    let group = Arc::clone(find(&snapshot, &permitted, &id)?);
    let members = state.group_devices(&snapshot, &group).await?;
    let reader = permitted.viewer();
    let page = move |shared: &Shared| {
        let ids = &members.devices;
        let from = after.map_or(0, |after| ids.partition_point(|id| *id <= after));
        let found = ids[from..].iter();
        let mut devices: Vec<_> = found
            .filter_map(|id| snapshot.device(id.as_str()))
            .take(limit + 1)
            .collect();
        let more = split_page(&mut devices, limit);
        let last = devices.last().filter(|_| more).map(|device| &device.id);
        let views = device::views(shared, &snapshot, shared.now(), &devices, &reader);
        request.page(views, last)
    };
    state.scanning(page).await
}

/// The group of a path, if the caller may know of it.
fn find<'a>(
    snapshot: &'a Snapshot,
    permitted: &Permitted,
    id: &str,
) -> Result<&'a Arc<Group>, Problem> {
    let known = GroupId::new(id).ok();
    known
        .and_then(|id| snapshot.group(&id))
        .filter(|group| permitted.sees(&group.agency))
        .ok_or_else(|| Problem::not_found(format!("There is no group {id}.")))
}

/// The group of a path, if the caller may change it.
fn permitted_group(
    shared: &Shared,
    permitted: &Permitted,
    id: &str,
) -> Result<Arc<Group>, Problem> {
    let snapshot = shared.registry.snapshot();
    let group = find(&snapshot, permitted, id)?;
    permitted.in_agency(&group.agency)?;
    Ok(Arc::clone(group))
}
