//! A device is registered: with its thing, its place, its keys, and one
//! datastream for each field of its model. With `thing`, it takes over a thing
//! that stands, and its datastreams go on.

use std::sync::Arc;

use domain::{AgencyId, DeviceId, Location, ModelId, ThingId, Timestamp};

use super::{ErrorClass, OperationError};
use crate::entities::{
    CredentialProof, Datastream, Device, DeviceStatus, Licence, MAX_CREDENTIALS, Visibility,
};
use crate::label::{self, LabelError};
use crate::model::Model;
use crate::model_change::{IncompatibleModel, check_field};
use crate::public_key::{NewKey, PublicKeyError};
use crate::registry::{Change, Registry};
use crate::store::{self, NewDatastream, NewDeviceRow, StoreError};
use crate::thing::{LocationSince, Thing};

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
    /// The thing that it takes over; `None`: a new one of the device's id.
    pub thing: Option<ThingId>,
    /// Absent: the standing thing's, or restricted.
    pub visibility: Option<Visibility>,
    /// Absent: the standing thing's, or KOGL-1.
    pub licence: Option<Licence>,
    /// Absent: the standing thing's, or the agency's name.
    pub attribution: Option<String>,
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
            thing: None,
            visibility: None,
            licence: None,
            attribution: None,
        }
    }
}

/// Why a text is no alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an alias is a MAC or an EUI-64: 6 or 8 pairs of hex digits with colons, as 00:1b:44:11:3a:b7")]
pub struct AliasError;

/// Why a device was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterDeviceError {
    #[error("device {0} exists; an id is never given twice, not even after a revocation")]
    Exists(DeviceId),
    #[error("alias {alias} belongs to device {device}")]
    AliasTaken { alias: Box<str>, device: DeviceId },
    #[error("no agency {0}; create it first")]
    UnknownAgency(AgencyId),
    #[error("no model {0}; GET /v1/models lists them, and POST adds one")]
    UnknownModel(ModelId),
    #[error("no thing {0}; leave `thing` out for a new one")]
    UnknownThing(ThingId),
    #[error("thing {thing} belongs to agency {owner}")]
    ThingOfAnother { thing: ThingId, owner: AgencyId },
    #[error("the model does not fit thing {thing}: {fault}")]
    ThingOfOtherModel {
        thing: ThingId,
        fault: IncompatibleModel,
    },
    #[error(transparent)]
    Alias(#[from] AliasError),
    #[error(transparent)]
    Label(#[from] LabelError),
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
            Self::AliasTaken { .. } => "alias-taken",
            Self::UnknownAgency(_) => "unknown-agency",
            Self::UnknownModel(_) => "unknown-model",
            Self::UnknownThing(_) => "unknown-thing",
            Self::ThingOfAnother { .. } => "thing-of-another-agency",
            Self::ThingOfOtherModel { .. } => "thing-of-other-model",
            Self::Alias(_) => "invalid-alias",
            Self::Label(_) => "invalid-text",
            Self::TooManyKeys => "too-many-keys",
            Self::Key { .. } | Self::SameKeyTwice => "invalid-key",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Exists(_)
            | Self::AliasTaken { .. }
            | Self::ThingOfAnother { .. }
            | Self::ThingOfOtherModel { .. } => ErrorClass::Conflict,
            Self::Store(_) => ErrorClass::Fault,
            _ => ErrorClass::Invalid,
        }
    }
}

impl Registry {
    pub fn register_device(&self, new: NewDevice) -> Result<Arc<Device>, RegisterDeviceError> {
        let checked = Checked::new(new)?;
        self.change(|change| register(change, &checked))
    }
}

/// What can be checked without the registry was.
pub(super) struct Checked {
    new: NewDevice,
    alias: Option<Box<str>>,
    keys: Vec<(CredentialProof, Option<Timestamp>)>,
}

