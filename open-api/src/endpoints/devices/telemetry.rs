//! `POST /v1/devices/{id}/telemetry`: a device's message over HTTP.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use device_registry::{AuthError, Device, EventKind, Exposure, NewEvent, authenticate_jwt};
use domain::batch::Resent;
use domain::payload::{self, ContentFormat, MAX_PAYLOAD_BYTES, PayloadError};
use domain::{Assurance, CredentialId, ObservationBatch, Origin, Telemetry, Timestamp, Transport};
use http_edge::request::{Arrival, media_type, read_body};
use http_edge::{Problem, ProblemKind};
use ingest::{NewFields, Outcome, Receipt, StageError, SubmitError};
use serde::Serialize;
use utoipa::ToSchema;

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
    // As the receipt has it: times that count from it are whole ones too.
    let now = state.now().ceil_to_millis();
    let login = Login {
        id: &id,
        arrival: &arrival,
        now,
    };
    let proof = request.headers().get(header::AUTHORIZATION).cloned();
    // Before the look at the device: what changes after it is seen.
    let generation = state.registry.generation();
    let mut admitted = match login.authenticate(&state, proof.as_ref()) {
        Ok(admitted) => admitted,
        Err(refusal) => return login.refuse(&state, &refusal),
    };
    let device = Account::Device(admitted.device.id.clone());
    let allowance = match state.throttle.take(&device) {
        Ok(allowance) => allowance,
        Err(refused) => {
            let mut response = refused.problem("this device").into_response();
            refused.allowance().tell(response.headers_mut());
            return response;
        }
    };
    let format = content_format(request.headers());
    let body = read_body(request, MAX_PAYLOAD_BYTES).await;
    let accepted = loop {
        // After the body, and after a wait for new fields.
        let later = state.now();
        if state.registry.generation() != generation || is_late(now, later) {
            let login = Login {
                now: later,
                ..login
            };
            admitted = match login.authenticate(&state, proof.as_ref()) {
                Ok(admitted) => admitted,
                Err(refusal) => return login.refuse(&state, &refusal),
            };
        }
        let fields = match &body {
            Ok(body) => match accept(&state, &admitted, now, format, body).await {
                Err(NotAccepted::NewFields(fields)) => fields,
                Err(NotAccepted::Problem(problem)) => break Err(problem),
                Ok(receipt) => break Ok(receipt),
            },
            Err(problem) => break Err(problem.clone()),
        };
        if let Err(error) = state.ingest.register(fields).await {
            break Err(not_now(&error));
        }
    };
    let mut response = match accepted {
        Ok(receipt) => Json(receipt).into_response(),
        Err(problem) => problem.into_response(),
    };
    allowance.tell(response.headers_mut());
    response
}

/// Why there is no receipt.
enum NotAccepted {
    /// They have to be registered first.
    NewFields(NewFields),
    Problem(Problem),
}

/// The write path: parse, make durable, tell.
async fn accept(
    state: &ApiState,
    admitted: &Admitted,
    received: Timestamp,
    format: Result<Option<ContentFormat>, PayloadError>,
    bytes: &[u8],
) -> Result<TelemetryReceipt, NotAccepted> {
    let device = &admitted.device;
    let batch = ObservationBatch {
        origin: Origin {
            credential: admitted.credential,
            assurance: admitted.assurance,
            gateway: None,
            transport: Transport::Http,
            received,
            resent: Resent::No,
            boot_epoch: None,
            boot_sequence: None,
        },
        telemetry: telemetry(bytes, format, device, received),
        original: bytes,
    };
    match state.ingest.submit(device, &batch).await {
        Ok(receipt) => answer(&receipt).map_err(NotAccepted::Problem),
        Err(SubmitError::Stage(StageError::NewFields(fields))) => {
            Err(NotAccepted::NewFields(fields))
        }
        Err(error) => Err(NotAccepted::Problem(not_now(&error))),
    }
}

fn not_now(error: &(dyn std::error::Error + 'static)) -> Problem {
    Problem::new(
        ProblemKind::UNAVAILABLE,
        "The platform takes no data now; keep it and try again.",
    )
    .retry_after(5)
    .caused_by(http_edge::error_chain(error))
}

fn telemetry<'a>(
    bytes: &'a [u8],
    format: Result<Option<ContentFormat>, PayloadError>,
    device: &Device,
    now: Timestamp,
) -> Result<Telemetry<'a>, PayloadError> {
    payload::parse(bytes, format?, &device.id, now)
}

