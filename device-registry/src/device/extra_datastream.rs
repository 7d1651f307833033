//! A device sends a field that its model does not know: it is kept, as an
//! extra datastream, until an operator adopts it into the model.
//!
//! Two steps: what stands already, and what is refused, is answered from the
//! snapshot, to threads that must not wait; what is new is made as any other
//! change, for many devices at once.

use std::sync::Arc;

use domain::{DatastreamId, DeviceId, FieldName, IdError};

use super::Device;
use crate::registry::{Actor, Change, ErrorClass, OperationError, Registry};
use crate::snapshot::Snapshot;
use crate::store::StoreError;
use crate::thing::{Datastream, Thing};

/// Fields a device may send that its model does not know.
pub const MAX_EXTRA_FIELDS: usize = 32;

/// What becomes of a field that a model does not know.
#[derive(Clone, PartialEq, Debug)]
pub enum ExtraDatastream {
    Standing(DatastreamId),
    /// It has none yet: see [`Registry::make_extra_datastreams`].
    New(NewExtraField),
}

/// A field that may get a datastream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewExtraField {
    device: DeviceId,
    field: FieldName,
}

impl NewExtraField {
    pub const fn device(&self) -> &DeviceId {
        &self.device
    }
}

/// Why a field gets no datastream.
#[derive(Debug, thiserror::Error)]
pub enum ExtraDatastreamError {
    #[error("no device {0}")]
    UnknownDevice(DeviceId),
    #[error("field {field:?}: {error}")]
    Field { field: String, error: IdError },
    #[error(
        "the device sends more than {MAX_EXTRA_FIELDS} fields that its model does not know; add them to the model"
    )]
    TooMany,
}

impl OperationError for ExtraDatastreamError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownDevice(_) => "unknown-device",
            Self::Field { .. } => "invalid-field",
            Self::TooMany => "too-many-extra-fields",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownDevice(_) => ErrorClass::NotFound,
            Self::Field { .. } => ErrorClass::Invalid,
            Self::TooMany => ErrorClass::Conflict,
        }
    }
}

impl Registry {
    /// The device's datastream of that name, as the snapshot has it. Never
    /// waits.
    pub fn extra_datastream(
        &self,
        device: &DeviceId,
        field: &str,
    ) -> Result<ExtraDatastream, ExtraDatastreamError> {
        find(&self.snapshot(), device, field)
    }

    /// Makes what is new of these, in one change, and tells which: their numbers are
    /// durable when this returns. One that is refused by now is left out: who looks it up
    /// again is told why.
    pub fn make_extra_datastreams<'a>(
        &self,
        fields: impl IntoIterator<Item = &'a NewExtraField>,
    ) -> Result<Vec<NewExtraField>, StoreError> {
        self.change(&Actor::DEVICES, |change| {
            let mut made = Vec::new();
            for new in fields {
                let found = find(&change.draft, &new.device, new.field.as_str());
                if let Ok(ExtraDatastream::New(new)) = found {
                    make(change, &new)?;
                    made.push(new);
                }
            }
            Ok(made)
        })
    }
}

fn find(
    snapshot: &Snapshot,
    id: &DeviceId,
    field: &str,
) -> Result<ExtraDatastream, ExtraDatastreamError> {
    let device = device_of(snapshot, id)?;
    if let Some(standing) = device.datastream(field) {
        return Ok(ExtraDatastream::Standing(standing.id));
    }
    let is_extra = |datastream: &Datastream<'_>| datastream.definition.is_none();
    if device.datastreams.iter().filter(is_extra).count() >= MAX_EXTRA_FIELDS {
        return Err(ExtraDatastreamError::TooMany);
    }
    let field = FieldName::new(field).map_err(|error| ExtraDatastreamError::Field {
        field: field.chars().take(domain::ids::MAX_ID_BYTES).collect(),
        error,
    })?;
    Ok(ExtraDatastream::New(NewExtraField {
        device: id.clone(),
        field,
    }))
}

fn device_of<'a>(
    snapshot: &'a Snapshot,
    id: &DeviceId,
) -> Result<&'a Arc<Device>, ExtraDatastreamError> {
    snapshot
        .device(id.as_str())
        .ok_or_else(|| ExtraDatastreamError::UnknownDevice(id.clone()))
}

fn make(change: &mut Change, new: &NewExtraField) -> Result<(), StoreError> {
    let NewExtraField { device: id, field } = new;
    let snapshot = &change.draft;
    let Some((device, thing)) = snapshot
        .device(id.as_str())
        .and_then(|device| Some((Arc::clone(device), snapshot.thing(device.thing.as_str())?)))
    else {
        return Ok(());
    };
    let mut thing = Thing::clone(thing);
    let model = &device.model;
    let standing = change.datastream_to_go_on_with(&thing, field, &model.id, None);
    let field = field.clone();
    let row = match standing {
        // With the device it changes its model: others of the former one do not send
        // to it.
        Some(old) if old.definition.is_none() => {
            thing.hand_over_datastream((old.id, field), &device.id, model)
        }
        // The former model gives it a unit, of which this device's says nothing.
        Some(_) | None => change.add_datastream(&mut thing, field, &device.id, model)?,
    };
    change.write(row);
    let thing = change.draft.put_thing(thing);
    change.draft.refresh_thing(&thing.id);
    Ok(())
}
