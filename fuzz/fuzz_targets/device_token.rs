//! A device's JWT: any bytes, and any header and claims under the device's own
//! signature, since nothing else is read if that is wrong.
//!
//! The first byte says which. Input of the second kind is the header, a line
//! feed and the claims.

#![no_main]

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use device_registry::{
    Credential, CredentialProof, Device, DeviceDatastreams, DeviceStatus, Model, ModelDetails,
    ModelVersion, authenticate_jwt,
};
use domain::{AgencyId, CredentialId, DatastreamId, DeviceId, ModelId, ThingId, Timestamp};
use libfuzzer_sys::fuzz_target;
use sdk::DeviceKey;
use serde_json::Value;

const DEVICE: &str = "dev-1";
const AUDIENCE: &str = "madang";
/// 2026-09-21T13:33:20Z, in seconds.
const NOW: i64 = 1_790_000_000;
const DAY: f64 = 86_400.0;
const SKEW: f64 = 600.0;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    let key = DeviceKey::from_seed(&[7; 32]);
    let now = Timestamp::from_micros(NOW * 1_000_000);
    match kind & 1 {
        0 => {
            let _ = authenticate_jwt(&device(&key), bytes, AUDIENCE, now);
        }
        _ => {
            let at = bytes.iter().position(|byte| *byte == b'\n');
            let (header, claims) = bytes.split_at(at.unwrap_or(bytes.len()));
            let claims = claims.get(1..).unwrap_or_default();
            let token = signed(&key, header, claims);
            if authenticate_jwt(&device(&key), &token, AUDIENCE, now).is_ok() {
                assert_sound(claims);
            }
        }
    }
});

fn signed(key: &DeviceKey, header: &[u8], claims: &[u8]) -> Vec<u8> {
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(claims));
    let signature = key.sign(token.as_bytes());
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    token.into_bytes()
}

/// What an accepted token says, read by other means.
fn assert_sound(claims: &[u8]) {
    // A number beyond f64 in a claim that nobody reads is none of ours.
    let Ok(claims) = serde_json::from_slice::<Value>(claims) else {
        return;
    };
    assert_eq!(claims["sub"], DEVICE);
    let audience = &claims["aud"];
    let among = |all: &Vec<Value>| all.iter().any(|one| one == AUDIENCE);
    assert!(audience == AUDIENCE || audience.as_array().is_some_and(among));
    let (now, issued, expires) = (NOW as f64, seconds(&claims["iat"]), seconds(&claims["exp"]));
    assert!(issued < now + SKEW + 1.0 && expires > now - SKEW - 1.0);
    assert!(expires > issued && expires - issued < DAY + 1.0);
}

fn seconds(claim: &Value) -> f64 {
    claim.as_f64().expect("a time is a number")
}

fn device(key: &DeviceKey) -> Device {
    let model = Arc::new(Model {
        id: ModelId::new("safety.air").expect("a model"),
        version: ModelVersion(1),
        title_en: String::new(),
        title_ko: String::new(),
        details: ModelDetails::default(),
        retention_days: None,
        fields: Vec::new(),
    });
    let created = Timestamp::from_micros(0);
    let id = DeviceId::new(DEVICE).expect("a device");
    let thing = ThingId::from(id.clone());
    let agency = AgencyId::new("seoul").expect("an agency");
    let first = DatastreamId::new(1);
    Device {
        datastreams: DeviceDatastreams::of_model(&thing, &agency, &id, &model, first),
        id,
        alias: None,
        thing,
        agency,
        gateway: None,
        model,
        name: String::new(),
        location: None,
        status: DeviceStatus::Active,
        decommissioned: None,
        expires: None,
        created,
        credentials: Box::new([Credential {
            id: CredentialId::new(1),
            proof: CredentialProof::Ed25519 {
                public_key: key.public_key().to_bytes(),
            },
            created,
            expires: None,
        }]),
    }
}
