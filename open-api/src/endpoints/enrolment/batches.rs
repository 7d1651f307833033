//! `/v1/batches`: credentials that enrol many devices and open nothing else.

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use device_registry::{Batch, NewBatch};
use domain::{AgencyId, BatchId, DeviceId, ModelId};
use http_edge::reply::csv::Row;
use http_edge::reply::{List, ListRequest};
use http_edge::request::{Arrival, JsonBody, Query, Text, parse_json, read_body};
use http_edge::{Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bodies::{EnrolledView, EnrolmentBody, TicketsQuery};
use super::enrolments::not_accepted;
use crate::access::Permitted;
use crate::endpoints::devices::device::permit_new;
use crate::endpoints::login::MAX_ANONYMOUS_BODY_BYTES;
use crate::endpoints::registry_problem::registry_problem;
use crate::params::Time;
use crate::quota::Account;
use crate::state::{ApiState, Shared};
use crate::views::Rfc3339;

/// A new batch.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBatch, example = json!({"agency": "seoul", "model": "traffic.flow", "id_prefix": "a12-", "name": "Maker A, lot 12", "devices": 500, "expires": "2027-01-01T00:00:00+09:00"}))]
pub(crate) struct NewBatchBody {
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    agency: Text<AgencyId>,
    #[schema(value_type = String, pattern = "^[a-z0-9-]{1,64}[.][a-z0-9-]{1,64}(~[A-Za-z0-9._~-]{1,64})?$")]
    model: Text<ModelId>,
    /// What the ids of its devices begin with; left out, they are free. Whoever
    /// gets hold of the credential takes no other id.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    id_prefix: Option<Text<DeviceId>>,
    #[serde(default)]
    name: String,
    /// How many devices it may enrol: 1 to 100,000.
    devices: u32,
    #[schema(value_type = String, format = DateTime)]
    expires: Time,
}

/// A batch without its credential.
#[derive(Serialize, ToSchema)]
#[schema(as = Batch)]
pub(super) struct BatchView {
    id: String,
    agency: String,
    model: String,
    id_prefix: Option<String>,
    name: String,
    /// How many devices it may enrol.
    devices: u32,
    enrolled: u32,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
    #[schema(value_type = String, format = DateTime)]
    expires: Rfc3339,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked: Option<Rfc3339>,
}

impl From<&Batch> for BatchView {
    fn from(batch: &Batch) -> Self {
        Self {
            id: batch.id.to_string(),
            agency: batch.agency.to_string(),
            model: batch.model.to_string(),
            id_prefix: batch.id_prefix.as_ref().map(ToString::to_string),
            name: batch.name.clone(),
            devices: batch.most,
            enrolled: batch.enrolled,
            created: Rfc3339(batch.created),
            expires: Rfc3339(batch.expires),
            revoked: batch.revoked.map(Rfc3339),
        }
    }
}

impl Row for BatchView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "agency",
        "model",
        "id_prefix",
        "name",
        "devices",
        "enrolled",
        "created",
        "expires",
        "revoked",
    ];
}

/// A new batch. Its credential is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedBatch)]
pub(super) struct IssuedBatchView {
    batch: BatchView,
    #[schema(example = "mdb_...")]
    credential: String,
}

/// Makes a credential for the devices of one maker or lot. It opens the
/// enrolment and nothing else; each device changes it for its own key.
#[utoipa::path(post, path = "/v1/batches", tag = "enrolment", request_body = NewBatchBody,
    responses((status = 201, body = IssuedBatchView), (status = 409, description = "There are too many")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    permitted: Permitted,
    JsonBody(body): JsonBody<NewBatchBody>,
) -> Result<Response, Problem> {
    permit_new(&permitted, &body.agency.0)?;
    let new = NewBatch {
        agency: body.agency.0,
        model: body.model.0,
        id_prefix: body.id_prefix.map(|prefix| prefix.0),
        name: body.name,
        most: body.devices,
        expires: body.expires.0,
    };
    let issued = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.create_batch(actor, new)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    let view = IssuedBatchView {
        batch: BatchView::from(issued.batch.as_ref()),
        credential: issued.credential,
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// The batches, oldest first.
#[utoipa::path(get, path = "/v1/batches", tag = "enrolment", params(TicketsQuery),
    responses((status = 200, body = List<BatchView>)),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Query(query): Query<TicketsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let after: Option<BatchId> = query.after()?;
    let snapshot = state.registry.snapshot();
    let scope = permitted.scope();
    let found = snapshot
        .batches(after.as_ref())
        .filter(|batch| scope.covers(&batch.agency) && query.passes(&batch.agency))
        .map(|batch| (&batch.id, BatchView::from(batch.as_ref())));
    Ok(request.page_of(query.limit(), found))
}

/// The batch of a path, if the caller sees it and may change it.
fn permitted_batch(shared: &Shared, permitted: &Permitted, id: &str) -> Result<BatchId, Problem> {
    let snapshot = shared.registry.snapshot();
    let batch = snapshot.batch(id);
    let batch = batch.filter(|batch| permitted.sees(&batch.agency));
    let batch = batch.ok_or_else(|| Problem::not_found(format!("There is no batch {id}.")))?;
    permitted.in_agency(&batch.agency)?;
    Ok(batch.id.clone())
}

/// Ends a batch at once. Devices that it has enrolled stay.
#[utoipa::path(delete, path = "/v1/batches/{id}", tag = "enrolment",
    params(("id" = String, Path, description = "The batch's id")),
    responses((status = 204, description = "It is revoked"), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = permitted_batch(&state, &permitted, &id)?;
    state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.revoke_batch(actor, &id)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Enrols a device with its batch's credential: it is registered with its own
/// key, and proves itself with that from then on. The same device with the same
/// key again gets the same answer and counts once: who was cut off asks again.
/// The same over MQTT: `docs/provisioning.md`.
#[utoipa::path(post, path = "/v1/batches/enrol", tag = "enrolment", request_body = EnrolmentBody,
    responses((status = 201, body = EnrolledView),
        (status = 401, description = "The batch's credential is not accepted"),
        (status = 409, description = "The batch is full or has ended, or the id is taken or not one of its")),
    security(("batch_credential" = [])))]
pub(crate) async fn enrol(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Result<Response, Problem> {
    let batch = authenticate(&state, &request);
    // Guessing goes on the address's account, and so does enrolling: a batch's
    // credential is in many hands.
    state
        .throttle
        .take(&Account::of_address(arrival.client))
        .map_err(|refused| refused.problem("enrolments from an address"))?;
    let batch = batch?;
    let body = read_body(request, MAX_ANONYMOUS_BODY_BYTES).await?;
    let enrolment = parse_json::<EnrolmentBody>(&body)?.read()?;
    let view = state
        .changing(move |shared| shared.enrolments.enrol(arrival.client, &batch, enrolment))
        .await??;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

fn authenticate(state: &ApiState, request: &Request) -> Result<BatchId, Problem> {
    let value = request.headers().get(header::AUTHORIZATION);
    let credential = value
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, credential)| credential.trim());
    let credential = credential.ok_or_else(|| {
        Problem::new(
            ProblemKind::UNAUTHENTICATED,
            "Send Authorization: Bearer with the batch's credential (mdb_...).",
        )
    })?;
    let batch = state.enrolments.authenticate(credential);
    let batch = batch.map_err(|error| not_accepted(&error))?;
    Ok(batch.id.clone())
}
