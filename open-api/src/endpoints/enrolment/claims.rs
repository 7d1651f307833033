//! `/v1/claims`: codes with which an installer puts one device into service.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use device_registry::{Claim, NewClaim};
use domain::{AgencyId, ClaimId, DeviceId, ModelId, Timestamp};
use http_edge::Problem;
use http_edge::reply::csv::Row;
use http_edge::reply::{List, ListRequest};
use http_edge::request::{JsonBody, Query, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bodies::TicketsQuery;
use super::qr;
use crate::access::Permitted;
use crate::endpoints::devices::device::permit_new;
use crate::endpoints::devices::refusal::no_claim;
use crate::endpoints::registry_problem::registry_problem;
use crate::params::Time;
use crate::state::{ApiState, Shared};
use crate::views::Rfc3339;

/// How long a claim holds that names no end: 30 days.
const USUAL_LIFE_SECONDS: f64 = 30.0 * 24.0 * 3_600.0;

/// A new claim.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewClaim, example = json!({"agency": "seoul", "model": "traffic.flow", "note": "세종대로 1, 가로등 17"}))]
pub(crate) struct NewClaimBody {
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    agency: Text<AgencyId>,
    #[schema(value_type = String, pattern = "^[a-z0-9-]{1,64}[.][a-z0-9-]{1,64}(~[A-Za-z0-9._~-]{1,64})?$")]
    model: Text<ModelId>,
    /// The id that the device will have; left out, the installer says.
    #[schema(value_type = Option<String>)]
    device: Option<Text<DeviceId>>,
    /// What the installer is to know.
    #[serde(default)]
    note: String,
    /// 30 days from now where it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Time>,
}

/// A claim without its code.
#[derive(Serialize, ToSchema)]
#[schema(as = Claim)]
pub(super) struct ClaimView {
    id: String,
    agency: String,
    model: String,
    /// The id that the device will have, where it is given.
    device: Option<String>,
    note: String,
    /// `open`, `used`, `revoked` or `expired`.
    state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
    #[schema(value_type = String, format = DateTime)]
    expires: Rfc3339,
    #[schema(value_type = Option<String>, format = DateTime)]
    used: Option<Rfc3339>,
    /// The device that it put into service.
    used_by: Option<String>,
}

impl ClaimView {
    fn new(claim: &Claim, now: Timestamp) -> Self {
        let used = claim.used.as_ref();
        Self {
            id: claim.id.to_string(),
            agency: claim.agency.to_string(),
            model: claim.model.to_string(),
            device: claim.device.as_ref().map(ToString::to_string),
            note: claim.note.clone(),
            state: claim.state(now).as_str(),
            created: Rfc3339(claim.created),
            expires: Rfc3339(claim.expires),
            used: used.map(|used| Rfc3339(used.at)),
            used_by: used.map(|used| used.device.to_string()),
        }
    }
}

impl Row for ClaimView {
    const COLUMNS: &'static [&'static str] = &[
        "id", "agency", "model", "device", "note", "state", "created", "expires", "used", "used_by",
    ];
}

/// A new claim. Its code is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedClaim)]
pub(super) struct IssuedClaimView {
    claim: ClaimView,
    #[schema(example = "7KQ4-WM2X-9CRT")]
    code: String,
    /// A QR code as SVG: the address of the page where an installer enters the
    /// rest, with the code; the code alone where the platform knows no public URL.
    qr: String,
}

/// Makes a claim: a code of twelve letters and digits with which whoever has it
/// puts one device into service, once. Capital or small letters, hyphens and
/// letters that look alike make no difference; a typing error is found. Where it
/// fixes the device's id, nobody else is given that as long as the claim is open.
#[utoipa::path(post, path = "/v1/claims", tag = "enrolment", request_body = NewClaimBody,
    responses((status = 201, body = IssuedClaimView), (status = 409, description = "The device exists or is reserved, or there are too many claims")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    permitted: Permitted,
    JsonBody(body): JsonBody<NewClaimBody>,
) -> Result<Response, Problem> {
    let expires = match body.expires {
        Some(time) => time.0,
        None => state
            .now()
            .plus_seconds(USUAL_LIFE_SECONDS)
            .map_err(|error| Problem::internal(&error))?,
    };
    permit_new(&permitted, &body.agency.0)?;
    let new = NewClaim {
        agency: body.agency.0,
        model: body.model.0,
        device: body.device.map(|device| device.0),
        note: body.note,
        expires,
    };
    let issued = state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.create_claim(actor, new)
        })
        .await?
        .map_err(|error| no_claim(&permitted, error))?;
    let text = match &state.platform.public_url {
        Some(url) => format!("{}/field#{}", url.trim_end_matches('/'), issued.code),
        None => issued.code.clone(),
    };
    let view = IssuedClaimView {
        claim: ClaimView::new(&issued.claim, state.now()),
        qr: qr::svg(&text).unwrap_or_default(),
        code: issued.code,
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// The claims, oldest first. Ended ones are forgotten where an agency has 20,000, or all have
/// 100,000.
#[utoipa::path(get, path = "/v1/claims", tag = "enrolment", params(TicketsQuery),
    responses((status = 200, body = List<ClaimView>)),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Query(query): Query<TicketsQuery>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let after: Option<ClaimId> = query.after()?;
    let snapshot = state.registry.snapshot();
    let scope = permitted.scope();
    let now = state.now();
    let found = snapshot
        .claims(after.as_ref())
        .filter(|claim| scope.covers(&claim.agency) && query.passes(&claim.agency))
        .map(|claim| (&claim.id, ClaimView::new(claim, now)));
    Ok(request.page_of(query.limit(), found))
}

/// The claim of a path, if the caller sees it and may change it.
fn permitted_claim(shared: &Shared, permitted: &Permitted, id: &str) -> Result<ClaimId, Problem> {
    let snapshot = shared.registry.snapshot();
    let claim = snapshot.claim(id);
    let claim = claim.filter(|claim| permitted.sees(&claim.agency));
    let claim = claim.ok_or_else(|| Problem::not_found(format!("There is no claim {id}.")))?;
    permitted.in_agency(&claim.agency)?;
    Ok(claim.id.clone())
}

/// Revokes a claim that nobody has used.
#[utoipa::path(delete, path = "/v1/claims/{id}", tag = "enrolment",
    params(("id" = String, Path, description = "The claim's id, not its code")),
    responses((status = 204, description = "It is revoked"), (status = 404, description = "There is none"),
        (status = 409, description = "It was used")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = permitted_claim(&state, &permitted, &id)?;
    state
        .changing_by(&permitted, move |shared, actor| {
            shared.registry.revoke_claim(actor, &id)
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    Ok(StatusCode::NO_CONTENT)
}
