//! What the registry knows, as the data plane and the API read it.

use std::sync::Arc;

use domain::{
    AgencyId, CredentialId, DatastreamId, DeviceId, FieldName, Location, ModelId, ThingId,
    Timestamp,
};

use crate::model::{Field, Model};

/// A public body that owns things and data.
#[derive(Clone, PartialEq, Debug)]
pub struct Agency {
    pub id: AgencyId,
    pub name: String,
    pub created: Timestamp,
}

/// Whether a device may connect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeviceStatus {
    Active,
    Revoked,
}

/// Hardware with an identity, and what it needs on the data plane.
#[derive(Clone, Debug)]
pub struct Device {
    pub id: DeviceId,
    /// A MAC or EUI with colons, under which it may log in too.
    pub alias: Option<Box<str>>,
    pub thing: ThingId,
    pub agency: AgencyId,
    pub model: Arc<Model>,
    pub name: String,
    pub location: Option<Location>,
    pub status: DeviceStatus,
    /// The device is refused from then on.
    pub expires: Option<Timestamp>,
    pub created: Timestamp,
    /// Up to [`crate::entities::MAX_CREDENTIALS`] active ones.
    pub credentials: Vec<Credential>,
    /// One for each field of the model, in its order, then the extra ones.
    pub datastreams: Vec<Arc<Datastream>>,
}

/// Active credentials a device may have at once, for rotation.
pub const MAX_CREDENTIALS: usize = 3;
/// Fields a device may send that its model does not know.
pub const MAX_EXTRA_FIELDS: usize = 32;

impl Device {
    pub fn datastream(&self, field: &str) -> Option<&Arc<Datastream>> {
        self.datastreams
            .iter()
            .find(|datastream| datastream.field.as_str() == field)
    }

    /// Whether it may connect and publish at `now`.
    pub fn admitted(&self, now: Timestamp) -> bool {
        self.status == DeviceStatus::Active && self.expires.is_none_or(|at| now < at)
    }
}

/// What a device proves itself with.
#[derive(Clone, PartialEq, Debug)]
pub struct Credential {
    pub id: CredentialId,
    pub proof: CredentialProof,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
}

/// The registry's half of a credential.
#[derive(Clone, PartialEq, Debug)]
pub enum CredentialProof {
    /// Raw 32 bytes.
    Ed25519 { public_key: [u8; 32] },
    /// Uncompressed point, 65 bytes.
    Es256 { public_key: Box<[u8; 65]> },
    /// HMAC-SHA256 of the password under the registry's pepper.
    Password {
        hmac: [u8; 32],
        /// CIDR networks it may come from on plaintext listeners.
        networks: Vec<Box<str>>,
    },
}

/// Thing x sensor x field with one unit.
#[derive(Clone, PartialEq, Debug)]
pub struct Datastream {
    pub id: DatastreamId,
    pub thing: ThingId,
    pub device: DeviceId,
    pub agency: AgencyId,
    pub model: ModelId,
    pub field: FieldName,
    /// The model's field; `None` where the model does not know it (extra).
    pub definition: Option<Arc<Field>>,
    /// UCUM code.
    pub unit: Option<Box<str>>,
    pub licence: Licence,
    pub attribution: String,
    pub visibility: Visibility,
}

/// KOGL-1 to KOGL-4, or an SPDX identifier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Licence(pub Box<str>);

/// Who may read a datastream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Visibility {
    Public,
    Restricted,
}
