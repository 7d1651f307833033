//! `GET /v1/platform`: what a device or a program has to know of this one.

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ingest::{Clock, ClockStanding};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::state::ApiState;
use crate::views::PublicKeyView;

/// The platform's name, keys and listeners.
#[derive(Serialize, ToSchema)]
#[schema(as = Platform)]
pub(crate) struct PlatformView {
    name: &'static str,
    version: String,
    /// The `aud` of a device's JWT.
    #[schema(example = "madang")]
    audience: String,
    /// Verifies the receipts of CoAP that answer an Ed25519 key.
    public_key: PublicKeyView,
    /// Each key that receipts of CoAP are signed by: a receipt has the algorithm
    /// of the message that it answers.
    public_keys: Vec<PublicKeyView>,
    public_url: Option<String>,
    /// The port of each listener.
    #[schema(example = json!({"mqtt": 1883, "coap": 5683, "http": 8080}))]
    listeners: BTreeMap<String, u16>,
    /// The demo: its values are invented, and so are its agencies and places.
    simulated: bool,
    /// The identity provider at which people log in, by `/v1/session/oidc`; null
    /// where there is none.
    #[schema(example = "One Pass")]
    sign_on: Option<String>,
    clock: ClockView,
}

/// What the platform takes for the time, and how far it believes the clock of
/// its system.
#[derive(Serialize, ToSchema)]
#[schema(as = PlatformClock)]
pub(crate) struct ClockView {
    #[schema(example = "2026-05-01T00:00:00Z")]
    now: String,
    /// `followed`: as it is. `held`: it leapt ahead, and times go on as before
    /// it for a few minutes. `strange`: it leapt ahead by years. `behind`: it
    /// stands before what was durable already, or before this program was made.
    #[schema(example = "followed")]
    system: &'static str,
    /// Seconds that the system's clock is ahead of it.
    system_ahead_seconds: f64,
    /// What is wrong, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<String>,
}

impl ClockView {
    fn of(clock: &dyn Clock) -> Self {
        let report = clock.report();
        Self {
            now: clock.now().ceil_to_millis().to_rfc3339(),
            system: match report.standing {
                ClockStanding::Followed => "followed",
                ClockStanding::Held => "held",
                ClockStanding::Strange => "strange",
                ClockStanding::Behind => "behind",
            },
            system_ahead_seconds: report.system_ahead as f64 / 1e6,
            says: report.says,
        }
    }
}

/// What the platform is, and on which ports it listens.
#[utoipa::path(get, path = "/v1/platform", tag = "operations",
    responses((status = 200, body = PlatformView)))]
pub(crate) async fn show(State(state): State<ApiState>) -> Json<PlatformView> {
    let platform = &state.platform;
    let key = |alg: &str, raw: &[u8]| PublicKeyView {
        alg: alg.to_owned(),
        public_key: URL_SAFE_NO_PAD.encode(raw),
    };
    let ed25519 = key("EdDSA", &platform.public_key);
    Json(PlatformView {
        name: "Madang",
        version: platform.version.clone(),
        audience: platform.audience.clone(),
        public_keys: vec![ed25519.clone(), key("ES256", &platform.es256_public_key)],
        public_key: ed25519,
        public_url: platform.public_url.clone(),
        listeners: platform.listeners.iter().cloned().collect(),
        simulated: platform.simulated,
        sign_on: state.sign_on.as_ref().map(|it| it.name.clone()),
        clock: ClockView::of(&*state.clock),
    })
}
