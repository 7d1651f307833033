//! `/v1/things`.

use axum::extract::State;
use axum::response::Response;
use device_registry::{Snapshot, Thing};
use domain::{AgencyId, BoundaryName, ThingId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::list::{List, ListRequest, cut};
use crate::pagination::read_cursor;
use crate::params::{Bbox, DatastreamFilter, Limit, Near, Query, Text, Viewer, named};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::views::{PlaceView, ThingDatastreamView, ThingView};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThingsQuery {
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    /// As `traffic`.
    domain: Option<String>,
    /// As `traffic.flow`, or `flow` alone.
    model: Option<String>,
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

/// The things that have a datastream which the caller may read.
#[utoipa::path(get, path = "/v1/things", tag = "data", params(ThingsQuery),
    responses((status = 200, body = List<ThingView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Query(query): Query<ThingsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let after: Option<ThingId> = read_cursor(query.cursor.as_deref())?;
    let snapshot = state.settled().await;
    let filter = DatastreamFilter {
        domain: query.domain,
        model: query.model,
        agency: query.agency.map(|text| text.0),
        bbox: query.bbox.map(|text| text.0),
        near: query.near.map(|text| text.0),
        boundary: named(&snapshot, query.boundary.as_ref())?,
        ..DatastreamFilter::default()
    };
    let mut views: Vec<ThingView<'_>> = snapshot
        .things(after.as_ref())
        .filter_map(|thing| view(thing, &snapshot, viewer, &filter))
        .take(limit + 1)
        .collect();
    let more = cut(&mut views, limit);
    let last = views.last().filter(|_| more).map(|view| view.id.to_owned());
    Ok(request.page(views, last.as_ref()))
}

fn view<'a>(
    thing: &'a Thing,
    snapshot: &'a Snapshot,
    viewer: Viewer,
    filter: &DatastreamFilter,
) -> Option<ThingView<'a>> {
    let location = viewer.place(thing.location());
    if !filter.covers(location) {
        return None;
    }
    let readable: Vec<_> = thing
        .datastreams
        .iter()
        .filter_map(|id| snapshot.datastream(*id))
        .filter(|datastream| viewer.sees(datastream) && filter.names(datastream))
        .collect();
    let model = &readable.first()?.model;
    let newest = thing
        .devices
        .last()
        .and_then(|id| snapshot.device(id.as_str()));
    Some(ThingView {
        id: thing.id.as_str(),
        name: newest.map_or("", |device| device.name.as_str()),
        agency: thing.agency.as_str(),
        domain: model.domain(),
        model: model.as_str(),
        location: location.map(PlaceView::from),
        devices: thing.devices.iter().map(|id| id.as_str()).collect(),
        datastreams: readable
            .into_iter()
            .map(|datastream| ThingDatastreamView {
                id: datastream.id.get(),
                field: datastream.field.as_str(),
                unit: datastream.unit.as_deref(),
            })
            .collect(),
    })
}
