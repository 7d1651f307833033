//! `/v1/devices`: registration, credentials, revocation. Operators only.

pub(super) mod connection;
pub(super) mod events;
pub(super) mod import;
pub(super) mod telemetry;

use domain::{AgencyId, CredentialId, DeviceId, ModelId, ThingId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::api::client::{ApiClient, Call, Query};
use crate::api::error::ApiError;
use crate::api::pages::Pages;
use crate::api::wire::{Position, optional_time, time, write_optional_time};
use crate::identity::PublicKey;

/// A device to register.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct NewDevice {
    #[serde(serialize_with = "text")]
    pub id: DeviceId,
    #[serde(serialize_with = "text")]
    pub agency: AgencyId,
    #[serde(serialize_with = "text")]
    pub model: ModelId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Position>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<PublicKeyDocument>,
    /// `public` or `restricted`, the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// `KOGL-1` to `KOGL-4`, or SPDX.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "write_optional_time"
    )]
    pub expires: Option<Timestamp>,
    /// The device that may publish for it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_text"
    )]
    pub gateway: Option<DeviceId>,
    /// The thing whose earlier device this one replaces.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_text"
    )]
    pub thing: Option<ThingId>,
}

impl NewDevice {
    /// With nothing optional set.
    pub fn new(id: DeviceId, agency: AgencyId, model: ModelId) -> Self {
        Self {
            id,
            agency,
            model,
            alias: None,
            name: None,
            location: None,
            keys: Vec::new(),
            visibility: None,
            licence: None,
            attribution: None,
            expires: None,
            gateway: None,
            thing: None,
        }
    }
}

/// `{"alg": "EdDSA" | "ES256", "public_key": ...}`. On its way in, `alg` may be
/// empty, and the key itself tells.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PublicKeyDocument {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alg: String,
    /// base64url of the raw key, a PEM, or the text of a JSON Web Key.
    pub public_key: String,
}

impl From<PublicKey> for PublicKeyDocument {
    fn from(key: PublicKey) -> Self {
        Self {
            alg: "EdDSA".to_owned(),
            public_key: key.to_base64url(),
        }
    }
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Device {
    pub id: String,
    #[serde(default)]
    pub alias: Option<String>,
    pub thing: String,
    pub agency: String,
    #[serde(default)]
    pub gateway: Option<String>,
    pub model: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub location: Option<Position>,
    /// `active`, `revoked` or `expired`.
    pub status: String,
    #[serde(default)]
    pub visibility: Option<String>,
    #[serde(default, deserialize_with = "optional_time")]
    pub expires: Option<Timestamp>,
    #[serde(default, deserialize_with = "optional_time")]
    pub last_seen: Option<Timestamp>,
    #[serde(default)]
    pub credentials: Vec<Credential>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Credential {
    pub id: u64,
    /// `key` or `password`.
    pub kind: String,
    #[serde(default)]
    pub alg: Option<String>,
    #[serde(deserialize_with = "time")]
    pub created: Timestamp,
}

/// A password, shown this once.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct NewPassword {
    pub credential: u64,
    pub password: String,
}

/// What becomes of a device's credentials when it is transferred.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OldCredentials {
    /// They are removed: the former agency knows them.
    End,
    Keep,
}

/// Which devices a list has; what is not set does not narrow it.
#[derive(Clone, Default, Debug)]
pub struct DeviceFilter {
    pub agency: Option<String>,
    pub domain: Option<String>,
    pub model: Option<String>,
    pub status: Option<String>,
    pub limit: Option<u32>,
}

impl ApiClient {
    pub fn register_device(&self, device: &NewDevice) -> Result<Device, ApiError> {
        self.post("/v1/devices", device)
    }

    pub fn device(&self, id: &DeviceId) -> Result<Device, ApiError> {
        self.get(&format!("/v1/devices/{id}"))
    }

    pub fn devices(&self, filter: &DeviceFilter) -> Pages<Device> {
        let mut query = Query::new("/v1/devices");
        query
            .add("agency", filter.agency.as_deref())
            .add("domain", filter.domain.as_deref())
            .add("model", filter.model.as_deref())
            .add("status", filter.status.as_deref())
            .add("limit", filter.limit);
        Pages::new(self, query.finish())
    }

    /// Changes `name`, `location`, `expires`, `gateway`, `visibility`, `licence`
    /// or `attribution`; `null` clears a location, an expiry or a gateway.
    pub fn patch_device(
        &self,
        id: &DeviceId,
        change: &serde_json::Value,
    ) -> Result<Device, ApiError> {
        self.patch(&format!("/v1/devices/{id}"), change)
    }

    /// Ends every credential at once; standing connections are closed.
    pub fn revoke_device(&self, id: &DeviceId) -> Result<Device, ApiError> {
        self.json(&Call {
            method: "POST",
            path: &format!("/v1/devices/{id}/revoke"),
            body: Some(("application/json", b"")),
            headers: &[],
        })
    }

    /// Gives it to another agency, with its thing and all that this has.
    pub fn transfer_device(
        &self,
        id: &DeviceId,
        to: &AgencyId,
        credentials: OldCredentials,
    ) -> Result<Device, ApiError> {
        self.post(
            &format!("/v1/devices/{id}/transfer"),
            &serde_json::json!({
                "agency": to.as_str(),
                "keep_credentials": credentials == OldCredentials::Keep,
            }),
        )
    }

    /// Registers `new` in its place; the old one goes out of service.
    pub fn replace_device(
        &self,
        id: &DeviceId,
        new: &DeviceId,
        keys: &[PublicKeyDocument],
    ) -> Result<Device, ApiError> {
        self.post(
            &format!("/v1/devices/{id}/replace"),
            &serde_json::json!({ "id": new.as_str(), "keys": keys }),
        )
    }

    /// Takes it out of service, for good.
    pub fn decommission_device(&self, id: &DeviceId) -> Result<Device, ApiError> {
        self.json(&Call {
            method: "POST",
            path: &format!("/v1/devices/{id}/decommission"),
            body: Some(("application/json", b"")),
            headers: &[],
        })
    }

    pub fn add_key(&self, id: &DeviceId, key: &PublicKeyDocument) -> Result<Credential, ApiError> {
        self.post(&format!("/v1/devices/{id}/keys"), key)
    }

    pub fn remove_key(&self, id: &DeviceId, credential: CredentialId) -> Result<(), ApiError> {
        self.bytes(&Call {
            method: "DELETE",
            path: &format!("/v1/devices/{id}/keys/{credential}"),
            body: None,
            headers: &[],
        })
        .map(|_| ())
    }

    /// `networks` (as `10.0.0.0/8`) let it in over plaintext from there.
    pub fn make_password(
        &self,
        id: &DeviceId,
        networks: &[String],
    ) -> Result<NewPassword, ApiError> {
        self.post(
            &format!("/v1/devices/{id}/password"),
            &serde_json::json!({ "networks": networks }),
        )
    }
}

fn text<S: serde::Serializer>(
    id: &impl std::fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn optional_text<S: serde::Serializer>(
    id: &Option<impl std::fmt::Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.collect_str(id),
        None => serializer.serialize_none(),
    }
}
