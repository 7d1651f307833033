//! `/v1/things`, and one of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use device_registry::{Datastream, Snapshot, Thing};
use domain::ThingId;
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{Limit, Text};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::params::{DatastreamFilter, FilterQuery, Filtered, Viewer, most_candidates};
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
    let filter = state.filter(&snapshot, &viewer, &words).await?;
    let (registry, is_short) = (Arc::clone(&snapshot), filter.thing().is_some());
    let whose = viewer.clone();
    let scan = move |_: &Shared| {
        let look = Look {
            snapshot: &registry,
            filter: &filter,
            viewer: &whose,
            after: after.as_ref(),
        };
        let mut views: Vec<ThingView<'_>> = look
            .things(limit)
            .filter(|thing| filter.covers(whose.place_of_thing(thing, thing.location())))
            .filter_map(|thing| view(thing, &registry, &whose, |one| filter.names(one)))
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

/// One thing: where it is, the devices that serve it, and what each of them
/// sends. The public sees the thing as far as its datastreams are public.
#[utoipa::path(get, path = "/v1/things/{id}", tag = "data",
    params(("id" = String, Path, description = "The thing's id")),
    responses((status = 200, body = ThingView), (status = 404, description = "There is none, or it is restricted")))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let snapshot = state.settled().await;
    let view = snapshot
        .thing(&id)
        .and_then(|thing| view(thing, &snapshot, &viewer, |_| true))
        .ok_or_else(|| Problem::not_found(format!("There is no thing {id}.")))?;
    Ok(Json(view).into_response())
}

/// Which things come into question.
struct Look<'a> {
    snapshot: &'a Snapshot,
    filter: &'a DatastreamFilter,
    viewer: &'a Viewer,
    after: Option<&'a ThingId>,
}

impl<'a> Look<'a> {
    /// In order of id, of which the caller takes `most`: only the one that the
    /// filter names, or those that stand where it says, if it says so.
    fn things(&self, most: usize) -> impl Iterator<Item = &'a Arc<Thing>> + use<'a> {
        let (snapshot, after) = (self.snapshot, self.after);
        let some = match self.filter.thing() {
            Some(id) => Some(snapshot.thing(id.as_str()).into_iter().collect()),
            None => {
                let most = most_candidates(snapshot.datastream_bound(), most);
                let near = self.filter.things_nearby(snapshot, self.viewer, most);
                near.map(|mut things| {
                    things.sort_unstable_by(|one, other| one.id.cmp(&other.id));
                    things
                })
            }
        };
        let all = some.is_none().then(|| snapshot.things(after));
        let some: Vec<&Arc<Thing>> = some.unwrap_or_default();
        some.into_iter()
            .filter(move |thing| after.is_none_or(|after| thing.id > *after))
            .chain(all.into_iter().flatten())
    }
}

/// The thing with those of its datastreams that are wanted and that the viewer may
/// read; `None` where there are none.
fn view<'a>(
    thing: &'a Thing,
    snapshot: &'a Snapshot,
    viewer: &Viewer,
    wanted: impl Fn(&Datastream<'_>) -> bool,
) -> Option<ThingView<'a>> {
    let readable: Vec<_> = thing
        .datastreams
        .iter()
        .filter(|datastream| viewer.sees(datastream) && wanted(datastream))
        .collect();
    let model = readable.first()?.model;
    let location = viewer.place_of_thing(thing, thing.location());
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
                device: datastream.device.as_str(),
                model: datastream.model.as_str(),
                field: datastream.field.as_str(),
                unit: datastream.unit,
            })
            .collect(),
    })
}
