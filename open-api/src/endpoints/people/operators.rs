//! `/v1/operators`: agencies' people, and the platform's.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{NewPerson, PatchPersonError, Person, PersonPatch, Rights};
use domain::{AgencyId, PersonId};
use http_edge::Problem;
use http_edge::reply::{List, ListRequest};
use http_edge::request::{JsonBody, PageQuery, Query, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::bodies::{RoleBody, grants};
use super::{permit_grants, permit_new, visible_grants};
use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::state::{ApiState, Shared};
use crate::views::PersonView;

/// A new person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOperatorAccount, example = json!({"id": "kim.minsu", "name": "김민수", "agency": "seoul", "roles": [{"role": "operator", "agency": "seoul"}]}))]
pub(crate) struct NewPersonBody {
    /// The login name.
    #[schema(value_type = String, pattern = "^[a-z0-9._-]{1,64}$")]
    id: Text<PersonId>,
    name: String,
    /// Whose administrators look after the person; left out: the platform's.
    #[schema(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    #[serde(default)]
    roles: Vec<RoleBody>,
}

/// Makes a person's account. An agency's administrators make those of the
/// agency; those of the platform may have roles in several.
#[utoipa::path(post, path = "/v1/operators", tag = "people", request_body = NewPersonBody,
    responses((status = 201, body = PersonView), (status = 409, description = "The login name is taken")))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    permitted: Permitted,
    JsonBody(body): JsonBody<NewPersonBody>,
) -> Result<Response, Problem> {
    let new = NewPerson {
        id: body.id.0,
        name: body.name,
        agency: body.agency.map(|agency| agency.0),
        grants: grants(body.roles)?,
    };
    permit_new(&permitted, new.agency.as_ref(), &new.grants)?;
    if !new.grants.is_empty() {
        permitted.has_just_logged_in(state.now())?;
    }
    let made = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.create_person(actor, new)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok((StatusCode::CREATED, Json(shown(&permitted, &made))).into_response())
}

/// What to change; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OperatorAccountPatch, example = json!({"enabled": false}))]
pub(crate) struct PersonPatchBody {
    name: Option<String>,
    /// `false`: has no rights and cannot log in, at once.
    enabled: Option<bool>,
    /// In the place of all that the person has.
    roles: Option<Vec<RoleBody>>,
}

/// Changes a person's name and roles, or shuts the person out. What it takes
/// away is gone at once: streams and downloads end.
#[utoipa::path(patch, path = "/v1/operators/{id}", tag = "people",
    params(("id" = String, Path, description = "The login name")), request_body = PersonPatchBody,
    responses((status = 200, body = PersonView), (status = 404, description = "There is none")))]
pub(crate) async fn patch(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<PersonPatchBody>,
) -> Result<Json<PersonView>, Problem> {
    let person = permitted_person(&state, &permitted, &id)?;
    let patch = PersonPatch {
        name: body.name,
        enabled: body.enabled,
        grants: body.roles.map(grants).transpose()?,
    };
    permit_grants(&permitted, patch.grants.as_deref().unwrap_or_default())?;
    if patch.grants.is_some() {
        permitted.has_just_logged_in(state.now())?;
    }
    let patched = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.patch_person(actor, &person, patch)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(Json(shown(&permitted, &patched)))
}

/// Removes a person, who is logged out at once.
#[utoipa::path(delete, path = "/v1/operators/{id}", tag = "people",
    params(("id" = String, Path, description = "The login name")),
    responses((status = 204, description = "There is none of this name any more"), (status = 404, description = "There is none")))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let person = permitted_person(&state, &permitted, &id)?;
    state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.remove_person(actor, &person)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The people of the caller's agencies, and the platform's who have a role in
/// them, in order of id.
#[utoipa::path(get, path = "/v1/operators", tag = "people", params(PageQuery),
    responses((status = 200, body = List<PersonView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Query(query): Query<PageQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let after: Option<PersonId> = query.after()?;
    let snapshot = state.registry.snapshot();
    let found = snapshot
        .people()
        .filter(|person| after.as_ref().is_none_or(|after| person.id > *after))
        .filter_map(|person| Some((&person.id, visible(permitted.rights(), person)?)));
    Ok(request.page_of(query.limit(), found))
}

/// The person of a path, if the caller may change it.
pub(crate) fn permitted_person(
    shared: &Shared,
    permitted: &Permitted,
    id: &str,
) -> Result<Arc<Person>, Problem> {
    let id = PersonId::new(id).map_err(|error| Problem::not_found(error.to_string()))?;
    let snapshot = shared.registry.snapshot();
    let person = snapshot.person(id.as_str());
    let person = person.filter(|person| visible(permitted.rights(), person).is_some());
    let Some(person) = person else {
        return Err(registry_problem(&PatchPersonError::Unknown(id)));
    };
    permitted.for_owner(person.agency.as_ref())?;
    Ok(Arc::clone(person))
}

/// What the caller sees of a person, if anything.
fn visible(rights: &Rights, person: &Person) -> Option<PersonView> {
    let grants = visible_grants(rights, person.agency.as_ref(), &person.grants)?;
    Some(PersonView::new(person, &grants))
}

/// What the caller has made or changed.
fn shown(permitted: &Permitted, person: &Person) -> PersonView {
    let grants = visible_grants(permitted.rights(), person.agency.as_ref(), &person.grants);
    PersonView::new(person, &grants.unwrap_or_default())
}
