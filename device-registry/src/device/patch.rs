//! What may change about a device that stands.

use std::sync::Arc;

use domain::{DeviceId, Location, Timestamp};

use super::Device;
use super::gateway::{GatewayError, check_gateway};
use crate::label::{self, LabelError};
use crate::registry::{Actor, Change, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;
use crate::thing::{
    DescriptionError, Licence, MAX_LOCATIONS, Move, NewDescription, Thing, Visibility,
};

/// What to do with a value that may be absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Patch<T> {
    #[default]
    Keep,
    Set(T),
    Clear,
}

impl<T> Patch<T> {
    /// The value after the patch.
    pub(crate) fn over(self, standing: Option<T>) -> Option<T> {
        match self {
            Self::Keep => standing,
            Self::Set(value) => Some(value),
            Self::Clear => None,
        }
    }
}

/// The changes; what is absent stays.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DevicePatch {
    pub name: Option<String>,
    /// Where the thing is from now on; its history stays.
    pub location: Patch<Location>,
    /// Since when it has been at that location, until the next move that is
    /// known; absent: from now on.
    pub since: Option<Timestamp>,
    pub expires: Patch<Timestamp>,
    /// Who may publish for it from now on.
    pub gateway: Patch<DeviceId>,
    pub visibility: Option<Visibility>,
    pub licence: Option<Licence>,
    pub attribution: Option<String>,
    /// Of the thing.
    pub description: NewDescription,
}

/// Why a device was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PatchDeviceError {
    #[error("no device {0}")]
    Unknown(DeviceId),
    #[error(transparent)]
    Label(#[from] LabelError),
    #[error(transparent)]
    Description(#[from] DescriptionError),
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error(
        "the thing has moved {MAX_LOCATIONS} times; what is mobile sends `loc` with its telemetry"
    )]
    TooMobile,
    #[error("`since` says when a location began: send `location` with it")]
    SinceAlone,
    #[error("`since` is a time to come; leave it out for a move that happens now")]
    SinceAhead,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for PatchDeviceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-device",
            Self::Label(_) => "invalid-text",
            Self::Description(_) => "invalid-description",
            Self::Gateway(error) => error.code(),
            Self::TooMobile => "too-many-locations",
            Self::SinceAlone | Self::SinceAhead => "invalid-since",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Label(_) | Self::Description(_) | Self::SinceAlone | Self::SinceAhead => {
                ErrorClass::Invalid
            }
            Self::Gateway(error) => error.class(),
            Self::TooMobile => ErrorClass::Conflict,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn patch_device(
        &self,
        actor: &Actor,
        id: &DeviceId,
        patch: DevicePatch,
    ) -> Result<Arc<Device>, PatchDeviceError> {
        if let Some(name) = &patch.name {
            label::required("name", name)?;
        }
        if let Some(attribution) = &patch.attribution {
            label::optional("attribution", attribution)?;
        }
        patch.description.check()?;
        self.change(actor, |change| apply_patch(change, id, patch))
    }
}

/// Changes a device within a change; its texts are checked. What is as the patch
/// says already is not written.
pub(super) fn apply_patch(
    change: &mut Change,
    id: &DeviceId,
    patch: DevicePatch,
) -> Result<Arc<Device>, PatchDeviceError> {
    let unknown = || PatchDeviceError::Unknown(id.clone());
    let was = change.draft.device(id.as_str()).cloned();
    let was = was.ok_or_else(unknown)?;
    let thing_was = change.draft.thing(was.thing.as_str()).cloned();
    let thing_was = thing_was.ok_or_else(unknown)?;
    let (mut device, mut thing) = (Device::clone(&was), Thing::clone(&thing_was));

    if let Some(name) = patch.name {
        device.name = name;
    }
    device.expires = patch.expires.over(device.expires);
    if let Patch::Set(gateway) = &patch.gateway {
        check_gateway(&change.draft, id, &device.agency, gateway)?;
    }
    device.gateway = patch.gateway.over(device.gateway);

    thing.visibility = patch.visibility.unwrap_or(thing.visibility);
    if let Some(licence) = patch.licence {
        thing.licence = licence;
    }
    if let Some(attribution) = patch.attribution {
        thing.attribution = attribution.into();
    }
    let description = patch.description.over(thing.description())?;
    thing.description = description.kept();
    let moved = relocate(&mut thing, patch.location, patch.since, change.now)?;

    if device == *was && thing == *thing_was {
        return Ok(was);
    }
    let thing = change.draft.put_thing(thing);
    let device = change.draft.put_device(device);
    change.refresh_thing(&thing.id);
    change.write(RowChange::ChangeDevice(device));
    change.write(RowChange::ChangeThing(thing));
    change.write_all(moved);
    change.alters_rights();
    change
        .draft
        .device(id.as_str())
        .cloned()
        .ok_or_else(unknown)
}

/// The rows of the move that a patch asks for, if it asks for one.
fn relocate(
    thing: &mut Thing,
    location: Patch<Location>,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<Vec<RowChange>, PatchDeviceError> {
    let to = match location {
        Patch::Keep if since.is_some() => return Err(PatchDeviceError::SinceAlone),
        Patch::Keep => return Ok(Vec::new()),
        Patch::Set(place) => Some(place),
        Patch::Clear => None,
    };
    if since.is_some_and(|since| since > now) {
        return Err(PatchDeviceError::SinceAhead);
    }
    let rows = thing.relocate(Move { to, since }, now);
    if thing.locations.len() > MAX_LOCATIONS {
        return Err(PatchDeviceError::TooMobile);
    }
    Ok(rows)
}
