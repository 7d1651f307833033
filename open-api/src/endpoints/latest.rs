//! `/v1/latest`: the newest observation of each datastream, from memory.

use axum::extract::State;
use axum::response::Response;
use domain::{AgencyId, BoundaryName, DeviceId, FieldName, Offset, ThingId};
use ingest::StoredObservation;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::datastreams::first_behind;
use crate::csv_table;
use crate::list::{Form, ListRequest, cut, json_bytes};
use crate::params::{Bbox, DatastreamFilter, Limit, Near, Query, Selected, Text, Viewer, named};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::views::LatestView;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LatestQuery {
    /// As `traffic`.
    domain: Option<String>,
    /// As `traffic.flow`, or `flow` alone.
    model: Option<String>,
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    #[param(value_type = Option<String>)]
    thing: Option<Text<ThingId>>,
    #[param(value_type = Option<String>)]
    device: Option<Text<DeviceId>>,
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

/// A page of the latest table. A stream with `from_offset` = `offset` + 1 goes
/// on from here without a gap.
#[derive(Serialize, ToSchema)]
#[schema(as = LatestList)]
pub(crate) struct LatestList<'a> {
    items: Vec<LatestView<'a>>,
    next: Option<String>,
    /// Everything up to this offset is in the table.
    offset: u64,
}

/// The newest observation of each datastream, by phenomenon time.
#[utoipa::path(get, path = "/v1/latest", tag = "data", params(LatestQuery),
    responses((status = 200, body = LatestList)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Query(query): Query<LatestQuery>,
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
        field: query.field.map(|text| text.0),
        bbox: query.bbox.map(|text| text.0),
        near: query.near.map(|text| text.0),
        boundary: named(&snapshot, query.boundary.as_ref())?,
        thing: query.thing.map(|text| text.0),
    };
    // Read before the table: what is applied meanwhile comes twice, not never.
    let offset: Offset = state.ingest.applied_offset();
    let mut found: Vec<(Selected<'_>, StoredObservation)> = filter
        .select(&snapshot, viewer, first)
        .filter_map(|selected| {
            let stored = state.ingest.latest(selected.datastream.id)?;
            let location = selected.place_of(viewer, &stored);
            filter.covers(location).then_some((
                Selected {
                    location,
                    ..selected
                },
                stored,
            ))
        })
        .take(limit + 1)
        .collect();
    let more = cut(&mut found, limit);
    let last = found.last().filter(|_| more);
    let next = last.map(|(selected, _)| request.url.behind(&selected.datastream.id));
    let items: Vec<LatestView<'_>> = found
        .iter()
        .map(|(selected, stored)| LatestView::new(selected, stored))
        .collect();
    let bytes = match request.form {
        Form::Csv => csv_table::render(&items),
        Form::Json => json_bytes(&LatestList {
            items,
            next: next.clone(),
            offset: offset.get(),
        }),
    };
    Ok(request.form.response(bytes, next.as_deref()))
}
