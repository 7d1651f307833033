//! `/v1/datastreams`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::DatastreamId;
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{Limit, Text};
use serde::Deserialize;
use utoipa::IntoParams;

use super::measuring;
use crate::access::Caller;
use crate::params::{FilterQuery, Filtered, Selected, Viewer};
use crate::state::{ApiState, Shared};
use crate::views::{DatastreamView, SummaryView};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DatastreamsQuery {
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// What is observed, by which thing, in which unit, under which licence.
#[utoipa::path(get, path = "/v1/datastreams", tag = "data", params(FilterQuery, DatastreamsQuery),
    responses((status = 200, body = List<DatastreamView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Filtered(words, query): Filtered<DatastreamsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let first = first_after(query.cursor.as_deref())?;
    let snapshot = state.settled().await;
    let filter = state.filter(&snapshot, &viewer, &words).await?;
    let boundary = filter.boundary.as_ref();
    let members = state.members(&snapshot, boundary, &viewer).await?;
    let (registry, is_short) = (Arc::clone(&snapshot), filter.is_short());
    let whose = viewer.clone();
    let scan = move |_: &Shared| {
        let mut found: Vec<Selected<'_>> = filter
            .select_places(&registry, &whose, first, limit, members.as_deref())
            .take(limit + 1)
            .collect();
        let more = split_page(&mut found, limit);
        let last = found.last().filter(|_| more);
        let last = last.map(|found| found.datastream.id);
        let views: Vec<DatastreamView<'_>> = found.into_iter().map(DatastreamView::from).collect();
        (views.is_empty(), request.page(views, last.as_ref()))
    };
    let (is_empty, page) = state.scanning_unless(is_short, scan).await?;
    if is_empty {
        state.check_words(&snapshot, &viewer, &words).await?;
    }
    Ok(page)
}

/// The datastreams that the caller may read, in short: one item for each model
/// and agency, with its fields and how many there are.
#[utoipa::path(get, path = "/v1/datastreams/summary", tag = "data",
    responses((status = 200, body = List<SummaryView>)))]
pub(crate) async fn summary(
    State(state): State<ApiState>,
    viewer: Viewer,
    request: ListRequest,
) -> Result<Response, Problem> {
    let snapshot = state.settled().await;
    let summary = state.summary(&snapshot, &viewer).await?;
    Ok(request.whole(summary.to_vec()))
}

/// The number with which the page after a cursor begins.
pub(super) fn first_after(cursor: Option<&str>) -> Result<DatastreamId, Problem> {
    let after: Option<u32> = read_cursor(cursor)?;
    Ok(DatastreamId::new(
        after.map_or(0, |after| after.saturating_add(1)),
    ))
}

/// One datastream, what measures it now, and what it observes.
#[utoipa::path(get, path = "/v1/datastreams/{id}", tag = "data",
    params(("id" = u32, Path, description = "The datastream's number")),
    responses((status = 200, body = DatastreamView), (status = 404, description = "There is none, or it is restricted")))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    viewer: Viewer,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let snapshot = state.settled().await;
    let datastream = find(&snapshot, &viewer, &id)?;
    let reader = measuring::Reader {
        caller: &caller,
        viewer: &viewer,
        snapshot: &snapshot,
    };
    let sensor = measuring::present(&state, reader, &datastream).await?;
    let selected = Selected::new(&snapshot, &viewer, datastream);
    let features = snapshot.observed_by(&datastream);
    let features = features.iter().map(|feature| feature.id.as_str());
    let view = DatastreamView::from(selected)
        .measured_by(sensor)
        .observing(features.collect());
    Ok(Json(view).into_response())
}

/// The datastream of a path, if the viewer may know of it.
pub(super) fn find<'a>(
    snapshot: &'a device_registry::Snapshot,
    viewer: &Viewer,
    id: &str,
) -> Result<device_registry::Datastream<'a>, Problem> {
    id.parse()
        .ok()
        .and_then(|number| snapshot.datastream(DatastreamId::new(number)))
        .filter(|datastream| viewer.sees(datastream))
        .ok_or_else(|| Problem::not_found(format!("There is no datastream {id}.")))
}
