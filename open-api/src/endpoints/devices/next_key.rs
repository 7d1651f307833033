//! `POST /v1/devices/{id}/next-key`: a device changes its own key over.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use device_registry::{
    AddCredentialError, MAX_OVERLAP_DAYS, NewKey, USUAL_OVERLAP_DAYS, confirmed_key,
};
use http_edge::request::{Arrival, parse_json, read_body};
use http_edge::{Problem, ProblemKind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::login::Login;
use crate::endpoints::login::MAX_ANONYMOUS_BODY_BYTES;
use crate::endpoints::registry_problem::registry_problem;
use crate::quota::Account;
use crate::state::ApiState;
use crate::views::{CredentialView, NewKeyView, NewPublicKey};

/// A device's next key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NextKey, example = json!({
    "key": {"alg": "EdDSA", "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}, "overlap_days": 7
}))]
struct NextKeyBody {
    #[schema(value_type = NewPublicKey)]
    key: NewKeyView,
    /// Days for which the credential of this request holds beside the next key:
    /// 1 to 90, 30 where it is left out.
    overlap_days: Option<u32>,
}

/// The token of `Authorization: Bearer`.
fn bearer_token(proof: &HeaderValue) -> Option<String> {
    let (scheme, token) = proof.to_str().ok()?.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| token.trim().to_owned())
}

/// A token that was made to publish, and may have been seen on its way, makes no
/// key: the one that does names the key that it is for.
fn check_confirmed(key: &NewKey, token: &str) -> Result<(), Problem> {
    let wanted = key
        .thumbprint()
        .map_err(|error| registry_problem(&AddCredentialError::from(error)))?;
    if confirmed_key(token.as_bytes()).as_ref() == Some(&wanted) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::FORBIDDEN,
        format!("The token does not name the next key: sign one with the claim \"cnf\": {{\"jkt\": \"{wanted}\"}} (RFC 7800; the key's thumbprint by RFC 7638)."),
    )
    .with("code", "next-key-not-confirmed"))
}

/// Adds the device's next key, in the name of the credential that the request
/// proves: it holds at once, and the old credential ends some days later, so
/// that a device which lost the answer is not shut out. Where the old one had an
/// end already, the next key has the same. The same key again gets the same
/// answer. A JWT names the next key in its claim `cnf` (`{"jkt": thumbprint}`, RFC
/// 7800 and RFC 7638): one that was made to publish does not do. Over HTTPS only, but for the machine itself.
#[utoipa::path(post, path = "/v1/devices/{id}/next-key", tag = "devices",
    params(("id" = String, Path, description = "The device's id")), request_body = NextKeyBody,
    responses((status = 201, body = CredentialView),
        (status = 401, description = "The device or its credential is not accepted"),
        (status = 403, description = "It came in the clear, or the token does not name the key"),
        (status = 409, description = "It has three credentials already")),
    security(("device_token" = []), ("device_password" = [])))]
pub(crate) async fn add(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let login = Login {
        id: &id,
        arrival: &arrival,
    };
    let proof = request.headers().get(header::AUTHORIZATION);
    let device = match login.authenticate(&state, proof) {
        Ok(device) => device,
        Err(refusal) => return login.refuse(&state, &refusal),
    };
    let bearer = proof.and_then(bearer_token);
    let account = Account::Device(device.id().clone());
    if let Err(refused) = state.throttle.take(&account) {
        return refused.problem("this device").into_response();
    }
    let rotated = async {
        // Whoever reads a token on its way could make it a key that lasts.
        if arrival.scheme != "https" && !arrival.client.is_loopback() {
            return Err(Problem::new(
                ProblemKind::FORBIDDEN,
                "A key is changed over HTTPS only.",
            ));
        }
        let body = read_body(request, MAX_ANONYMOUS_BODY_BYTES).await?;
        let body: NextKeyBody = parse_json(&body)?;
        let overlap = body.overlap_days.unwrap_or(USUAL_OVERLAP_DAYS);
        if !(1..=MAX_OVERLAP_DAYS).contains(&overlap) {
            return Err(Problem::body("overlap_days is 1 to 90"));
        }
        let key = NewKey::from(body.key);
        if let Some(token) = bearer {
            check_confirmed(&key, &token)?;
        }
        let client = Some(arrival.client);
        state
            .changing(move |shared| shared.registry.rotate_key(&device, client, &key, overlap))
            .await?
            .map_err(|error| registry_problem(&error))
    };
    match rotated.await {
        Ok(added) => (StatusCode::CREATED, Json(CredentialView::from(&added))).into_response(),
        Err(problem) => problem.into_response(),
    }
}
