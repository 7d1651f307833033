//! `/v1/things/{id}/locations`: where a thing stood, and when.

use axum::extract::{Path, State};
use axum::response::Response;
use device_registry::Thing;
use domain::{Location, Timestamp};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{Limit, Query, Text};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::params::{Time, Viewer};
use crate::state::ApiState;
use crate::views::{Stay, StayView};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LocationsQuery {
    /// Only stays that had not ended by then; RFC 3339 with an offset.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// Only stays that began before.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Time>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// Where a thing stood and when, oldest first: what its observations that
/// brought no place of their own have. The public sees the centres of 0.001
/// degree cells, and of moves only those from one cell to another.
#[utoipa::path(get, path = "/v1/things/{id}/locations", tag = "data",
    params(("id" = String, Path, description = "The thing's id"), LocationsQuery),
    responses((status = 200, body = List<StayView>), (status = 404, description = "There is none, or it is restricted")))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<LocationsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let after: Option<i64> = read_cursor(query.cursor.as_deref())?;
    let snapshot = state.registry.snapshot();
    let thing = snapshot
        .thing(&id)
        .filter(|thing| viewer.sees_thing(thing))
        .ok_or_else(|| Problem::not_found(format!("There is no thing {id}.")))?;
    let ended = |until: Timestamp| query.from.is_some_and(|from| until <= from.0);
    let mut page: Vec<Stay> = stays(thing, viewer.sees_thing_exactly(thing))
        .into_iter()
        .filter(|stay| query.to.is_none_or(|to| stay.since < to.0))
        .filter(|stay| !stay.until.is_some_and(ended))
        .filter(|stay| after.is_none_or(|after| stay.since.as_micros() > after))
        .take(limit + 1)
        .collect();
    let more = split_page(&mut page, limit);
    let last = page.last().filter(|_| more);
    let last = last.map(|stay| stay.since.as_micros());
    let views = page.into_iter().map(StayView::from).collect();
    Ok(request.page(views, last.as_ref()))
}

/// The stays as they are seen, exactly or not. Where two that follow each other look the
/// same, they are one: neither number nor time of moves within a cell shows.
fn stays(thing: &Thing, exactly: bool) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::with_capacity(thing.locations.len());
    for entry in &thing.locations {
        let exact = entry.location;
        let location = if exactly {
            exact
        } else {
            exact.map(Location::coarse)
        };
        if let Some(last) = stays.last_mut() {
            if last.location == location {
                continue;
            }
            last.until = Some(entry.since);
        }
        stays.push(Stay {
            since: entry.since,
            until: None,
            location,
        });
    }
    stays
}
