//! `GET /v1/platform`: what a device or a program has to know of this one.

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::state::ApiState;
use crate::views::PublicKeyView;

/// The platform's name, keys and doors.
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
}

/// What the platform is, and where its doors are.
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
    })
}
