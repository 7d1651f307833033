//! `/v1/boundaries`: areas on the map, for `boundary=` in the queries.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{GeoJson, NewBoundary};
use domain::BoundaryName;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::registry_problem::registry_problem;
use crate::access::Operator;
use crate::body::LargeJsonBody;
use crate::list::{List, ListRequest, cut};
use crate::pagination::read_cursor;
use crate::params::{Limit, Query, Text};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::views::BoundaryView;

/// The longest boundary as it is sent, in bytes: 50,000 corners of 20 digits
/// each, and some room.
const MAX_BOUNDARY_BYTES: usize = 2 << 20;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BoundariesQuery {
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// The boundaries, in order of name, without their corners.
#[utoipa::path(get, path = "/v1/boundaries", tag = "data", params(BoundariesQuery),
    responses((status = 200, body = List<BoundaryView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Query(query): Query<BoundariesQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let after: Option<BoundaryName> = read_cursor(query.cursor.as_deref())?;
    let snapshot = state.registry.snapshot();
    let mut boundaries: Vec<_> = snapshot
        .boundaries()
        .filter(|boundary| after.as_ref().is_none_or(|after| boundary.name > *after))
        .take(limit + 1)
        .collect();
    let more = cut(&mut boundaries, limit);
    let last = boundaries.last().filter(|_| more).map(|one| &one.name);
    let views = boundaries.iter().map(|one| BoundaryView::outline(one));
    Ok(request.page(views.collect(), last))
}

/// One boundary with its geometry.
#[utoipa::path(get, path = "/v1/boundaries/{name}", tag = "data",
    params(("name" = String, Path, description = "The boundary's name")),
    responses((status = 200, body = BoundaryView), (status = 404, description = "There is none")))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let snapshot = state.registry.snapshot();
    let found = BoundaryName::new(&name).ok();
    let found = found.and_then(|name| snapshot.boundary(&name).cloned());
    let boundary =
        found.ok_or_else(|| Problem::not_found(format!("There is no boundary {name}.")))?;
    Ok(Json(BoundaryView::whole(&boundary)).into_response())
}

/// A boundary as it is drawn.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBoundary, example = json!({
    "title": {"en": "Jongno-gu", "ko": "종로구"},
    "geometry": {"type": "Polygon", "coordinates": [[[126.948, 37.566], [127.023, 37.566],
        [127.023, 37.632], [126.948, 37.632], [126.948, 37.566]]]}
}))]
pub(crate) struct NewBoundaryBody {
    title: TitleBody,
    /// GeoJSON: a Polygon or a MultiPolygon in WGS 84, longitude first.
    #[schema(value_type = Object)]
    geometry: GeoJson,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BoundaryTitle)]
struct TitleBody {
    en: String,
    ko: String,
}

/// Draws a boundary, or draws the one of this name anew. A place lies in it by
/// the even-odd rule, so inner rings are holes. At most 50,000 corners in 5,000
/// rings, 2 MiB as it is sent.
#[utoipa::path(put, path = "/v1/boundaries/{name}", tag = "data", request_body = NewBoundaryBody,
    params(("name" = String, Path, description = "1 to 64 of A-Z a-z 0-9 . _ ~ -")),
    responses((status = 201, body = BoundaryView), (status = 200, body = BoundaryView, description = "Another one stood there"),
        (status = 409, description = "There are too many")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn put(
    State(state): State<ApiState>,
    _: Operator,
    Path(name): Path<String>,
    LargeJsonBody(body): LargeJsonBody<NewBoundaryBody, MAX_BOUNDARY_BYTES>,
) -> Result<Response, Problem> {
    let new = NewBoundary {
        name: BoundaryName::new(&name).map_err(|error| Problem::parameter(error.to_string()))?,
        title_en: body.title.en,
        title_ko: body.title.ko,
        geometry: body.geometry,
    };
    let put = state
        .blocking(move |shared| shared.registry.put_boundary(new))
        .await?
        .map_err(|error| registry_problem(&error))?;
    let status = if put.replaced {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((status, Json(BoundaryView::outline(&put.boundary))).into_response())
}

/// Takes a boundary away; queries by its name are refused from then on.
#[utoipa::path(delete, path = "/v1/boundaries/{name}", tag = "data",
    params(("name" = String, Path, description = "The boundary's name")),
    responses((status = 204, description = "It is gone"), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    _: Operator,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let name = BoundaryName::new(&name).map_err(|error| Problem::not_found(error.to_string()))?;
    state
        .blocking(move |shared| shared.registry.remove_boundary(&name))
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
