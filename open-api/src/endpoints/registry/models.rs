//! `/v1/models`: the data models.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::ModelChange;
use domain::{ModelId, Scope};
use http_edge::reply::{List, ListRequest, read_cursor, split_page};
use http_edge::request::{Limit, MAX_JSON_BYTES, Query, Text, media_type, read_body};
use http_edge::{Problem, ProblemKind};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::Operator;
use crate::endpoints::registry_problem::registry_problem;
use crate::openapi::schemas::NewModel;
use crate::params::{KnownWords, Viewer};
use crate::state::ApiState;
use crate::views::ModelView;

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
            viewer: &Viewer(Scope::Public),
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
/// version changes (`changes`). The same content again is fine.
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
    operator: Operator,
    request: Request,
) -> Result<Response, Problem> {
    if media_type(request.headers()).is_none_or(|kind| kind != "application/json") {
        return Err(Problem::new(
            ProblemKind::UNSUPPORTED_MEDIA_TYPE,
            "Send the model with content-type: application/json.",
        ));
    }
    let json = read_body(request, MAX_JSON_BYTES).await?;
    let added = state
        .changing_by(&operator, move |shared, actor| {
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
