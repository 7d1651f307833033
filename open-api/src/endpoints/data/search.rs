//! `/v1/search`: agencies, boundaries, features, groups and things by a text in their fields.

use std::str::FromStr;

use axum::extract::State;
use axum::response::Response;
use device_registry::{Found, FoundKind, Needle, SearchPlace, Sight, Snapshot};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor};
use http_edge::request::{Limit, Query, Text};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::params::Viewer;
use crate::state::{ApiState, Shared};
use crate::views::HitView;

/// Hits of one page, whatever `limit` says.
const MAX_HITS: usize = 1_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// 1 to 64 characters; of several words each must be found.
    #[param(example = "한강")]
    q: String,
    /// Only these: `agency`, `boundary`, `feature`, `group`, `thing`, with commas
    /// between.
    #[param(value_type = Option<String>, example = "thing")]
    kind: Option<Text<Kinds>>,
    /// 1 to 10,000; 100 by default. A page has 1,000 hits at most.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// `agency,thing`
struct Kinds(Vec<FoundKind>);

#[derive(Debug, thiserror::Error)]
#[error("kind is agency, boundary, feature, group or thing, with commas between")]
struct KindsError;

impl FromStr for Kinds {
    type Err = KindsError;

    fn from_str(text: &str) -> Result<Self, KindsError> {
        let kinds = text.split(',').map(FoundKind::parse);
        kinds.collect::<Option<_>>().map(Self).ok_or(KindsError)
    }
}

/// What has the text in its id, name, alias, address, note or tags: fields that
/// are just the text first, then those with a word that begins with it, then
/// the others. Case, width and composition of letters do not matter. A device is
/// found as the thing that it serves, a feature of interest by its names, kind and
/// description. Others than its owners find a thing by id
/// and name alone. A page may have fewer hits than asked for; `next` goes on.
#[utoipa::path(get, path = "/v1/search", tag = "data", params(SearchQuery),
    responses((status = 200, body = List<HitView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Query(query): Query<SearchQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let needle =
        Needle::new(&query.q).map_err(|error| Problem::parameter(format!("q: {error}")))?;
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let kinds = query
        .kind
        .map_or_else(|| FoundKind::ALL.to_vec(), |kinds| kinds.0.0);
    let after: Option<SearchPlace> = read_cursor(query.cursor.as_deref())?;
    let snapshot = state.settled().await;
    let scan = move |_: &Shared| {
        let sight = |found: Found<'_>| sight(&snapshot, &viewer, found);
        let limit = limit.min(MAX_HITS);
        let page = snapshot.search(&needle, &kinds, after.as_ref(), limit, sight);
        let hits = page.hits.iter();
        let views = hits
            .map(|hit| HitView::new(hit, &snapshot, &viewer))
            .collect();
        request.page(views, page.next.as_ref())
    };
    state.scanning(scan).await
}

/// What the viewer sees of it: nobody is told of an agency that has nothing for
/// them.
fn sight(snapshot: &Snapshot, viewer: &Viewer, found: Found<'_>) -> Sight {
    let (agency, is_open) = match found {
        Found::Boundary(_) => return Sight::Whole,
        Found::Agency(agency) => {
            let mut public = snapshot.public_datastreams(Some(agency.id.as_str()), |_| true);
            let mut shared = viewer.shares_of(&agency.id);
            let is_open = public.next().is_some() || shared.next().is_some();
            (&agency.id, is_open)
        }
        Found::Feature(feature) => (&feature.agency, viewer.sees_feature(snapshot, feature)),
        Found::Group(group) => (&group.agency, false),
        Found::Thing(thing) => (&thing.agency, viewer.sees_thing(thing)),
    };
    if viewer.owns(agency) {
        Sight::Whole
    } else if is_open {
        Sight::Open
    } else {
        Sight::Nothing
    }
}