/// The type that curl names without being asked says nothing of the payload.
fn content_format(headers: &HeaderMap) -> Result<Option<ContentFormat>, PayloadError> {
    match media_type(headers).as_deref() {
        None | Some("" | "application/x-www-form-urlencoded" | "application/octet-stream") => {
            Ok(None)
        }
        Some(text) => ContentFormat::from_content_type(text).map(Some),
    }
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

/// A right that ends by the clock is judged again after this long, in
/// microseconds.
const JUDGED_FOR: u64 = 1_000_000;

fn is_late(from: Timestamp, to: Timestamp) -> bool {
    to.as_micros().abs_diff(from.as_micros()) > JUDGED_FOR
}

/// A device that was let in.
struct Admitted {
    device: Arc<Device>,
    credential: CredentialId,
    assurance: Assurance,
}

/// A device at the door.
#[derive(Clone, Copy)]
struct Login<'a> {
    id: &'a str,
    arrival: &'a Arrival,
    now: Timestamp,
}

/// Why it stays outside.
enum Refusal {
    /// For the operator, with the cure.
    Auth(AuthError),
    NoCredential,
    OtherName,
}

impl Login<'_> {
    fn authenticate(
        &self,
        state: &ApiState,
        proof: Option<&HeaderValue>,
    ) -> Result<Admitted, Refusal> {
        let authorization = proof
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.split_once(' '))
            .ok_or(Refusal::NoCredential)?;
        let snapshot = state.registry.snapshot();
        let device = snapshot.login(self.id).map_err(Refusal::Auth)?;
        let (scheme, proof) = (authorization.0, authorization.1.trim());
        let (credential, assurance) = if scheme.eq_ignore_ascii_case("bearer") {
            let audience = &state.platform.audience;
            let checked =
                authenticate_jwt(device, proof.as_bytes(), audience, state.clock.moment());
            (checked.map_err(Refusal::Auth)?, Assurance::Key)
        } else if scheme.eq_ignore_ascii_case("basic") {
            let (name, password) = basic(proof).ok_or(Refusal::NoCredential)?;
            let named = snapshot.login(&name).map_err(Refusal::Auth)?;
            if named.id != device.id {
                return Err(Refusal::OtherName);
            }
            let exposure = self.exposure();
            let checked = state.registry.authenticate_password(
                device,
                password.as_bytes(),
                exposure,
                self.now,
            );
            (checked.map_err(Refusal::Auth)?, Assurance::Password)
        } else {
            return Err(Refusal::NoCredential);
        };
        Ok(Admitted {
            device: Arc::clone(device),
            credential,
            assurance,
        })
    }

    fn exposure(&self) -> Exposure {
        if self.arrival.scheme == "https" {
            Exposure::Protected
        } else {
            Exposure::Plaintext {
                peer: self.arrival.client,
            }
        }
    }

    /// The operator learns the reason; the caller, who may be anybody, only
    /// where it is told. Guessing goes on the address's account.
    fn refuse(&self, state: &ApiState, refusal: &Refusal) -> Response {
        let (reason, cure) = refusal.words();
        let device = state
            .registry
            .snapshot()
            .login(self.id)
            .ok()
            .map(|device| device.id.clone());
        state.registry.events().record(NewEvent {
            time: self.now,
            device,
            login: self.id,
            peer: &self.arrival.client.to_string(),
            listener: self.arrival.scheme,
            kind: EventKind::Refused,
            reason: &reason,
            cure,
            head: &[],
        });
        let account = Account::of_address(self.arrival.client);
        let (problem, allowance) = match state.throttle.take(&account) {
            Ok(allowance) => (
                Problem::new(
                    ProblemKind::UNAUTHENTICATED,
                    "This device or its credential is not accepted. Its operator sees the reason in GET /v1/devices/{id}/events and GET /v1/refused.",
                ),
                allowance,
            ),
            Err(refused) => (refused.problem("refused logins"), refused.allowance()),
        };
        let mut response = problem.into_response();
        allowance.tell(response.headers_mut());
        response
    }
}

impl Refusal {
    fn words(&self) -> (String, &'static str) {
        match self {
            Self::Auth(error) => (error.to_string(), error.cure()),
            Self::NoCredential => (
                "the request brought neither a token nor a password".to_owned(),
                "send Authorization: Bearer with the device's JWT, or Basic with its id and password",
            ),
            Self::OtherName => (
                "the name in Authorization is another device's than the path's".to_owned(),
                "publish to the path of the device that logs in",
            ),
        }
    }
}

fn basic(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    // An alias has colons; a password of ours has none.
    let (name, password) = text.rsplit_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}
