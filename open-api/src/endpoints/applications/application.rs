//! `/v1/applications`: developers help themselves.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use device_registry::{ApiKeyKind, Application, NewApplication, Permission, Snapshot};
use http_edge::request::{Arrival, LargeJsonBody};
use http_edge::{Problem, ProblemKind};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

use crate::access::Caller;
use crate::endpoints::login::MAX_ANONYMOUS_BODY_BYTES;
use crate::endpoints::registry_problem::registry_problem;
use crate::state::ApiState;
use crate::views::{ApplicationView, IssuedKeyView, NewApplicationView};

/// A new application.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplicationDraft, example = json!({"name": "한강 수위 알림", "contact": "dev@example.com"}))]
pub(crate) struct NewApplicationBody {
    name: String,
    /// An e-mail address or a URL.
    contact: String,
}

/// Makes an application and its first key, which is shown this once and is
/// valid at once. Anybody may; an address may make 20 in an hour.
#[utoipa::path(post, path = "/v1/applications", tag = "applications", request_body = NewApplicationBody,
    responses((status = 201, body = NewApplicationView), (status = 429, description = "Too many from this address")))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    caller: Caller,
    Extension(arrival): Extension<Arrival>,
    LargeJsonBody(body): LargeJsonBody<NewApplicationBody, MAX_ANONYMOUS_BODY_BYTES>,
) -> Result<Response, Response> {
    let allowance = state
        .throttle
        .take_application(arrival.client)
        .map_err(|refused| {
            let mut response = refused.problem("new applications").into_response();
            refused.allowance().tell(response.headers_mut());
            response
        })?;
    let application = NewApplication {
        name: body.name,
        contact: body.contact,
    };
    let actor = caller.actor(Some(arrival.client));
    let made = state
        .changing(move |shared| shared.registry.create_application(&actor, application))
        .await
        .and_then(|made| made.map_err(|error| registry_problem(&error)));
    let mut response = match made {
        Ok(made) => {
            let key = IssuedKeyView::new(&made.key.key, made.key.text);
            let view = NewApplicationView::new(&made.application, key);
            (StatusCode::CREATED, Json(view)).into_response()
        }
        Err(problem) => problem.into_response(),
    };
    allowance.tell(response.headers_mut());
    Ok(response)
}

/// An application and its keys.
#[utoipa::path(get, path = "/v1/applications/{id}", tag = "applications",
    params(("id" = String, Path, description = "The application's id")),
    responses((status = 200, body = ApplicationView), (status = 404, description = "There is none, or it is another's")),
    security(("key" = []), ("key_header" = []), ("operator" = []), ("session" = [])))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ApplicationView>, Problem> {
    let snapshot = state.registry.snapshot();
    let application = owned(&snapshot, &caller, &id)?;
    let keys = snapshot.keys_of(&application.id);
    Ok(Json(ApplicationView::new(&application, keys)))
}

/// The application of a path, for itself (by a secret key) and for operators.
pub(super) fn owned(
    snapshot: &Snapshot,
    caller: &Caller,
    id: &str,
) -> Result<Arc<Application>, Problem> {
    let may = match caller {
        Caller::Operator { .. } | Caller::Person { .. } | Caller::ServiceToken { .. } => {
            caller.rights().allow_everywhere(Permission::ManagePlatform)
        }
        Caller::Application(key) => {
            key.kind == ApiKeyKind::Secret && key.application.as_str() == id
        }
        Caller::Anonymous => {
            return Err(Problem::new(
                ProblemKind::UNAUTHENTICATED,
                "Send a secret key of this application as Authorization: Bearer mdk_...",
            ));
        }
    };
    snapshot
        .application(id)
        .filter(|_| may)
        .cloned()
        .ok_or_else(|| {
            Problem::not_found(format!(
                "There is no application {id}, or the key is not a secret one of it."
            ))
        })
}
