//! How a device proves itself with a request, and what it and its operator are
//! told where it does not.

use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use device_registry::{
    AuthError, DeviceLogin, DeviceProof, EventKind, Exposure, NewEvent, NoLongerAdmitted,
    NotItsChild,
};
use http_edge::request::Arrival;
use http_edge::{Problem, ProblemKind};

use crate::quota::Account;
use crate::state::ApiState;

/// A device at the door, by the id of its path.
#[derive(Clone, Copy)]
pub(super) struct Login<'a> {
    pub(super) id: &'a str,
    pub(super) arrival: &'a Arrival,
}

/// Why it stays outside.
pub(super) enum Refusal {
    /// For the operator, with the cure.
    Auth(AuthError),
    /// It was let in, and its right has ended since.
    Lost(NoLongerAdmitted),
    NoCredential,
    OtherName,
}

impl Login<'_> {
    pub(super) fn authenticate(
        &self,
        state: &ApiState,
        authorization: Option<&HeaderValue>,
    ) -> Result<DeviceLogin, Refusal> {
        let (scheme, proof) = authorization
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.split_once(' '))
            .map(|(scheme, proof)| (scheme, proof.trim()))
            .ok_or(Refusal::NoCredential)?;
        let snapshot = state.registry.snapshot();
        let log_in = |proof: &DeviceProof<'_>| {
            state
                .registry
                .log_in(&snapshot, self.id, proof, state.clock.moment())
                .map_err(Refusal::Auth)
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            return log_in(&DeviceProof::Token {
                token: proof.as_bytes(),
                audience: &state.platform.audience,
            });
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(Refusal::NoCredential);
        }
        let device = snapshot.login(self.id).map_err(Refusal::Auth)?;
        let (name, password) = basic(proof).ok_or(Refusal::NoCredential)?;
        let named = snapshot.login(&name).map_err(Refusal::Auth)?;
        if named.id != device.id {
            return Err(Refusal::OtherName);
        }
        log_in(&DeviceProof::Password {
            password: password.as_bytes(),
            exposure: self.exposure(),
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
    pub(super) fn refuse(&self, state: &ApiState, refusal: &Refusal) -> Response {
        let (reason, cure) = refusal.words();
        self.record(state, EventKind::Refused, &reason, cure);
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

    /// The same for a gateway that is let in and speaks for a stranger.
    pub(super) fn not_its_child(
        &self,
        state: &ApiState,
        child: &str,
        fault: NotItsChild,
    ) -> Problem {
        let reason = format!("it may not speak for {child}: {fault}");
        self.record(state, EventKind::PublishDenied, &reason, fault.cure());
        Problem::new(
            ProblemKind::FORBIDDEN,
            "This device may not speak for that child. Its operator sees the reason in GET /v1/devices/{id}/events.",
        )
    }

    fn record(&self, state: &ApiState, kind: EventKind, reason: &str, cure: &'static str) {
        let snapshot = state.registry.snapshot();
        let device = snapshot.login(self.id).ok();
        state.registry.events().record(NewEvent {
            time: state.now(),
            device: device.map(|device| device.id.clone()),
            login: self.id,
            peer: &self.arrival.client.to_string(),
            listener: self.arrival.scheme,
            kind,
            reason,
            cure,
            head: &[],
        });
    }
}

impl Refusal {
    fn words(&self) -> (String, &'static str) {
        match self {
            Self::Auth(error) => (error.to_string(), error.cure()),
            Self::Lost(lost) => (lost.to_string(), lost.cure()),
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
