//! `POST /v1/devices/{id}/telemetry`: a device without MQTT or CoAP.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::payload::ContentFormat;
use domain::{DeviceId, Offset};
use serde::Deserialize;

use crate::api::client::{ApiClient, Call};
use crate::api::data::observations::offset;
use crate::api::error::ApiError;

/// How a device proves itself over HTTP.
#[derive(Clone, Copy)]
pub enum Bearer<'a> {
    Jwt(&'a str),
    Password(&'a str),
}

/// The message is durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub struct TelemetryReceipt {
    #[serde(deserialize_with = "offset")]
    pub offset: Offset,
    #[serde(default)]
    pub stored: u16,
    #[serde(default)]
    pub duplicates: u16,
    #[serde(default)]
    pub rejected: u16,
}

impl ApiClient {
    pub fn send_telemetry(
        &self,
        device: &DeviceId,
        proof: Bearer<'_>,
        format: ContentFormat,
        payload: &[u8],
    ) -> Result<TelemetryReceipt, ApiError> {
        let authorization = match proof {
            Bearer::Jwt(token) => format!("Bearer {token}"),
            Bearer::Password(password) => {
                format!("Basic {}", STANDARD.encode(format!("{device}:{password}")))
            }
        };
        self.json(&Call {
            method: "POST",
            path: &format!("/v1/devices/{device}/telemetry"),
            body: Some((format.content_type(), payload)),
            headers: &[("authorization", &authorization)],
        })
    }
}
