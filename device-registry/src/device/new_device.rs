//! What a device is registered with, and what can be said of it without
//! looking into the registry.

use domain::{AgencyId, ClaimId, DeviceId, Location, ModelId, ThingId, Timestamp};

use super::gateway::GatewayError;
use super::{CredentialProof, MAX_CREDENTIALS, NewKey, PublicKeyError};
use crate::label::{self, LabelError};
use crate::model::{IncompatibleModel, UnusableModel};
use crate::registry::{ErrorClass, OperationError};
use crate::store::StoreError;
use crate::thing::{DescriptionError, Licence, MAX_DEVICES_OF_THING, NewDescription, Visibility};

/// What a device is registered with.
#[derive(Clone, PartialEq, Debug)]
pub struct NewDevice {
    pub id: DeviceId,
    pub agency: AgencyId,
    pub model: ModelId,
    /// A MAC or EUI-64, as `00:1b:44:11:3a:b7`.
    pub alias: Option<String>,
    /// Empty: the device's id.
    pub name: String,
    pub location: Option<Location>,
    pub keys: Vec<NewKey>,
    pub expires: Option<Timestamp>,
    /// The device that may publish for it, of the same agency.
    pub gateway: Option<DeviceId>,
    /// The thing that it serves too; `None`: a new one of the device's id.
    pub thing: Option<ThingId>,
    /// Absent: the standing thing's, or restricted.
    pub visibility: Option<Visibility>,
    /// Absent: the standing thing's, or KOGL-1.
    pub licence: Option<Licence>,
    /// Absent: the standing thing's, or the agency's name.
    pub attribution: Option<String>,
    /// Of the thing; what is absent is the standing thing's, or empty.
    pub description: NewDescription,
    /// A sensor with this serial number is in it, and measures all that its model
    /// names. Only for a device with a thing of its own: on a standing one it may
    /// depend on the sensors there who measures what.
    pub sensor_serial: Option<String>,
}

impl NewDevice {
    pub fn new(id: DeviceId, agency: AgencyId, model: ModelId) -> Self {
        Self {
            id,
            agency,
            model,
            alias: None,
            name: String::new(),
            location: None,
            keys: Vec::new(),
            expires: None,
            gateway: None,
            thing: None,
            visibility: None,
            licence: None,
            attribution: None,
            description: NewDescription::default(),
            sensor_serial: None,
        }
    }
}

/// Why a text is no alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an alias is a MAC or an EUI-64: 6 or 8 pairs of hex digits with colons, as 00:1b:44:11:3a:b7"
)]
pub struct AliasError;

/// Why a device was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterDeviceError {
    #[error("device {0} exists; an id is never given twice, not even after a revocation")]
    Exists(DeviceId),
    #[error(
        "device {device} is reserved by claim {claim}, which is open; use its code, or revoke it first"
    )]
    Reserved {
        device: DeviceId,
        claim: ClaimId,
        agency: AgencyId,
    },
    #[error("alias {alias} belongs to device {device}")]
    AliasTaken { alias: Box<str>, device: DeviceId },
    #[error("no agency {0}; create it first")]
    UnknownAgency(AgencyId),
    #[error(transparent)]
    Model(#[from] UnusableModel),
    #[error("no thing {0}; leave `thing` out for a new one")]
    UnknownThing(ThingId),
    #[error("thing {thing} belongs to agency {owner}")]
    ThingOfAnother { thing: ThingId, owner: AgencyId },
    #[error(
        "thing {0} has {MAX_DEVICES_OF_THING} devices already, those out of service among them; register this one with a thing of its own"
    )]
    ThingFull(ThingId),
    #[error("the model does not fit thing {thing}: {fault}")]
    ThingOfOtherModel {
        thing: ThingId,
        fault: IncompatibleModel,
    },
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error(transparent)]
    Alias(#[from] AliasError),
    #[error(transparent)]
    Label(#[from] LabelError),
    #[error(transparent)]
    Description(#[from] DescriptionError),
    #[error(
        "with `thing`, no `sensor_serial`: who measures what depends on the sensors of that thing"
    )]
    SensorOfStandingThing,
    #[error("a device has at most {MAX_CREDENTIALS} keys")]
    TooManyKeys,
    #[error("key {}: {fault}", .index + 1)]
    Key { index: usize, fault: PublicKeyError },
    #[error("the same key stands twice")]
    SameKeyTwice,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for RegisterDeviceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists(_) => "device-exists",
            Self::Reserved { .. } => "device-reserved",
            Self::AliasTaken { .. } => "alias-taken",
            Self::UnknownAgency(_) => "unknown-agency",
            Self::Model(error) => error.code(),
            Self::UnknownThing(_) => "unknown-thing",
            Self::ThingOfAnother { .. } => "thing-of-another-agency",
            Self::ThingFull(_) => "too-many-devices",
            Self::ThingOfOtherModel { .. } => "thing-of-other-model",
            Self::Gateway(error) => error.code(),
            Self::Alias(_) => "invalid-alias",
            Self::Label(_) => "invalid-text",
            Self::Description(_) => "invalid-description",
            Self::SensorOfStandingThing => "sensor-of-standing-thing",
            Self::TooManyKeys => "too-many-keys",
            Self::Key { .. } | Self::SameKeyTwice => "invalid-key",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Exists(_)
            | Self::Reserved { .. }
            | Self::AliasTaken { .. }
            | Self::ThingOfAnother { .. }
            | Self::ThingFull(_)
            | Self::ThingOfOtherModel { .. } => ErrorClass::Conflict,
            Self::Gateway(error) => error.class(),
            Self::Store(_) => ErrorClass::Fault,
            _ => ErrorClass::Invalid,
        }
    }
}

