//! `/v1/agencies`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{AgencyPatch, NewAgency, PatchAgencyError};
use domain::{AgencyId, ModelId};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest};
use http_edge::request::{JsonBody, PageQuery, Query, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::{Operator, Permitted};
use crate::endpoints::registry_problem::registry_problem;
use crate::state::ApiState;
use crate::views::AgencyView;

/// A new agency.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAgency, example = json!({"id": "seoul", "name": "서울특별시"}))]
pub(crate) struct NewAgencyBody {
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    id: Text<AgencyId>,
    name: String,
}

/// Adds the public body that will own things and data.
#[utoipa::path(post, path = "/v1/agencies", tag = "registry", request_body = NewAgencyBody,
    responses((status = 201, body = AgencyView), (status = 409, description = "The id is taken")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    operator: Operator,
    JsonBody(body): JsonBody<NewAgencyBody>,
) -> Result<Response, Problem> {
    let agency = NewAgency {
        id: body.id.0,
        name: body.name,
    };
    let made = state
        .changing_by(&operator, move |shared, actor| {
            shared.registry.create_agency(actor, agency)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok((StatusCode::CREATED, Json(AgencyView::from(made.as_ref()))).into_response())
}

/// What changes about an agency; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AgencyPatch, example = json!({"retention_days": {"traffic.flow": 400, "safety.air": null}}))]
pub(crate) struct AgencyPatchBody {
    /// Days that observations of a model are kept, 1 to 36,500, where it is not
    /// as the model says; null takes the agency's own word back.
    #[serde(default)]
    retention_days: BTreeMap<String, Option<u32>>,
}

/// Changes how long the agency's data is kept. What is older goes soon, by
/// whole days, and does not come back.
#[utoipa::path(patch, path = "/v1/agencies/{id}", tag = "registry", request_body = AgencyPatchBody,
    params(("id" = String, Path, description = "The agency's id")),
    responses((status = 200, body = AgencyView), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn patch(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<AgencyPatchBody>,
) -> Result<Response, Problem> {
    let id = AgencyId::new(&id).map_err(|error| Problem::not_found(error.to_string()))?;
    if !permitted.sees(&id) {
        return Err(registry_problem(&PatchAgencyError::Unknown(id)));
    }
    permitted.in_agency(&id)?;
    let mut patch = AgencyPatch::default();
    for (model, days) in body.retention_days {
        let model = ModelId::new(&model)
            .map_err(|error| Problem::body(format!("retention_days: {model:?}: {error}")))?;
        patch.retention_days.insert(model, days);
    }
    let agency = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.patch_agency(actor, &id, &patch)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(Json(AgencyView::from(agency.as_ref())).into_response())
}

/// The agencies in which the caller has a role, in order of id.
#[utoipa::path(get, path = "/v1/agencies", tag = "registry", params(PageQuery),
    responses((status = 200, body = List<AgencyView>)),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Query(query): Query<PageQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let after: Option<AgencyId> = query.after()?;
    let (snapshot, scope) = (state.registry.snapshot(), permitted.scope());
    let found = snapshot
        .agencies()
        .filter(|agency| scope.covers(&agency.id))
        .filter(|agency| after.as_ref().is_none_or(|after| agency.id > *after))
        .map(|agency| (&agency.id, AgencyView::from(agency.as_ref())));
    Ok(request.page_of(query.limit(), found))
}
