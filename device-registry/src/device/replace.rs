//! A new device takes the place of one that broke: it serves the same thing,
//! whose datastreams go on, and the old one goes out of service, in one change.

use std::sync::Arc;

use domain::{DeviceId, ModelId, Timestamp};

use super::decommission::decommission;
use super::new_device::Checked;
use super::register::register;
use super::{Device, DeviceStatus, MAX_DEVICES_TOGETHER, NewDevice, NewKey, RegisterDeviceError};
use crate::registry::{Actor, Change, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;

/// The new device; all else is as it was.
#[derive(Clone, PartialEq, Debug)]
pub struct Replacement {
    pub id: DeviceId,
    /// `None`: that of the old one.
    pub model: Option<ModelId>,
    pub alias: Option<String>,
    /// `None`: that of the old one.
    pub name: Option<String>,
    pub keys: Vec<NewKey>,
    pub expires: Option<Timestamp>,
}

/// Why a device was not replaced.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceDeviceError {
    #[error("no device {0}")]
    Unknown(DeviceId),
    #[error("device {0} was taken out of service already; register a new one with its thing")]
    Decommissioned(DeviceId),
    /// A new one would take away what the other one sends.
    #[error(
        "device {by} serves the thing in the place of {device} already; replace {by}, or decommission {device}"
    )]
    Succeeded { device: DeviceId, by: DeviceId },
    #[error(
        "device {0} has more than {MAX_DEVICES_TOGETHER} children; give some of them another gateway first"
    )]
    TooManyChildren(DeviceId),
    #[error(transparent)]
    Register(#[from] RegisterDeviceError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for ReplaceDeviceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-device",
            Self::Decommissioned(_) => "device-decommissioned",
            Self::Succeeded { .. } => "device-succeeded",
            Self::TooManyChildren(_) => "too-many-devices",
            Self::Register(error) => error.code(),
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Decommissioned(_) | Self::Succeeded { .. } | Self::TooManyChildren(_) => {
                ErrorClass::Conflict
            }
            Self::Register(error) => error.class(),
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// Registers `new` in the place of `old`. The children of a gateway become
    /// the new one's.
    pub fn replace_device(
        &self,
        actor: &Actor,
        old: &DeviceId,
        new: Replacement,
    ) -> Result<Arc<Device>, ReplaceDeviceError> {
        let snapshot = self.snapshot();
        let standing = snapshot
            .device(old.as_str())
            .ok_or_else(|| ReplaceDeviceError::Unknown(old.clone()))?;
        let model = new.model.unwrap_or_else(|| standing.model.id.clone());
        let agency = standing.agency.clone();
        let mut device = NewDevice::new(new.id, agency, model);
        device.alias = new.alias;
        device.keys = new.keys;
        device.expires = new.expires;
        device.thing = Some(standing.thing.clone());
        device.name = new.name.unwrap_or_else(|| standing.name.clone());
        let checked = Checked::new(device)?;
        self.change(actor, |change| replace(change, old, checked))
    }
}

/// Another device that is in service and sends what `old` or a device of
/// `model` would.
fn successor(change: &Change, old: &Device, model: &ModelId) -> Option<DeviceId> {
    let draft = &change.draft;
    let models = [Some(&old.model), draft.model(model)];
    let is_sent = |field: &str| {
        let mut models = models.into_iter().flatten();
        models.any(|model| model.field(field).is_some())
    };
    // A second datastream of one field and model would have the topic and the
    // series of the first.
    let of_model = draft.thing(old.thing.as_str()).into_iter();
    let of_model = of_model
        .flat_map(|thing| thing.datastreams.iter())
        .filter(|datastream| datastream.model == model);
    old.datastreams
        .iter()
        .chain(of_model)
        .filter(|datastream| *datastream.device != old.id && is_sent(datastream.field.as_str()))
        .filter_map(|datastream| draft.device(datastream.device.as_str()))
        .find(|other| other.status == DeviceStatus::Active)
        .map(|other| other.id.clone())
}

fn replace(
    change: &mut Change,
    old: &DeviceId,
    mut new: Checked,
) -> Result<Arc<Device>, ReplaceDeviceError> {
    // As it is now: it may have changed since the new one was checked.
    let standing = change.draft.device(old.as_str()).cloned();
    let standing = standing.ok_or_else(|| ReplaceDeviceError::Unknown(old.clone()))?;
    if standing.decommissioned.is_some() {
        return Err(ReplaceDeviceError::Decommissioned(old.clone()));
    }
    if let Some(by) = successor(change, &standing, &new.new.model) {
        let device = old.clone();
        return Err(ReplaceDeviceError::Succeeded { device, by });
    }
    new.new.agency = standing.agency.clone();
    new.new.gateway.clone_from(&standing.gateway);
    let children: Vec<Arc<Device>> = change.draft.children_of(old).cloned().collect();
    if children.len() > MAX_DEVICES_TOGETHER {
        return Err(ReplaceDeviceError::TooManyChildren(old.clone()));
    }
    let device = register(change, &new, Some(old))?;
    for child in children {
        let mut child = Device::clone(&child);
        child.gateway = Some(device.id.clone());
        let child = change.draft.put_device(child);
        change.write(RowChange::ChangeDevice(child));
    }
    // As the registration has left it: its datastreams are the new one's.
    let standing = change
        .draft
        .device(old.as_str())
        .cloned()
        .unwrap_or(standing);
    decommission(change, &standing);
    let registered = change.draft.device(device.id.as_str()).cloned();
    Ok(registered.unwrap_or(device))
}