impl RegisterDeviceError {
    /// The column of a table that is at fault, where it is one.
    pub(super) fn column(&self) -> Option<&'static str> {
        match self {
            Self::Exists(_) | Self::Reserved { .. } => Some("id"),
            Self::AliasTaken { .. } | Self::Alias(_) => Some("alias"),
            Self::UnknownAgency(_) => Some("agency"),
            Self::Model(_) => Some("model"),
            Self::UnknownThing(_) | Self::ThingOfAnother { .. } | Self::ThingFull(_) => {
                Some("thing")
            }
            Self::ThingOfOtherModel { .. } => Some("model"),
            Self::Gateway(_) => Some("gateway"),
            Self::Label(error) => Some(error.label()),
            Self::Description(error) => Some(error.part()),
            Self::SensorOfStandingThing => Some("sensor_serial"),
            Self::TooManyKeys | Self::Key { .. } | Self::SameKeyTwice => Some("public_key"),
            Self::Store(_) => None,
        }
    }

    /// What to do about it.
    pub(super) fn cure(&self) -> &'static str {
        match self {
            Self::Exists(_) => {
                "take another id; or, in an import, update what stands (upsert=true)"
            }
            Self::Reserved { .. } => "take another id, or revoke the claim that reserves it",
            Self::AliasTaken { .. } => "correct the alias, or leave it out",
            Self::UnknownAgency(_) => "correct it, or create the agency by POST /v1/agencies",
            Self::Model(_) => "correct it, or add the model by POST /v1/models",
            Self::UnknownThing(_) | Self::ThingFull(_) => "leave it empty for a new thing",
            Self::ThingOfAnother { .. } => {
                "leave it empty for a new thing, or name one of the device's agency"
            }
            Self::ThingOfOtherModel { .. } => {
                "name a model with the same fields, or leave `thing` empty for a new one"
            }
            Self::Gateway(_) => {
                "name an active device of the same agency that has no gateway itself, before its children"
            }
            Self::Alias(_) => "write a MAC or an EUI-64 as 00:1b:44:11:3a:b7, or leave it out",
            Self::Label(_) => "write 1 to 256 bytes on one line",
            Self::Description(_) => "shorten it, and write it without control characters",
            Self::SensorOfStandingThing => {
                "leave it out, and put the sensor in by POST /v1/devices/{id}/sensors"
            }
            Self::TooManyKeys => "leave out the keys that the device does not use",
            Self::Key { .. } => {
                "write the public key in base64url, as PEM or as a JSON Web Key, of Ed25519 or P-256"
            }
            Self::SameKeyTwice => "leave one of the two out",
            Self::Store(_) => "look at the platform's log",
        }
    }
}

/// What can be checked without the registry was.
pub(crate) struct Checked {
    pub(crate) new: NewDevice,
    pub(super) alias: Option<Box<str>>,
    pub(crate) keys: Vec<(CredentialProof, Option<Timestamp>)>,
}

impl Checked {
    pub(crate) fn new(mut new: NewDevice) -> Result<Self, RegisterDeviceError> {
        if !new.name.is_empty() {
            label::required("name", &new.name)?;
        }
        if let Some(attribution) = &new.attribution {
            label::optional("attribution", attribution)?;
        }
        new.description.check()?;
        if let Some(serial) = &new.sensor_serial {
            label::required("sensor_serial", serial)?;
            if new.thing.is_some() {
                return Err(RegisterDeviceError::SensorOfStandingThing);
            }
        }
        let alias = new.alias.take().as_deref().map(normal_alias).transpose()?;
        let keys = parse_keys(&new.keys)?;
        // Of many rows, what was read of them is not kept twice.
        new.keys = Vec::new();
        Ok(Self { keys, alias, new })
    }

    /// The device's name.
    pub(super) fn name(&self) -> String {
        if self.new.name.is_empty() {
            self.new.id.to_string()
        } else {
            self.new.name.clone()
        }
    }
}

/// In lower case, so that every spelling of it is the same alias.
fn normal_alias(text: &str) -> Result<Box<str>, AliasError> {
    let pairs = text.split(':').count();
    let is_pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
    if matches!(pairs, 6 | 8) && text.split(':').all(is_pair) {
        Ok(text.to_ascii_lowercase().into())
    } else {
        Err(AliasError)
    }
}

fn parse_keys(
    keys: &[NewKey],
) -> Result<Vec<(CredentialProof, Option<Timestamp>)>, RegisterDeviceError> {
    if keys.len() > MAX_CREDENTIALS {
        return Err(RegisterDeviceError::TooManyKeys);
    }
    let mut parsed: Vec<(CredentialProof, Option<Timestamp>)> = Vec::with_capacity(keys.len());
    for (index, key) in keys.iter().enumerate() {
        let proof = key
            .parse()
            .map_err(|fault| RegisterDeviceError::Key { index, fault })?;
        if parsed.iter().any(|(other, _)| *other == proof) {
            return Err(RegisterDeviceError::SameKeyTwice);
        }
        parsed.push((proof, key.expires));
    }
    Ok(parsed)
}
