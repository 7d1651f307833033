//! What the registry knows, as the data plane and the API read it.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use domain::{
    AgencyId, CredentialId, DatastreamId, DeviceId, FieldName, Location, ModelId, ThingId,
    Timestamp,
};
use smallvec::SmallVec;

use crate::model::{Field, Model};

/// A public body that owns things and data.
#[derive(Clone, PartialEq, Debug)]
pub struct Agency {
    pub id: AgencyId,
    pub name: String,
    /// Days that its observations are kept, where it is not as the model says.
    pub retention_days: BTreeMap<ModelId, u32>,
    pub created: Timestamp,
}

/// Whether a device may connect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeviceStatus {
    Active,
    Revoked,
}

impl DeviceStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Revoked]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// Hardware with an identity, and what it needs on the data plane.
#[derive(Clone, PartialEq, Debug)]
pub struct Device {
    pub id: DeviceId,
    /// A MAC or EUI with colons, in lower case, under which it may log in too.
    pub alias: Option<Box<str>>,
    pub thing: ThingId,
    pub agency: AgencyId,
    /// The device that may publish for it, beside itself.
    pub gateway: Option<DeviceId>,
    pub model: Arc<Model>,
    pub name: String,
    pub location: Option<Location>,
    pub status: DeviceStatus,
    /// The device is refused from then on.
    pub expires: Option<Timestamp>,
    pub created: Timestamp,
    /// Up to [`crate::entities::MAX_CREDENTIALS`] active ones.
    pub credentials: Vec<Credential>,
    pub datastreams: DeviceDatastreams,
}

/// One for each field of the model, in its order, then the others of its thing
/// in order of number: extra ones, and what a predecessor sent.
#[derive(Clone, PartialEq, Debug)]
pub struct DeviceDatastreams {
    all: Vec<Arc<Datastream>>,
    /// The numbers of those whose definitions are the model's first fields, at
    /// most [`KNOWN_BY_PLACE`]. Beside the device itself: each message asks for
    /// one, and a look at the datastream costs three waits for memory.
    defined: SmallVec<[DatastreamId; KNOWN_BY_PLACE]>,
}

/// Active credentials a device may have at once, for rotation.
pub const MAX_CREDENTIALS: usize = 3;
/// Fields of a model whose datastreams a device has at hand.
const KNOWN_BY_PLACE: usize = 12;
/// Fields a device may send that its model does not know.
pub const MAX_EXTRA_FIELDS: usize = 32;

impl DeviceDatastreams {
    /// `all` as this type orders them.
    pub fn new(model: &Model, all: Vec<Arc<Datastream>>) -> Self {
        let defined = model
            .fields
            .iter()
            .zip(&all)
            .take_while(|(field, datastream)| {
                datastream.field == field.name && datastream.definition.as_ref() == Some(*field)
            })
            .map(|(_, datastream)| datastream.id)
            .take(KNOWN_BY_PLACE)
            .collect();
        Self { all, defined }
    }

    /// The datastream of the model's field at `at`; `None`: it has to be looked
    /// for by name.
    pub fn of_field(&self, at: usize) -> Option<DatastreamId> {
        self.defined.get(at).copied()
    }
}

impl Deref for DeviceDatastreams {
    type Target = [Arc<Datastream>];

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl<'a> IntoIterator for &'a DeviceDatastreams {
    type Item = &'a Arc<Datastream>;
    type IntoIter = std::slice::Iter<'a, Arc<Datastream>>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}

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

impl Credential {
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }
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

/// KOGL-1 to KOGL-4 (the Korea Open Government Licence's types), or an SPDX
/// identifier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Licence(pub Box<str>);

/// The longest SPDX identifier that is taken, in bytes.
pub const MAX_LICENCE_BYTES: usize = 64;

/// Why a text is not a licence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no licence: KOGL-1 to KOGL-4, or an SPDX identifier, as CC-BY-4.0")]
pub struct LicenceError(pub String);

impl Licence {
    /// Checks the form only: SPDX's list grows without us.
    pub fn parse(text: &str) -> Result<Self, LicenceError> {
        let known_kogl = matches!(text, "KOGL-1" | "KOGL-2" | "KOGL-3" | "KOGL-4");
        let spdx_form = !text.starts_with("KOGL")
            && (1..=MAX_LICENCE_BYTES).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+'));
        if known_kogl || spdx_form {
            Ok(Self(text.into()))
        } else {
            let start: String = text.chars().take(MAX_LICENCE_BYTES).collect();
            Err(LicenceError(start))
        }
    }
}

impl Default for Licence {
    /// KOGL type 1: use freely, name the source.
    fn default() -> Self {
        Self("KOGL-1".into())
    }
}

/// Who may read a datastream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Visibility {
    Public,
    Restricted,
}

impl Visibility {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Restricted => "restricted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Public, Self::Restricted]
            .into_iter()
            .find(|visibility| visibility.as_str() == text)
    }
}
