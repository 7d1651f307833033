//! `POST /v1/devices/{id}/telemetry`: a device's message over HTTP, and a
//! gateway's for a child of its own.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::Transport;
use domain::batch::Resent;
use domain::payload::MAX_PAYLOAD_BYTES;
use http_edge::request::{Arrival, media_type, read_body};
use http_edge::{Problem, ProblemKind};
use ingest::{DeviceMessage, IntakeError, Outcome, Receipt, TakeInError};
use serde::Serialize;
use utoipa::ToSchema;

use super::login::{Login, Refusal};
use crate::openapi::schemas::{Readings, SenmlPack};
use crate::problem_kinds::UNREADABLE_TELEMETRY;
use crate::quota::Account;
use crate::state::ApiState;

/// What became of the message. It is durable.
#[derive(Serialize, ToSchema)]
#[schema(as = TelemetryReceipt, example = json!({"offset": 120_345, "stored": 2, "duplicates": 0, "rejected": 0}))]
pub(crate) struct TelemetryReceipt {
    /// The message's number in the log.
    offset: u64,
    /// New observations and revisions.
    stored: u16,
    /// Observations that were there already.
    duplicates: u16,
    /// Observations in quarantine.
    rejected: u16,
}

/// A device's telemetry. The 200 means that it is durable. SenML in CBOR is
/// taken too, as `application/senml+cbor`.
#[utoipa::path(post, path = "/v1/devices/{id}/telemetry", tag = "devices",
    params(("id" = String, Path, description = "The device's id")),
    request_body(content(
        (Readings = "application/json", example = json!({"t": "2026-05-01T09:00:00+09:00", "v": {"pm25": 12.1, "pm10": 30}})),
        (SenmlPack = "application/senml+json", example = json!([{"bt": 1_777_593_600, "n": "pm25", "u": "ug/m3", "v": 12.1}])),
    )),
    responses((status = 200, body = TelemetryReceipt),
        (status = 401, description = "The device or its credential is not accepted"),
        (status = 422, description = "Nothing could be read; it is in quarantine, durably")),
    security(("device_token" = []), ("device_password" = [])))]
pub(crate) async fn publish(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    take_in(&state, &arrival, &id, None, request).await
}

/// A gateway's message for a child of its own: a device whose `gateway` it is.
/// With the gateway's own credential; the child needs none.
#[utoipa::path(post, path = "/v1/devices/{id}/children/{child}/telemetry", tag = "devices",
    params(("id" = String, Path, description = "The gateway's id"),
        ("child" = String, Path, description = "The child's id")),
    request_body(content(
        (Readings = "application/json", example = json!({"t": "2026-05-01T09:00:00+09:00", "v": {"pm25": 12.1, "pm10": 30}})),
        (SenmlPack = "application/senml+json", example = json!([{"bt": 1_777_593_600, "n": "pm25", "u": "ug/m3", "v": 12.1}])),
    )),
    responses((status = 200, body = TelemetryReceipt),
        (status = 401, description = "The gateway or its credential is not accepted"),
        (status = 403, description = "The gateway may not speak for this child"),
        (status = 422, description = "Nothing could be read; it is in quarantine, durably")),
    security(("device_token" = []), ("device_password" = [])))]
pub(crate) async fn publish_for_child(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    Path((id, child)): Path<(String, String)>,
    request: Request,
) -> Response {
    take_in(&state, &arrival, &id, Some(&child), request).await
}

async fn take_in(
    state: &ApiState,
    arrival: &Arrival,
    id: &str,
    child: Option<&str>,
    request: Request,
) -> Response {
    // Before the body, which may take its time.
    let received = state.intake.now();
    let login = Login { id, arrival };
    let proof = request.headers().get(header::AUTHORIZATION);
    let sender = match login.authenticate(state, proof) {
        Ok(sender) => sender,
        Err(refusal) => return login.refuse(state, &refusal),
    };
    let account = Account::Device(sender.id().clone());
    let allowance = match state.throttle.take(&account) {
        Ok(allowance) => allowance,
        Err(refused) => {
            let mut response = refused.problem("this device").into_response();
            refused.allowance().tell(response.headers_mut());
            return response;
        }
    };
    let content_type = content_type(request.headers());
    let taken = match read_body(request, MAX_PAYLOAD_BYTES).await {
        Ok(body) => {
            let message = DeviceMessage {
                payload: &body,
                content_type: content_type.as_deref(),
                transport: Transport::Http,
                resent: Resent::No,
                received: Some(received),
                signed: None,
            };
            match state.intake.take_in(&sender, child, &message).await {
                Ok(receipt) => answer(&receipt),
                // It has lost its right since it was let in.
                Err(TakeInError::Intake(IntakeError::NotAdmitted(lost))) => {
                    return login.refuse(state, &Refusal::Lost(lost));
                }
                Err(TakeInError::Intake(IntakeError::NotItsChild { child, fault })) => {
                    Err(login.not_its_child(state, &child, fault))
                }
                Err(error) => Err(not_now(&error)),
            }
        }
        Err(problem) => Err(problem),
    };
    let mut response = match taken {
        Ok(receipt) => Json(receipt).into_response(),
        Err(problem) => problem.into_response(),
    };
    allowance.tell(response.headers_mut());
    response
}

fn not_now(error: &(dyn std::error::Error + 'static)) -> Problem {
    Problem::new(
        ProblemKind::UNAVAILABLE,
        "The platform takes no data now; keep it and try again.",
    )
    .retry_after(5)
    .caused_by(http_edge::error_chain(error))
}

/// The type that curl names without being asked says nothing of the payload.
fn content_type(headers: &HeaderMap) -> Option<String> {
    media_type(headers).filter(|text| {
        !matches!(
            text.as_str(),
            "" | "application/x-www-form-urlencoded" | "application/octet-stream"
        )
    })
}

fn answer(receipt: &Receipt) -> Result<TelemetryReceipt, Problem> {
    let offset = receipt.offset().get();
    match *receipt.outcome() {
        Outcome::Accepted {
            stored,
            duplicates,
            rejected,
        } => Ok(TelemetryReceipt {
            offset,
            stored,
            duplicates,
            rejected,
        }),
        Outcome::Unreadable(error) => Err(Problem::new(UNREADABLE_TELEMETRY, error.to_string())
            .with("code", error.code())
            .with("offset", offset)),
    }
}
