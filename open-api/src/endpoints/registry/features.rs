//! `/v1/features`: features of interest, and who observes them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{
    Datastream, Feature, FeatureGeoJson, FeatureGeometry, NewFeature, PutFeatureError, Snapshot,
};
use domain::{AgencyId, DatastreamId, FeatureId, ThingId};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{LargeJsonBody, Limit, Query, Text};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::openapi::schemas::FeatureGeometrySchema;
use crate::params::Viewer;
use crate::state::{ApiState, Shared};
use crate::views::FeatureView;

/// A feature as it is sent.
const MAX_FEATURE_BYTES: usize = 512 * 1024;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeaturesQuery {
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// The features that a datastream observes which the caller may read, and those of
/// agencies whose data it reads, in order of id.
#[utoipa::path(get, path = "/v1/features", tag = "data", params(FeaturesQuery),
    responses((status = 200, body = List<FeatureView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    viewer: Viewer,
    Query(query): Query<FeaturesQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let after: Option<FeatureId> = read_cursor(query.cursor.as_deref())?;
    let wanted = query.agency.map(|agency| agency.0);
    let snapshot = state.settled().await;
    let page = move |_: &Shared| {
        let mut found: Vec<&Arc<Feature>> = snapshot
            .features()
            .filter(|feature| wanted.as_ref().is_none_or(|id| *id == feature.agency))
            .filter(|feature| after.as_ref().is_none_or(|after| feature.id > *after))
            .filter(|feature| viewer.sees_feature(&snapshot, feature))
            .take(limit + 1)
            .collect();
        let more = split_page(&mut found, limit);
        let last = found.last().filter(|_| more).map(|feature| &feature.id);
        let views = found
            .iter()
            .map(|feature| FeatureView::outline(feature, &geometry(&viewer, feature)));
        request.page(views.collect(), last)
    };
    state.scanning(page).await
}

/// One feature: where it lies, and which datastreams observe it. The public sees
/// its positions as it sees places: the centres of 0.001 degree cells.
#[utoipa::path(get, path = "/v1/features/{id}", tag = "data",
    params(("id" = String, Path, description = "The feature's id")),
    responses((status = 200, body = FeatureView), (status = 404, description = "There is none, or nothing public observes it")))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let snapshot = state.settled().await;
    let feature = FeatureId::new(&id).ok();
    let feature = feature
        .and_then(|id| snapshot.feature(&id))
        .filter(|feature| viewer.sees_feature(&snapshot, feature))
        .ok_or_else(|| no_feature(&id))?;
    Ok(Json(whole(&viewer, &snapshot, feature)).into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FeatureTitle)]
struct TitleBody {
    en: String,
    ko: String,
}

/// A feature of interest as it is put.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFeatureOfInterest, example = json!({
    "agency": "seoul", "title": {"en": "Han river at Jamsu bridge", "ko": "한강 잠수교 구간"},
    "kind": "river-section", "things": ["dev-1"],
    "geometry": {"type": "LineString", "coordinates": [[126.985, 37.525], [127.005, 37.505]]}
}))]
pub(crate) struct NewFeatureBody {
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    agency: Text<AgencyId>,
    title: TitleBody,
    /// What kind of object it is, as `river-section`, `road-link` or `air-zone`.
    #[serde(default)]
    kind: String,
    #[serde(default)]
    description: String,
    /// GeoJSON: a Point, a LineString or a Polygon in WGS 84, longitude first.
    #[schema(value_type = FeatureGeometrySchema)]
    geometry: FeatureGeoJson,
    /// The agency's, that observe it with all that they send.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    things: Vec<Text<ThingId>>,
    /// The numbers of further ones of the agency that observe it.
    #[serde(default)]
    datastreams: Vec<u32>,
}

/// Puts a feature on the map, in the place of the agency's own of this id. At most
/// 5,000 positions; 1,000 things and datastreams observe one.
#[utoipa::path(put, path = "/v1/features/{id}", tag = "data",
    params(("id" = String, Path, description = "1 to 64 of A-Z a-z 0-9 . _ ~ -")),
    request_body = NewFeatureBody,
    responses((status = 201, body = FeatureView), (status = 200, body = FeatureView, description = "It stood before"),
        (status = 409, description = "It is another agency's, or there are too many")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn put(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    LargeJsonBody(body): LargeJsonBody<NewFeatureBody, MAX_FEATURE_BYTES>,
) -> Result<Response, Problem> {
    let id = FeatureId::new(&id).map_err(|error| Problem::parameter(error.to_string()))?;
    if !permitted.sees(&body.agency.0) {
        let unknown = PutFeatureError::UnknownAgency(body.agency.0);
        return Err(registry_problem(&unknown));
    }
    permitted.in_agency(&body.agency.0)?;
    let new = NewFeature {
        id,
        agency: body.agency.0,
        title_en: body.title.en,
        title_ko: body.title.ko,
        kind: body.kind,
        description: body.description,
        geometry: body.geometry,
        things: body.things.into_iter().map(|text| text.0).collect(),
        datastreams: body
            .datastreams
            .into_iter()
            .map(DatastreamId::new)
            .collect(),
    };
    let put = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.put_feature(actor, new)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    let status = if put.replaced {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let snapshot = state.registry.snapshot();
    let view = whole(&permitted.viewer(), &snapshot, &put.feature);
    Ok((status, Json(view)).into_response())
}

/// Takes a feature away; its things and datastreams stay.
#[utoipa::path(delete, path = "/v1/features/{id}", tag = "data",
    params(("id" = String, Path, description = "The feature's id")),
    responses((status = 204, description = "It is gone"), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let snapshot = state.registry.snapshot();
    let known = FeatureId::new(&id).ok();
    let feature = known
        .and_then(|id| snapshot.feature(&id))
        .filter(|feature| permitted.sees(&feature.agency))
        .ok_or_else(|| no_feature(&id))?;
    permitted.in_agency(&feature.agency)?;
    let feature = Arc::clone(feature);
    state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.remove_feature(actor, &feature)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where it lies, as the viewer sees places.
fn geometry<'a>(viewer: &Viewer, feature: &'a Feature) -> Cow<'a, FeatureGeometry> {
    if viewer.owns(&feature.agency) {
        Cow::Borrowed(&feature.geometry)
    } else {
        Cow::Owned(feature.geometry.coarse())
    }
}

fn whole<'a>(viewer: &Viewer, snapshot: &'a Snapshot, feature: &'a Feature) -> FeatureView<'a> {
    let observing = snapshot.observing(feature);
    let readable: Vec<Datastream<'_>> = observing.filter(|one| viewer.sees(one)).collect();
    let of: BTreeSet<&ThingId> = readable.iter().map(|one| one.thing).collect();
    let things = feature.things.iter().filter(|id| of.contains(id));
    let numbers: BTreeSet<u32> = readable.iter().map(|one| one.id.get()).collect();
    FeatureView::whole(
        feature,
        &geometry(viewer, feature),
        things.map(|id| id.as_str()).collect(),
        numbers.into_iter().collect(),
    )
}

fn no_feature(id: &str) -> Problem {
    Problem::not_found(format!("There is no feature {id}."))
}
