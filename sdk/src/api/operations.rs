//! Health, metrics, and what the platform says of itself.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::client::{ApiClient, Call};
use super::devices::PublicKeyDocument;
use super::error::ApiError;
use crate::coap::ReceiptKeys;
use crate::es256::Es256PublicKey;
use crate::identity::{KeyError, PublicKey};

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct PlatformInfo {
    pub version: String,
    /// What a device's token names as `aud`.
    pub audience: String,
    /// What the platform's receipts are signed by.
    pub public_key: PublicKeyDocument,
    /// One for each algorithm.
    #[serde(default)]
    pub public_keys: Vec<PublicKeyDocument>,
    /// Name and port of each listener.
    #[serde(default)]
    pub listeners: BTreeMap<String, u16>,
    /// Nothing that it serves was measured.
    #[serde(default)]
    pub simulated: bool,
}

impl PlatformInfo {
    pub fn receipt_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_base64url(&self.public_key.public_key)
    }

    /// All of them; a platform of before has no key for ES256.
    pub fn receipt_keys(&self) -> Result<ReceiptKeys, KeyError> {
        let es256 = self.public_keys.iter().find(|key| key.alg == "ES256");
        Ok(ReceiptKeys {
            ed25519: self.receipt_key()?,
            es256: es256
                .map(|key| Es256PublicKey::from_base64url(&key.public_key))
                .transpose()?,
        })
    }
}

impl ApiClient {
    pub fn platform(&self) -> Result<PlatformInfo, ApiError> {
        self.get("/v1/platform")
    }

    /// The process lives.
    pub fn healthz(&self) -> Result<(), ApiError> {
        self.text("/healthz").map(|_| ())
    }

    /// It takes messages and queries.
    pub fn readyz(&self) -> Result<(), ApiError> {
        self.text("/readyz").map(|_| ())
    }

    /// Prometheus' text format.
    pub fn metrics(&self) -> Result<String, ApiError> {
        self.text("/metrics")
    }

    fn text(&self, path: &str) -> Result<String, ApiError> {
        let body = self.bytes(&Call {
            method: "GET",
            path,
            body: None,
            headers: &[],
        })?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}