impl Checked {
    pub(super) fn new(mut new: NewDevice) -> Result<Self, RegisterDeviceError> {
        if new.name.is_empty() {
            new.name = new.id.to_string();
        }
        label::required("name", &new.name)?;
        if let Some(attribution) = &new.attribution {
            label::optional("attribution", attribution)?;
        }
        let alias = new.alias.as_deref().map(normal_alias).transpose()?;
        Ok(Self {
            keys: parse_keys(&new.keys)?,
            alias,
            new,
        })
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

/// Rows and draft for one device. Every check stands before the first row, so
/// that an import can go on after a bad one.
pub(super) fn register(
    change: &mut Change<'_>,
    checked: &Checked,
) -> Result<Arc<Device>, RegisterDeviceError> {
    let new = &checked.new;
    let model = check_against(change, checked)?;
    let standing = standing_thing(change, new, &model)?;
    if standing.is_some() {
        // The predecessor's datastreams are handed over.
        change.alters_rights();
    }
    let mut thing = match standing {
        Some(thing) => take_over_thing(change, thing, new)?,
        None => new_thing(change, new)?,
    };
    store::insert_device(
        &change.transaction,
        &NewDeviceRow {
            id: &new.id,
            alias: checked.alias.as_deref(),
            thing: &thing.id,
            agency: &new.agency,
            model: &new.model,
            name: &new.name,
            expires: new.expires,
            created: change.now,
        },
    )?;
    thing.devices.push(new.id.clone());
    let mut credentials = Vec::with_capacity(checked.keys.len());
    for (proof, expires) in &checked.keys {
        credentials.push(store::insert_credential(
            &change.transaction,
            &new.id,
            proof.clone(),
            change.now,
            *expires,
        )?);
    }
    write_datastreams(change, &mut thing, &new.id, &model)?;
    let device = Device {
        id: new.id.clone(),
        alias: checked.alias.clone(),
        thing: thing.id.clone(),
        // The texts that many devices share are kept once.
        agency: thing.agency.clone(),
        datastreams: change.draft.datastreams_for(&model, &thing),
        model,
        name: new.name.clone(),
        location: thing.location(),
        status: DeviceStatus::Active,
        expires: new.expires,
        created: change.now,
        credentials,
    };
    let thing_id = thing.id.clone();
    let shared = thing.devices.len() > 1;
    change.draft.put_thing(thing);
    let device = change.draft.put_device(device);
    if shared {
        change.draft.refresh_thing(&thing_id);
    }
    Ok(device)
}

fn check_against(
    change: &Change<'_>,
    checked: &Checked,
) -> Result<Arc<Model>, RegisterDeviceError> {
    let (draft, new) = (&change.draft, &checked.new);
    if draft.device(new.id.as_str()).is_some() {
        return Err(RegisterDeviceError::Exists(new.id.clone()));
    }
    if let Some(alias) = &checked.alias
        && let Some(device) = draft.aliases.get(alias)
    {
        return Err(RegisterDeviceError::AliasTaken {
            alias: alias.clone(),
            device: device.clone(),
        });
    }
    if draft.agency(&new.agency).is_none() {
        return Err(RegisterDeviceError::UnknownAgency(new.agency.clone()));
    }
    draft
        .model(&new.model)
        .cloned()
        .ok_or_else(|| RegisterDeviceError::UnknownModel(new.model.clone()))
}

/// The thing that is taken over, where one is named, and the model fits it.
fn standing_thing(
    change: &Change<'_>,
    new: &NewDevice,
    model: &Model,
) -> Result<Option<Thing>, RegisterDeviceError> {
    let Some(id) = &new.thing else {
        return Ok(None);
    };
    let Some(thing) = change.draft.thing(id.as_str()) else {
        return Err(RegisterDeviceError::UnknownThing(id.clone()));
    };
    if thing.agency != new.agency {
        return Err(RegisterDeviceError::ThingOfAnother {
            thing: id.clone(),
            owner: thing.agency.clone(),
        });
    }
    for number in &thing.datastreams {
        let Some(datastream) = change.draft.datastream(*number) else {
            continue;
        };
        if let (Some(old), Some(field)) =
            (&datastream.definition, model.field(datastream.field.as_str()))
        {
            check_field(old, field).map_err(|fault| RegisterDeviceError::ThingOfOtherModel {
                thing: id.clone(),
                fault,
            })?;
        }
    }
    Ok(Some(Thing::clone(thing)))
}

fn take_over_thing(
    change: &Change<'_>,
    mut thing: Thing,
    new: &NewDevice,
) -> Result<Thing, StoreError> {
    if let Some(visibility) = new.visibility {
        thing.visibility = visibility;
    }
    if let Some(licence) = &new.licence {
        thing.licence = licence.clone();
    }
    if let Some(attribution) = &new.attribution {
        thing.attribution = attribution.clone();
    }
    store::update_thing(&change.transaction, &thing)?;
    if let Some(location) = new.location {
        move_thing(change, &mut thing, Some(location))?;
    }
    Ok(thing)
}

fn new_thing(change: &Change<'_>, new: &NewDevice) -> Result<Thing, StoreError> {
    let agency = change.draft.agency(&new.agency);
    let mut thing = Thing {
        id: ThingId::from(new.id.clone()),
        agency: agency.map_or_else(|| new.agency.clone(), |agency| agency.id.clone()),
        devices: Vec::with_capacity(1),
        datastreams: Vec::new(),
        locations: Vec::new(),
        licence: new.licence.clone().unwrap_or_default(),
        attribution: new.attribution.clone().unwrap_or_else(|| {
            agency.map_or_else(String::new, |agency| agency.name.clone())
        }),
        visibility: new.visibility.unwrap_or(Visibility::Restricted),
    };
    store::insert_thing(&change.transaction, &thing)?;
    if let Some(location) = new.location {
        move_thing(change, &mut thing, Some(location))?;
    }
    Ok(thing)
}

/// From now on the thing is at `location`. Its first known place holds from
/// the beginning: what is delivered late was observed there too.
pub(super) fn move_thing(
    change: &Change<'_>,
    thing: &mut Thing,
    location: Option<Location>,
) -> Result<(), StoreError> {
    let since = match thing.locations.last() {
        None if location.is_none() => return Ok(()),
        None => Timestamp::MIN,
        Some(last) if last.location == location => return Ok(()),
        // A clock that was set back must not turn the history round.
        Some(last) => change.now.max(Timestamp::from_micros(
            last.since.as_micros().saturating_add(1),
        )),
    };
    let entry = LocationSince { since, location };
    store::insert_location(&change.transaction, &thing.id, &entry)?;
    thing.locations.push(entry);
    Ok(())
}

/// One datastream for each field: those that stand are handed over, the others
/// are made.
fn write_datastreams(
    change: &mut Change<'_>,
    thing: &mut Thing,
    device: &DeviceId,
    model: &Model,
) -> Result<(), StoreError> {
    thing.datastreams.reserve(model.fields.len());
    for field in &model.fields {
        let standing = thing
            .datastreams
            .iter()
            .filter_map(|number| change.draft.datastream(*number))
            .find(|datastream| datastream.field == field.name)
            .map(|datastream| datastream.id);
        let id = match standing {
            Some(id) => {
                store::update_datastream(&change.transaction, id, device, &model.id)?;
                id
            }
            None => {
                let id = store::insert_datastream(
                    &change.transaction,
                    &NewDatastream {
                        thing: &thing.id,
                        field: &field.name,
                        device,
                        model: &model.id,
                    },
                )?;
                thing.datastreams.push(id);
                id
            }
        };
        let datastream: Datastream = change.draft.compose_datastream(
            id,
            field.name.clone(),
            thing,
            device.clone(),
            model.id.clone(),
        );
        change.draft.put_datastream(datastream);
    }
    Ok(())
}
