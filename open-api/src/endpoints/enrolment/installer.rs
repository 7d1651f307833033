//! What an installer asks for, who has a claim's code and no account.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use device_registry::{Actor, Device, EnrolDeviceError, Means, Who};
use domain::ClaimId;
use http_edge::Problem;
use http_edge::request::{Arrival, LargeJsonBody};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bodies::{EnrolledView, EnrolmentBody};
use crate::endpoints::devices::device::last_seen;
use crate::endpoints::devices::photos::{keep, read_photo};
use crate::endpoints::login::MAX_ANONYMOUS_BODY_BYTES;
use crate::endpoints::registry_problem::registry_problem;
use crate::openapi::schemas::Binary;
use crate::quota::Account;
use crate::state::{ApiState, Shared};
use crate::views::{PhotoView, Rfc3339, TitleView};

/// The header of a request that proves itself by what a claim's use has answered.
const RECEIPT: &str = "claim-receipt";

/// A claim's code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimCode, example = json!({"code": "7KQ4-WM2X-9CRT"}))]
pub(crate) struct CodeBody {
    code: String,
}

/// What the device of an open claim will be.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenClaim, example = json!({"agency": "seoul", "model": "traffic.flow",
    "title": {"en": "Traffic flow", "ko": "교통 소통"}, "device": null,
    "note": "세종대로 1, 가로등 17", "expires": "2026-06-01T09:00:00+09:00"}))]
pub(crate) struct OpenClaimView {
    agency: String,
    model: String,
    /// The model's name.
    title: Option<TitleView>,
    /// The id that the device will have, where it is given.
    device: Option<String>,
    note: String,
    #[schema(value_type = String, format = DateTime)]
    expires: Rfc3339,
}

/// What the claim of a code is for, while it can be used. Each asking counts as
/// a try of the code.
#[utoipa::path(post, path = "/v1/claims/read", tag = "enrolment", request_body = CodeBody,
    responses((status = 200, body = OpenClaimView), (status = 404, description = "There is no such code"),
        (status = 409, description = "The code was used or has ended"),
        (status = 429, description = "Too many codes were tried")),
    security(()))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    Extension(account): Extension<Account>,
    LargeJsonBody(body): LargeJsonBody<CodeBody, MAX_ANONYMOUS_BODY_BYTES>,
) -> Result<Json<OpenClaimView>, Problem> {
    state
        .throttle
        .take_claim_code(arrival.client, &account)
        .map_err(|refused| refused.problem("claim codes"))?;
    let claim = state
        .registry
        .open_claim(&body.code)
        .map_err(|error| registry_problem(&error))?;
    let snapshot = state.registry.snapshot();
    let title = snapshot.model(&claim.model).map(|model| TitleView {
        en: model.title_en.clone(),
        ko: model.title_ko.clone(),
    });
    Ok(Json(OpenClaimView {
        agency: claim.agency.to_string(),
        model: claim.model.to_string(),
        title,
        device: claim.device.as_ref().map(ToString::to_string),
        note: claim.note.clone(),
        expires: Rfc3339(claim.expires),
    }))
}

/// A claim's code, and the device that comes into service by it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Redemption, example = json!({"code": "7KQ4-WM2X-9CRT", "device": {
    "id": "dev-1", "keys": [{"alg": "EdDSA", "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]
}}))]
pub(crate) struct RedemptionBody {
    #[schema(example = "7KQ4-WM2X-9CRT")]
    code: String,
    device: EnrolmentBody,
}

/// The device, and what tells later whether it sends.
#[derive(Serialize, ToSchema)]
#[schema(as = ClaimedDevice)]
pub(super) struct ClaimedDeviceView {
    #[serde(flatten)]
    device: EnrolledView,
    /// For `/v1/claims/first-data`, for a day.
    receipt: String,
}

/// Puts a device into service with the code of a claim, without an account. An
/// address may try few codes a minute, right or wrong. The same device with the
/// same key again gets the same answer: who was cut off asks again.
#[utoipa::path(post, path = "/v1/claims/redeem", tag = "enrolment", request_body = RedemptionBody,
    responses((status = 201, body = ClaimedDeviceView), (status = 404, description = "There is no such code"),
        (status = 409, description = "The code was used or has ended, or the id is taken"),
        (status = 429, description = "Too many codes were tried")),
    security(()))]
