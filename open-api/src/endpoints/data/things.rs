//! `/v1/things`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use device_registry::{Snapshot, Thing};
use domain::ThingId;
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{Limit, Text};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::params::{DatastreamFilter, FilterQuery, Filtered, Viewer};
use crate::state::{ApiState, Shared};
use crate::views::{PlaceView, ThingDatastreamView, ThingView, thing_name};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThingsQuery {
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// The things that have a datastream which the caller may read.
#[utoipa::path(get, path = "/v1/things", tag = "data", params(FilterQuery, ThingsQuery),
    responses((status = 200, body = List<ThingView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Filtered(words, query): Filtered<ThingsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let after: Option<ThingId> = read_cursor(query.cursor.as_deref())?;
    let snapshot = state.settled().await;
    let filter = words.read(&snapshot)?;
    let (registry, is_short) = (Arc::clone(&snapshot), filter.thing().is_some());
    let whose = viewer.clone();
    let scan = move |_: &Shared| {
        let mut views: Vec<ThingView<'_>> = things(&registry, &filter, after.as_ref())
            .filter_map(|thing| view(thing, &registry, &whose, &filter))
            .take(limit + 1)
            .collect();
        let more = split_page(&mut views, limit);
        let last = views.last().filter(|_| more).map(|view| view.id.to_owned());
        (views.is_empty(), request.page(views, last.as_ref()))
    };
    let (is_empty, page) = state.scanning_unless(is_short, scan).await?;
    if is_empty {
        state.check_words(&snapshot, &viewer, &words).await?;
    }
    Ok(page)
}

/// Those after `after`; only the one that the filter names, if it names one.
fn things<'a>(
    snapshot: &'a Snapshot,
    filter: &DatastreamFilter,
    after: Option<&'a ThingId>,
) -> impl Iterator<Item = &'a Arc<Thing>> + use<'a> {
    let named = filter.thing();
    let one = named.and_then(|id| snapshot.thing(id.as_str()));
    let one = one.filter(|thing| after.is_none_or(|after| thing.id > *after));
    let all = named.is_none().then(|| snapshot.things(after));
    one.into_iter().chain(all.into_iter().flatten())
}

fn view<'a>(
    thing: &'a Thing,
    snapshot: &'a Snapshot,
    viewer: &Viewer,
    filter: &DatastreamFilter,
) -> Option<ThingView<'a>> {
    let location = viewer.place(&thing.agency, thing.location());
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
    Some(ThingView {
        id: thing.id.as_str(),
        name: thing_name(snapshot, thing),
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
