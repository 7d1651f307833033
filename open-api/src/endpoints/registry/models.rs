//! `/v1/models`: the data models.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{AddModelError, Model, ModelChange, ModelVersion};
use domain::{AgencyId, ModelId, Scope};
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{Limit, MAX_JSON_BYTES, PageQuery, Query, Text, media_type, read_body};
use http_edge::{Problem, ProblemKind};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::openapi::schemas::NewModel;
use crate::params::{KnownWords, Viewer};
use crate::state::ApiState;
use crate::views::{ModelVersionView, ModelView};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ModelsQuery {
    /// As `traffic`.
    domain: Option<String>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

/// The data models: which fields devices send, in which unit and range.
#[utoipa::path(get, path = "/v1/models", tag = "registry", params(ModelsQuery),
    responses((status = 200, body = List<ModelView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Query(query): Query<ModelsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit.map_or(Limit::default(), |limit| limit.0).0;
    let after: Option<ModelId> = read_cursor(query.cursor.as_deref())?;
    let snapshot = state.registry.snapshot();
    let mut models: Vec<_> = snapshot
        .models()
        .filter(|model| after.as_ref().is_none_or(|after| model.id > *after))
        .filter(|model| {
            query
                .domain
                .as_deref()
                .is_none_or(|name| name == model.id.domain())
        })
        .take(limit + 1)
        .collect();
    if models.is_empty() {
        let known = KnownWords {
            snapshot: &snapshot,
            viewer: &Viewer::from(Scope::Public),
            summary: &[],
        };
        known.domain(query.domain.as_deref())?;
    }
    let more = split_page(&mut models, limit);
    let last = models.last().filter(|_| more).map(|model| &model.id);
    let views = models.iter().map(|model| ModelView::from(model.as_ref()));
    Ok(request.page(views.collect(), last))
}

/// Adds a data model, or a new version of one, which may add fields but change
/// no unit and no kind: a refusal names each fault, and the answer says what the
/// version changes (`changes`). The same content again is fine. An agency adds
/// models of its own, whose ids end with `~` and the agency's id: other agencies
/// read them and register no devices with them. All others are the platform's.
#[utoipa::path(post, path = "/v1/models", tag = "registry",
    request_body(content = NewModel, content_type = "application/json", example = json!({
        "id": "disaster.tide", "title": {"en": "Tide gauge", "ko": "조위"}, "retention_days": 3650,
        "fields": [{"name": "level", "kind": "number", "unit": "m", "min": -5, "max": 20,
            "title": {"en": "Tide level", "ko": "조위"}}]
    })),
    responses((status = 201, body = ModelView), (status = 200, body = ModelView, description = "It was there already"),
        (status = 409, description = "It would change what is there")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn add(
    State(state): State<ApiState>,
    permitted: Permitted,
    request: Request,
) -> Result<Response, Problem> {
    if media_type(request.headers()).is_none_or(|kind| kind != "application/json") {
        return Err(Problem::new(
            ProblemKind::UNSUPPORTED_MEDIA_TYPE,
            "Send the model with content-type: application/json.",
        ));
    }
    let json = read_body(request, MAX_JSON_BYTES).await?;
    let id = Model::id_in(&json).map_err(|error| registry_problem(&AddModelError::from(error)))?;
    may_add(&permitted, &id)?;
    let added = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.add_model(actor, &json)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    let status = match added.change {
        ModelChange::Same => StatusCode::OK,
        ModelChange::New | ModelChange::NewVersion => StatusCode::CREATED,
    };
    Ok((status, Json(ModelView::from(&added))).into_response())
}

/// Refuses who does not run the agency whose model it is, or the platform.
fn may_add(permitted: &Permitted, model: &ModelId) -> Result<(), Problem> {
    let Some(owner) = model.agency() else {
        return permitted.for_owner(None);
    };
    let owner = AgencyId::new(owner)
        .ok()
        .filter(|owner| permitted.sees(owner));
    match owner {
        Some(owner) => permitted.for_owner(Some(&owner)),
        None => Err(registry_problem(&AddModelError::UnknownAgency(
            model.agency().unwrap_or_default().into(),
        ))),
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ModelQuery {
    /// As the devices of this agency have it, which may refine it.
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
}

/// One data model, as its newest version is.
#[utoipa::path(get, path = "/v1/models/{id}", tag = "registry",
    params(("id" = String, Path, description = "As `traffic.flow`"), ModelQuery),
    responses((status = 200, body = ModelView), (status = 404, description = "There is none")))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Query(query): Query<ModelQuery>,
) -> Result<Response, Problem> {
    let known = ModelId::new(&id).ok();
    let snapshot = state.registry.snapshot();
    let model = known.and_then(|id| snapshot.model(&id));
    let model = model.ok_or_else(|| no_model(&id))?;
    let agency = query.agency.map(|agency| agency.0);
    let refined = agency
        .as_ref()
        .and_then(|agency| Some((snapshot.refined(&model.id, agency)?, agency)));
    let view = match refined {
        Some((refined, agency)) => ModelView::of_agency(refined, agency.as_str()),
        None => ModelView::from(model.as_ref()),
    };
    Ok(Json(view).into_response())
}

/// Versions of one page: each is read and compared with the one before.
const MAX_VERSIONS: usize = 100;

/// The versions of a data model, the oldest first, with what each changes of the
/// one before. A page has at most 100.
#[utoipa::path(get, path = "/v1/models/{id}/versions", tag = "registry",
    params(("id" = String, Path, description = "As `traffic.flow`"), PageQuery),
    responses((status = 200, body = List<ModelVersionView>), (status = 404, description = "There is no such model")))]
pub(crate) async fn versions(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let limit = query.limit().min(MAX_VERSIONS);
    let after = ModelVersion(query.after()?.unwrap_or(0));
    let model = known_model(&state, &id)?;
    let found = state
        .scanning(move |shared| shared.registry.model_versions(&model, after, limit + 1))
        .await?
        .map_err(|error| Problem::internal(&error))?;
    let found = found.iter();
    let views = found.map(|one| (one.model.version.0, ModelVersionView::from(one)));
    Ok(request.page_of(limit, views))
}

/// One version of a data model: what judged a message that says this version.
#[utoipa::path(get, path = "/v1/models/{id}/versions/{version}", tag = "registry",
    params(("id" = String, Path, description = "As `traffic.flow`"),
        ("version" = u32, Path, description = "Its number")),
    responses((status = 200, body = ModelView), (status = 404, description = "There is none")))]
pub(crate) async fn version(
    State(state): State<ApiState>,
    Path((id, version)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let model = known_model(&state, &id)?;
    let none = || Problem::not_found(format!("Model {id} has no version {version}."));
    let number: u32 = version.parse().map_err(|_| none())?;
    let before = ModelVersion(number.checked_sub(1).ok_or_else(none)?);
    let found = state
        .scanning(move |shared| shared.registry.model_versions(&model, before, 1))
        .await?
        .map_err(|error| Problem::internal(&error))?;
    let found = found.first().filter(|one| one.model.version.0 == number);
    let view = ModelView::from(found.ok_or_else(none)?);
    Ok(Json(view).into_response())
}

/// The model of a path.
fn known_model(state: &ApiState, id: &str) -> Result<ModelId, Problem> {
    let known = ModelId::new(id).ok();
    let known = known.filter(|id| state.registry.snapshot().model(id).is_some());
    known.ok_or_else(|| no_model(id))
}

fn no_model(id: &str) -> Problem {
    Problem::not_found(format!("There is no model {id}; /v1/models lists all."))
}
