//! `/v1/service-tokens`: what programs of agencies and of the platform prove
//! themselves with.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{EndError, NewServiceToken, Rights, ServiceToken};
use domain::{AgencyId, ServiceTokenId};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest};
use http_edge::request::{JsonBody, PageQuery, Query, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::bodies::{RoleBody, grants};
use super::{permit_new, visible_grants};
use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::params::Time;
use crate::state::ApiState;
use crate::views::{IssuedServiceTokenView, ServiceTokenView};

/// A new service token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewServiceToken, example = json!({"name": "Control room", "agency": "seoul", "roles": [{"role": "viewer", "agency": "seoul"}], "until": "2026-12-31T00:00:00Z"}))]
pub(crate) struct NewServiceTokenBody {
    name: String,
    /// To which agency it belongs; left out: to the platform.
    #[schema(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    #[serde(default)]
    roles: Vec<RoleBody>,
    /// Its end, two years from now at most.
    #[schema(value_type = String, format = DateTime)]
    until: Time,
}

/// Makes a service token, whose text is shown this once.
#[utoipa::path(post, path = "/v1/service-tokens", tag = "people", request_body = NewServiceTokenBody,
    responses((status = 201, body = IssuedServiceTokenView), (status = 409, description = "There are too many")))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    permitted: Permitted,
    JsonBody(body): JsonBody<NewServiceTokenBody>,
) -> Result<Response, Problem> {
    let new = NewServiceToken {
        name: body.name,
        agency: body.agency.map(|agency| agency.0),
        grants: grants(body.roles)?,
        until: body.until.0,
    };
    permit_new(&permitted, new.agency.as_ref(), &new.grants)?;
    // A token outlives the session that made it.
    permitted.has_just_logged_in(state.now())?;
    if let Some(end) = permitted.token_end().filter(|end| new.until > *end) {
        return Err(Problem::body(format!(
            "until: a service token makes none that outlives it; it ends at {end}"
        )));
    }
    let made = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.create_service_token(actor, new)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    let view = IssuedServiceTokenView::new(&made.token, made.text);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// The service tokens of the caller's agencies, and the platform's that have a
/// role in them, in order of id; without their texts.
#[utoipa::path(get, path = "/v1/service-tokens", tag = "people", params(PageQuery),
    responses((status = 200, body = List<ServiceTokenView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Query(query): Query<PageQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let after: Option<ServiceTokenId> = query.after()?;
    let snapshot = state.registry.snapshot();
    let found = snapshot
        .service_tokens()
        .filter(|token| after.as_ref().is_none_or(|after| token.id > *after))
        .filter_map(|token| Some((&token.id, visible(permitted.rights(), token)?)));
    Ok(request.page_of(query.limit(), found))
}

/// Ends a service token at once; its streams end too.
#[utoipa::path(delete, path = "/v1/service-tokens/{id}", tag = "people",
    params(("id" = String, Path, description = "The token's id, not its text")),
    responses((status = 204, description = "It opens nothing any more"), (status = 404, description = "There is none")))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = ServiceTokenId::new(&id).map_err(|error| Problem::not_found(error.to_string()))?;
    let snapshot = state.registry.snapshot();
    let token = snapshot.service_token(id.as_str());
    let token = token.filter(|token| visible(permitted.rights(), token).is_some());
    let Some(token) = token else {
        return Err(registry_problem(&EndError::Unknown(id)));
    };
    permitted.for_owner(token.agency.as_ref())?;
    state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.remove_service_token(actor, &id)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the caller sees of a token, if anything.
fn visible(rights: &Rights, token: &ServiceToken) -> Option<ServiceTokenView> {
    let grants = visible_grants(rights, token.agency.as_ref(), &token.grants)?;
    Some(ServiceTokenView::new(token, &grants))
}
