//! A row whose device is registered already: what it says replaces what the
//! device has. Whose the device is, its model, its thing and its alias stay.

use std::sync::Arc;

use domain::{AgencyId, DeviceId, ModelId, ThingId};

use crate::device::change_credentials::add;
use crate::device::new_device::Checked;
use crate::device::patch::apply_patch;
use crate::device::{
    AddCredentialError, CredentialProof, Device, DevicePatch, DeviceStatus, Patch, PatchDeviceError,
};
use crate::registry::{Change, OperationError};
use crate::sensor::{MAX_SENSORS_OF_DEVICE, Sensor, put_only_sensor};
use crate::store::StoreError;
use crate::thing::{NewDescription, Thing};

/// The sensors of a row's device, which the snapshot does not have.
#[derive(Clone, Copy)]
pub(super) enum StandingSensors<'a> {
    /// In order of number; none where the row names none.
    Are(&'a [Sensor]),
    /// The store cannot be read now; they were looked at before.
    NotLookedAt,
}

/// What a row did to its device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Updated {
    Changed,
    /// The device is as the row says.
    Unchanged,
}

/// Why a device is not changed by its row.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpdateRowError {
    #[error("device {0} is revoked, for good")]
    Revoked(DeviceId),
    /// Whose it is, only its own agency knows.
    #[error("device {device} exists, and is not of agency {agency}")]
    OfAnother { device: DeviceId, agency: AgencyId },
    #[error("device {device} is a {model}")]
    OfOtherModel { device: DeviceId, model: ModelId },
    #[error("device {device} serves thing {thing}")]
    OfOtherThing { device: DeviceId, thing: ThingId },
    #[error("device {device} has {}", alias.as_deref().map_or("no alias".to_owned(), |alias| format!("the alias {alias}")))]
    OtherAlias {
        device: DeviceId,
        alias: Option<Box<str>>,
    },
    #[error("device {0} has or had another sensor")]
    OtherSensor(DeviceId),
    #[error(transparent)]
    Patch(#[from] PatchDeviceError),
    #[error(transparent)]
    Key(#[from] AddCredentialError),
}

impl UpdateRowError {
    pub(super) fn into_store_error(self) -> Result<StoreError, Self> {
        match self {
            Self::Patch(PatchDeviceError::Store(error))
            | Self::Key(AddCredentialError::Store(error)) => Ok(error),
            other => Err(other),
        }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Revoked(_) => "device-revoked",
            Self::OfAnother { .. } => "device-of-another-agency",
            Self::OfOtherModel { .. } => "device-of-other-model",
            Self::OfOtherThing { .. } => "device-of-other-thing",
            Self::OtherAlias { .. } => "device-with-other-alias",
            Self::OtherSensor(_) => "device-with-other-sensor",
            Self::Patch(error) => error.code(),
            Self::Key(error) => error.code(),
        }
    }

    pub(super) fn column(&self) -> Option<&'static str> {
        match self {
            Self::Revoked(_) => Some("id"),
            Self::OfAnother { .. } => Some("agency"),
            Self::OfOtherModel { .. } => Some("model"),
            Self::OfOtherThing { .. } => Some("thing"),
            Self::OtherAlias { .. } => Some("alias"),
            Self::OtherSensor(_) => Some("sensor_serial"),
            Self::Patch(PatchDeviceError::Gateway(_)) => Some("gateway"),
            Self::Patch(_) => None,
            Self::Key(_) => Some("public_key"),
        }
    }

    pub(super) fn cure(&self) -> &'static str {
        match self {
            Self::Revoked(_) => "leave the row out, or give the new device an id of its own",
            Self::OfAnother { .. } | Self::OfOtherModel { .. } => {
                "correct the cell, or give the new device an id of its own"
            }
            Self::OfOtherThing { .. } | Self::OtherAlias { .. } => {
                "leave the cell empty: an import does not change it"
            }
            Self::OtherSensor(_) => {
                "leave the cell empty, and swap the sensor by POST /v1/devices/{id}/sensors"
            }
            Self::Patch(PatchDeviceError::Gateway(_)) => {
                "name an active device of the same agency that has no gateway itself"
            }
            Self::Patch(_) => "change the device by PATCH /v1/devices/{id}",
            Self::Key(AddCredentialError::Full) => {
                "remove a credential that the device no longer uses, or leave the cell empty"
            }
            Self::Key(_) => "leave the cell empty: an import adds keys only",
        }
    }
}

