//! A device sends a field that its model does not know: it is kept, as an
//! extra datastream, until an operator adopts it into the model.
//!
//! The data plane calls this, so what stands already, and what is refused, is
//! answered from the snapshot, without a lock.

use std::sync::Arc;

use domain::{DeviceId, FieldName, IdError};

use super::{ErrorClass, OperationError};
use crate::entities::{Datastream, Device, MAX_EXTRA_FIELDS};
use crate::registry::{Change, Registry};
use crate::snapshot::Snapshot;
use crate::store::{self, NewDatastream, StoreError};
use crate::thing::Thing;

/// Why there is no datastream for a field.
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
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for ExtraDatastreamError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownDevice(_) => "unknown-device",
            Self::Field { .. } => "invalid-field",
            Self::TooMany => "too-many-extra-fields",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownDevice(_) => ErrorClass::NotFound,
            Self::Field { .. } => ErrorClass::Invalid,
            Self::TooMany => ErrorClass::Conflict,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// The device's datastream of that name, made where there is none yet. Its
    /// number is durable when this returns.
    pub fn ensure_extra_datastream(
        &self,
        device: &DeviceId,
        field: &str,
    ) -> Result<Arc<Datastream>, ExtraDatastreamError> {
        if let Some(standing) = find(&self.snapshot(), device, field)? {
            return Ok(standing);
        }
        let field = FieldName::new(field).map_err(|error| ExtraDatastreamError::Field {
            field: field.chars().take(domain::ids::MAX_ID_BYTES).collect(),
            error,
        })?;
        self.change(|change| {
            // Another thread may have made it since.
            if let Some(standing) = find(&change.draft, device, field.as_str())? {
                change.discard();
                return Ok(standing);
            }
            make(change, device, field)
        })
    }
}

fn find(
    snapshot: &Snapshot,
    id: &DeviceId,
    field: &str,
) -> Result<Option<Arc<Datastream>>, ExtraDatastreamError> {
    let device = device_of(snapshot, id)?;
    if let Some(standing) = device.datastream(field) {
        return Ok(Some(Arc::clone(standing)));
    }
    let is_extra = |datastream: &&Arc<Datastream>| datastream.definition.is_none();
    if device.datastreams.iter().filter(is_extra).count() >= MAX_EXTRA_FIELDS {
        return Err(ExtraDatastreamError::TooMany);
    }
    Ok(None)
}

fn device_of<'a>(
    snapshot: &'a Snapshot,
    id: &DeviceId,
) -> Result<&'a Arc<Device>, ExtraDatastreamError> {
    snapshot
        .device(id.as_str())
        .ok_or_else(|| ExtraDatastreamError::UnknownDevice(id.clone()))
}

fn make(
    change: &mut Change<'_>,
    id: &DeviceId,
    field: FieldName,
) -> Result<Arc<Datastream>, ExtraDatastreamError> {
    let device = Arc::clone(device_of(&change.draft, id)?);
    let Some(thing) = change.draft.thing(device.thing.as_str()) else {
        return Err(ExtraDatastreamError::UnknownDevice(id.clone()));
    };
    let mut thing = Thing::clone(thing);
    let number = store::insert_datastream(
        &change.transaction,
        &NewDatastream {
            thing: &thing.id,
            field: &field,
            device: id,
            model: &device.model.id,
        },
    )?;
    thing.datastreams.push(number);
    let datastream = change.draft.compose_datastream(
        number,
        field,
        &thing,
        device.id.clone(),
        device.model.id.clone(),
    );
    let datastream = change.draft.put_datastream(datastream);
    let thing_id = thing.id.clone();
    change.draft.put_thing(thing);
    change.draft.refresh_thing(&thing_id);
    Ok(datastream)
}
