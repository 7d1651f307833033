//! `/v1/datastreams`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::{AgencyId, BoundaryName, DatastreamId, DeviceId, FieldName, ThingId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::list::{List, ListRequest, cut};
use crate::pagination::read_cursor;
use crate::params::{Bbox, DatastreamFilter, Limit, Near, Query, Selected, Text, Viewer, named};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::views::DatastreamView;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DatastreamsQuery {
    #[param(value_type = Option<String>)]
    device: Option<Text<DeviceId>>,
    #[param(value_type = Option<String>)]
    thing: Option<Text<ThingId>>,
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    /// As `traffic`.
    domain: Option<String>,
    /// As `traffic.flow`, or `flow` alone.
    model: Option<String>,
    #[param(value_type = Option<String>)]
    field: Option<Text<FieldName>>,
    /// `west,south,east,north`, in degrees.
    #[param(value_type = Option<String>)]
    bbox: Option<Text<Bbox>>,
    /// `lat,lon,metres`.
    #[param(value_type = Option<String>)]
    near: Option<Text<Near>>,
    /// The name of a boundary; `/v1/boundaries` lists them.
    #[param(value_type = Option<String>, example = "seoul-jongno")]
    boundary: Option<Text<BoundaryName>>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// What is observed, by which thing, in which unit, under which licence.
#[utoipa::path(get, path = "/v1/datastreams", tag = "data", params(DatastreamsQuery),
    responses((status = 200, body = List<DatastreamView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Query(query): Query<DatastreamsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let first = first_behind(query.cursor.as_deref())?;
    let snapshot = state.settled().await;
    let filter = DatastreamFilter {
        domain: query.domain,
        model: query.model,
        agency: query.agency.map(|text| text.0),
        device: query.device.map(|text| text.0),
        thing: query.thing.map(|text| text.0),
        field: query.field.map(|text| text.0),
        bbox: query.bbox.map(|text| text.0),
        near: query.near.map(|text| text.0),
        boundary: named(&snapshot, query.boundary.as_ref())?,
    };
    let boundary = filter.boundary.as_ref();
    let members = state.members(&snapshot, boundary, viewer).await?;
    let mut found: Vec<Selected<'_>> = filter
        .select_places(&snapshot, viewer, first, members.as_deref())
        .take(limit + 1)
        .collect();
    let more = cut(&mut found, limit);
    let last = found
        .last()
        .filter(|_| more)
        .map(|found| found.datastream.id);
    let views = found.into_iter().map(DatastreamView::from).collect();
    Ok(request.page(views, last.as_ref()))
}

/// The number with which the page behind a cursor begins.
pub(super) fn first_behind(cursor: Option<&str>) -> Result<DatastreamId, Problem> {
    let after: Option<u32> = read_cursor(cursor)?;
    Ok(DatastreamId::new(
        after.map_or(0, |after| after.saturating_add(1)),
    ))
}

/// One datastream.
#[utoipa::path(get, path = "/v1/datastreams/{id}", tag = "data",
    params(("id" = u32, Path, description = "The datastream's number")),
    responses((status = 200, body = DatastreamView), (status = 404, description = "There is none, or it is restricted")))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let snapshot = state.settled().await;
    let datastream = find(&snapshot, viewer, &id)?;
    let selected = Selected::new(&snapshot, viewer, datastream);
    Ok(Json(DatastreamView::from(selected)).into_response())
}

/// The datastream of a path, if the viewer may know of it.
pub(super) fn find<'a>(
    snapshot: &'a device_registry::Snapshot,
    viewer: Viewer,
    id: &str,
) -> Result<&'a device_registry::Datastream, Problem> {
    id.parse()
        .ok()
        .and_then(|number| snapshot.datastream(DatastreamId::new(number)))
        .map(AsRef::as_ref)
        .filter(|datastream| viewer.sees(datastream))
        .ok_or_else(|| Problem::not_found(format!("There is no datastream {id}.")))
}