/// Changes `device` as its row says. A key that it does not have is added, and so is
/// its first sensor.
pub(super) fn update(
    change: &mut Change,
    device: &Device,
    row: &Checked,
    sensors: StandingSensors<'_>,
) -> Result<Updated, UpdateRowError> {
    check_same(device, row)?;
    let thing = change.draft.thing(device.thing.as_str()).cloned();
    let patch = difference(device, thing.as_ref(), row);
    let is_new =
        |proof: &CredentialProof| !device.credentials.iter().any(|other| other.proof == *proof);
    let mut updated = Updated::Unchanged;
    for (proof, expires) in row.keys.iter().filter(|(proof, _)| is_new(proof)) {
        add(change, &device.id, proof.clone(), *expires)?;
        updated = Updated::Changed;
    }
    if let Some(serial) = &row.new.sensor_serial
        && let StandingSensors::Are(standing) = sensors
        && put_sensor(change, device, serial, standing)?
    {
        updated = Updated::Changed;
    }
    if patch != DevicePatch::default() {
        apply_patch(change, &device.id, patch)?;
        updated = Updated::Changed;
    }
    Ok(updated)
}

/// Whether it was not there.
fn put_sensor(
    change: &mut Change,
    device: &Device,
    serial: &str,
    standing: &[Sensor],
) -> Result<bool, UpdateRowError> {
    let is_it = |sensor: &Sensor| sensor.removed.is_none() && sensor.description.serial == serial;
    if standing.iter().any(is_it) {
        return Ok(false);
    }
    let mut datastreams = device.datastreams.iter();
    if datastreams.any(|one| change.draft.is_measured(one.id))
        || standing.len() >= MAX_SENSORS_OF_DEVICE
    {
        return Err(UpdateRowError::OtherSensor(device.id.clone()));
    }
    put_only_sensor(change, device, serial.to_owned(), standing);
    Ok(true)
}

fn check_same(device: &Device, row: &Checked) -> Result<(), UpdateRowError> {
    let id = || device.id.clone();
    // First of all: of another agency's device nothing else is told.
    if device.agency != row.new.agency {
        return Err(UpdateRowError::OfAnother {
            device: id(),
            agency: row.new.agency.clone(),
        });
    }
    if device.status == DeviceStatus::Revoked {
        return Err(UpdateRowError::Revoked(id()));
    }
    if device.model.id != row.new.model {
        return Err(UpdateRowError::OfOtherModel {
            device: id(),
            model: device.model.id.clone(),
        });
    }
    if row
        .new
        .thing
        .as_ref()
        .is_some_and(|thing| *thing != device.thing)
    {
        return Err(UpdateRowError::OfOtherThing {
            device: id(),
            thing: device.thing.clone(),
        });
    }
    if row.alias.is_some() && row.alias != device.alias {
        return Err(UpdateRowError::OtherAlias {
            device: id(),
            alias: device.alias.clone(),
        });
    }
    Ok(())
}

/// What of the row's is other than the device's.
fn difference(device: &Device, thing: Option<&Arc<Thing>>, row: &Checked) -> DevicePatch {
    let new = &row.new;
    DevicePatch {
        name: (!new.name.is_empty() && new.name != device.name).then(|| new.name.clone()),
        location: set(new.location, device.location.as_ref()),
        since: None,
        expires: set(new.expires, device.expires.as_ref()),
        gateway: set(new.gateway.clone(), device.gateway.as_ref()),
        visibility: new
            .visibility
            .filter(|new| thing.is_none_or(|thing| thing.visibility != *new)),
        licence: new
            .licence
            .clone()
            .filter(|new| thing.is_none_or(|thing| thing.licence != *new)),
        attribution: new
            .attribution
            .clone()
            .filter(|new| thing.is_none_or(|thing| *thing.attribution != **new)),
        description: if thing.is_some_and(|thing| new.description.is_said_of(thing.description())) {
            NewDescription::default()
        } else {
            new.description.clone()
        },
    }
}

fn set<T: PartialEq>(new: Option<T>, standing: Option<&T>) -> Patch<T> {
    match new {
        Some(value) if standing != Some(&value) => Patch::Set(value),
        _ => Patch::Keep,
    }
}
