//! `/v1/agencies/{id}/refinements`: what an agency says otherwise of the
//! platform's data models, for its own devices.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use device_registry::{PatchAgencyError, RefineModelError, Refinement};
use domain::{AgencyId, ModelId};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest};
use http_edge::request::{JsonBody, PageQuery, Query};

use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::openapi::schemas::NewRefinement;
use crate::state::ApiState;
use crate::views::{ModelView, RefinementView};

/// What the agency says otherwise of the platform's models, in order of model.
#[utoipa::path(get, path = "/v1/agencies/{id}/refinements", tag = "registry",
    params(("id" = String, Path, description = "The agency's id"), PageQuery),
    responses((status = 200, body = List<RefinementView>), (status = 404, description = "There is no such agency")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let after: Option<ModelId> = query.after()?;
    let agency = agency(&permitted, &id)?;
    let snapshot = state.registry.snapshot();
    let refined = snapshot
        .models()
        .filter(|model| after.as_ref().is_none_or(|after| model.id > *after))
        .filter_map(|model| snapshot.refined(&model.id, &agency))
        .map(|one| (&one.model.id, RefinementView::from(one.as_ref())));
    Ok(request.page_of(query.limit(), refined))
}

/// Refines one of the platform's models for the agency's devices: narrower
/// ranges, another interval, retention or name. It adds no field and changes no
/// unit; what it leaves out is as the model says, and `{}` takes it back. The
/// answer is the model as the agency's devices have it from now on.
#[utoipa::path(put, path = "/v1/agencies/{id}/refinements/{model}", tag = "registry",
    params(("id" = String, Path, description = "The agency's id"),
        ("model" = String, Path, description = "As `traffic.flow`")),
    request_body(content = NewRefinement, content_type = "application/json", example = json!({
        "expected_interval_s": 30, "fields": [{"name": "speed", "max": 120}]
    })),
    responses((status = 200, body = ModelView), (status = 404, description = "There is no such agency or model"),
        (status = 409, description = "The model is an agency's own")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn put(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path((id, model)): Path<(String, String)>,
    JsonBody(refinement): JsonBody<Refinement>,
) -> Result<Response, Problem> {
    let agency = agency(&permitted, &id)?;
    permitted.in_agency(&agency)?;
    let model = ModelId::new(&model).map_err(|error| Problem::not_found(error.to_string()))?;
    let added = state
        .changing_by(&permitted, move |shared, actor| {
            let registry = &shared.registry;
            registry.refine_model(actor, &agency, &model, refinement)
        })
        .await?
        .map_err(|error: RefineModelError| registry_problem(&error))?;
    Ok(Json(ModelView::refined(&added, &id)).into_response())
}

/// The agency of a path, if the caller may know of it.
fn agency(permitted: &Permitted, id: &str) -> Result<AgencyId, Problem> {
    let id = AgencyId::new(id).map_err(|error| Problem::not_found(error.to_string()))?;
    if permitted.sees(&id) {
        return Ok(id);
    }
    Err(registry_problem(&PatchAgencyError::Unknown(id)))
}
