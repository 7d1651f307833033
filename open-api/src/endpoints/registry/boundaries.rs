//! `/v1/boundaries`: areas on the map, for `boundary=` in the queries.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{GeoJson, NewBoundary};
use domain::BoundaryName;
use http_edge::reply::{List, ListRequest};
use http_edge::request::{PageQuery, Query, media_type, parse_json, read_body};
use http_edge::{Problem, ProblemKind};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::access::Operator;
use crate::endpoints::registry_problem::registry_problem;
use crate::openapi::schemas::{GeoJsonObject, Geometry};
use crate::state::ApiState;
use crate::views::BoundaryView;

/// The longest boundary as it is sent, in bytes: 50,000 corners of 20 digits
/// each, and some room.
const MAX_BOUNDARY_BYTES: usize = 2 << 20;

/// The boundaries, in order of name, without their corners.
#[utoipa::path(get, path = "/v1/boundaries", tag = "data", params(PageQuery),
    responses((status = 200, body = List<BoundaryView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Query(query): Query<PageQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let after: Option<BoundaryName> = query.after()?;
    let snapshot = state.registry.snapshot();
    let found = snapshot
        .boundaries()
        .filter(|boundary| after.as_ref().is_none_or(|after| boundary.name > *after))
        .map(|boundary| (&boundary.name, BoundaryView::outline(boundary)));
    Ok(request.page_of(query.limit(), found))
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

/// How a boundary may be sent.
const MEDIA_TYPES: [&str; 3] = [
    "application/json",
    "application/geo+json",
    "application/vnd.geo+json",
];

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
    #[schema(value_type = Geometry)]
    geometry: GeoJson,
}

/// The body as it was sent: in our form, or as GeoJSON.
fn drawn(sent: &Value, name: &BoundaryName) -> Result<NewBoundaryBody, Problem> {
    let is_geojson = sent.get("type").is_some();
    let mut titles = None;
    let geometry = if is_geojson {
        Some(sent)
    } else {
        sent.get("geometry")
    };
    let area = geometry.map(|sent| area(sent, &mut titles)).transpose()?;
    let body = match (is_geojson, area) {
        (true, Some(geometry)) => {
            let title = titles.unwrap_or_else(|| json!({"en": name.as_str(), "ko": name.as_str()}));
            json!({"title": title, "geometry": geometry})
        }
        (_, area) => {
            let mut sent = sent.clone();
            if let Some(area) = area {
                sent["geometry"] = area;
            }
            sent
        }
    };
    serde_json::from_value(body)
        .map_err(|error| Problem::body(format!("{error}. An example is in /docs.")))
}

/// The one area of a GeoJSON object; `titles` becomes the feature's.
fn area(sent: &Value, titles: &mut Option<Value>) -> Result<Value, Problem> {
    let kind = sent.get("type").and_then(Value::as_str);
    match kind {
        Some("Polygon" | "MultiPolygon") => Ok(sent.clone()),
        Some("Feature") => {
            *titles = title(&sent["properties"]);
            area(&sent["geometry"], &mut None)
        }
        Some("FeatureCollection") => {
            let is_area = |feature: &&Value| {
                let kind = feature["geometry"]["type"].as_str();
                matches!(kind, Some("Polygon" | "MultiPolygon"))
            };
            let features = sent["features"].as_array();
            let areas: Vec<&Value> = features.into_iter().flatten().filter(is_area).collect();
            match areas.as_slice() {
                [one] => area(one, titles),
                areas => Err(Problem::body(format!(
                    "The FeatureCollection has {} areas, and a boundary is one: put each under a name of its own, or join them in the map program (dissolve) first.",
                    areas.len()
                ))),
            }
        }
        kind => Err(Problem::body(format!(
            "geometry: a boundary is a Polygon or a MultiPolygon, or a Feature with one, not {}.",
            kind.unwrap_or("something without a type")
        ))),
    }
}

/// `title` as ours, or a text under `title` or `name`, for both languages.
fn title(properties: &Value) -> Option<Value> {
    let title = &properties["title"];
    if title["en"].is_string() && title["ko"].is_string() {
        return Some(json!({"en": title["en"], "ko": title["ko"]}));
    }
    let named = [title, &properties["name"]];
    let text = named.into_iter().find(|text| text.is_string())?;
    Some(json!({"en": text, "ko": text}))
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
/// rings, 2 MiB as it is sent. GeoJSON is taken too, as map programs write it: a
/// Feature, a FeatureCollection with one area, or the area alone; its title is
/// the feature's `title` or `name`, or else the boundary's name.
#[utoipa::path(put, path = "/v1/boundaries/{name}", tag = "data",
    request_body(content(
        (NewBoundaryBody = "application/json"),
        (GeoJsonObject = "application/geo+json"),
    )),
    params(("name" = String, Path, description = "1 to 64 of A-Z a-z 0-9 . _ ~ -")),
    responses((status = 201, body = BoundaryView), (status = 200, body = BoundaryView, description = "Another one stood there"),
        (status = 409, description = "There are too many")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn put(
    State(state): State<ApiState>,
    operator: Operator,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let name = BoundaryName::new(&name).map_err(|error| Problem::parameter(error.to_string()))?;
    let kind = media_type(request.headers());
    if !kind.is_some_and(|kind| MEDIA_TYPES.contains(&kind.as_str())) {
        return Err(Problem::new(
            ProblemKind::UNSUPPORTED_MEDIA_TYPE,
            "Send the boundary with content-type: application/json, or application/geo+json.",
        ));
    }
    let bytes = read_body(request, MAX_BOUNDARY_BYTES).await?;
    let body = drawn(&parse_json(&bytes)?, &name)?;
    let new = NewBoundary {
        name,
        title_en: body.title.en,
        title_ko: body.title.ko,
        geometry: body.geometry,
    };
    let put = state
        .changing_by(&operator, move |shared, actor| {
            shared.registry.put_boundary(actor, new)
        })
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
    operator: Operator,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let name = BoundaryName::new(&name).map_err(|error| Problem::not_found(error.to_string()))?;
    state
        .changing_by(&operator, move |shared, actor| {
            shared.registry.remove_boundary(actor, &name)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
