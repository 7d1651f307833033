//! `/v1/applications`: developers get their keys themselves.

use serde::{Deserialize, Serialize};

use super::client::ApiClient;
use super::error::ApiError;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NewApplication {
    pub name: String,
    pub contact: String,
}

/// A new application with its first key.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Application {
    pub id: String,
    pub name: String,
    pub key: IssuedKey,
}

/// A key, shown this once.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct IssuedKey {
    pub id: String,
    /// `mdk_...` or `mdk_pub_...`.
    pub key: String,
    pub kind: KeyKind,
    #[serde(default)]
    pub origins: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    Secret,
    /// Read-only, for browsers, bound to origins.
    Publishable,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NewKeyRequest {
    pub kind: KeyKind,
    /// As `https://app.example`.
    pub origins: Vec<String>,
}

impl ApiClient {
    /// Needs no credential.
    pub fn create_application(
        &self,
        application: &NewApplication,
    ) -> Result<Application, ApiError> {
        self.post("/v1/applications", application)
    }

    /// Needs the application's own secret key, or an operator.
    pub fn create_key(
        &self,
        application: &str,
        key: &NewKeyRequest,
    ) -> Result<IssuedKey, ApiError> {
        self.post(&format!("/v1/applications/{application}/keys"), key)
    }
}