pub(crate) async fn redeem(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    Extension(account): Extension<Account>,
    LargeJsonBody(body): LargeJsonBody<RedemptionBody, MAX_ANONYMOUS_BODY_BYTES>,
) -> Result<Response, Problem> {
    state
        .throttle
        .take_claim_code(arrival.client, &account)
        .map_err(|refused| refused.problem("claim codes"))?;
    let enrolment = body.device.read()?;
    let (device, receipt) = state
        .changing(move |shared| {
            let registry = &shared.registry;
            let device = registry.redeem_claim(Some(arrival.client), &body.code, enrolment)?;
            Ok::<_, EnrolDeviceError>((device, registry.claim_receipt(&body.code)?))
        })
        .await?
        .map_err(|error| registry_problem(&error))?;
    let view = ClaimedDeviceView {
        device: EnrolledView::from(device.as_ref()),
        receipt,
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// What an installer got for a claim's code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimReceipt, example = json!({"receipt": "0192f3_x.11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}))]
pub(crate) struct ReceiptBody {
    receipt: String,
}

/// Whether a device that came into service by a claim sends.
#[derive(Serialize, ToSchema)]
#[schema(as = FirstData, example = json!({"device": "dev-1", "last_seen": "2026-05-01T01:40:00Z"}))]
pub(crate) struct FirstDataView {
    device: String,
    /// When its newest observation came; null before the first.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen: Option<Rfc3339>,
}

/// Whether the device of a receipt has sent anything yet; no values. For a day
/// after it came into service.
#[utoipa::path(post, path = "/v1/claims/first-data", tag = "enrolment", request_body = ReceiptBody,
    responses((status = 200, body = FirstDataView),
        (status = 404, description = "There is no such receipt, or its day is over")),
    security(()))]
pub(crate) async fn first_data(
    State(state): State<ApiState>,
    LargeJsonBody(body): LargeJsonBody<ReceiptBody, MAX_ANONYMOUS_BODY_BYTES>,
) -> Result<Json<FirstDataView>, Problem> {
    let (_, device) = claimed(&state, &body.receipt)?;
    Ok(Json(FirstDataView {
        device: device.id.to_string(),
        last_seen: last_seen(&state, &device).map(Rfc3339),
    }))
}

/// The claim of a receipt, and the device that it has put into service, as long as
/// it is of the agency that made the claim.
fn claimed(shared: &Shared, receipt: &str) -> Result<(ClaimId, Arc<Device>), Problem> {
    let claim = shared.registry.claim_of_receipt(receipt);
    let device = claim.and_then(|claim| {
        let used = claim.used.as_ref()?;
        let snapshot = shared.registry.snapshot();
        let device = snapshot.device(used.device.as_str())?;
        let device = Some(device).filter(|device| device.agency == claim.agency)?;
        Some((claim.id.clone(), Arc::clone(device)))
    });
    device.ok_or_else(|| Problem::not_found("There is no such receipt, or its day is over."))
}

/// Adds a photo to the thing of a device that came into service by a claim, for a
/// day after it did, as `POST /v1/things/{id}/photos` does.
#[utoipa::path(post, path = "/v1/claims/photos", tag = "enrolment",
    params(("Claim-Receipt" = String, Header, description = "What `/v1/claims/redeem` has answered")),
    request_body(content = inline(Binary), content_type = "image/jpeg", example = json!("the bytes of a JPEG")),
    responses((status = 201, body = PhotoView),
        (status = 404, description = "There is no such receipt, or its day is over"),
        (status = 409, description = "The thing has four already")),
    security(()))]
pub(crate) async fn add_photo(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let receipt = headers.get(RECEIPT).and_then(|value| value.to_str().ok());
    let receipt = receipt.unwrap_or_default().to_owned();
    // Before the body, which may take its time.
    claimed(&state, &receipt)?;
    let file = read_photo(request).await?;
    let added = state
        .changing(move |shared| {
            let _owners = shared.registry.hold_owners();
            let (claim, device) = claimed(shared, &receipt)?;
            let actor = Actor {
                who: Who::Anonymous,
                address: Some(arrival.client),
                means: Means::Claim(claim),
            };
            keep(shared, &actor, &device.thing, &file)
        })
        .await??;
    Ok((StatusCode::CREATED, Json(added)).into_response())
}
