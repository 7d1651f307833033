//! Devices follow their model: a new version gives them datastreams for its new
//! fields.

use domain::{DeviceId, ModelId};

use super::{Model, check_field};
use crate::device::{Device, DeviceStatus};
use crate::registry::Change;
use crate::snapshot::Snapshot;
use crate::store::StoreError;
use crate::thing::{Datastream, Thing};

/// The devices, of `model` or of any, that have not got what their model has by
/// now.
pub(super) fn lagging(snapshot: &Snapshot, model: Option<&ModelId>) -> Vec<DeviceId> {
    snapshot
        .devices(None)
        .filter(|device| model.is_none_or(|model| device.model.id == *model))
        .filter(|device| {
            let newest = snapshot.model_for(&device.agency, &device.model.id);
            newest.is_some_and(|newest| lags(snapshot, device, newest))
        })
        .map(|device| device.id.clone())
        .collect()
}

/// Whether the device is of an older version, or there are fields that it has no
/// datastream for, or only that of another device in service.
fn lags(snapshot: &Snapshot, device: &Device, newest: &Model) -> bool {
    let is_active = |device: &Device| device.status == DeviceStatus::Active;
    let is_of_another = |datastream: &Datastream<'_>| {
        let sender = snapshot.device(datastream.device.as_str());
        *datastream.model != newest.id
            && *datastream.device != device.id
            && is_active(device)
            && sender.is_some_and(|sender| is_active(sender))
    };
    device.model.version != newest.version
        || device.datastreams.len() < newest.fields.len()
        || newest
            .fields
            .iter()
            .zip(device.datastreams.iter())
            .any(|(field, datastream)| {
                field.name != *datastream.field || is_of_another(&datastream)
            })
}

/// Gives a device the newest version of its model, and its thing a datastream for
/// each field of that; an extra one of that name is adopted.
pub(super) fn follow(change: &mut Change, id: &DeviceId) -> Result<(), StoreError> {
    let draft = &change.draft;
    let Some(device) = draft.device(id.as_str()).cloned() else {
        return Ok(());
    };
    let Some(model) = draft.model_for(&device.agency, &device.model.id).cloned() else {
        return Ok(());
    };
    let Some(thing) = draft.thing(device.thing.as_str()) else {
        return Ok(());
    };
    let mut thing = Thing::clone(thing);
    for field in &model.fields {
        let own = device.datastream(field.name.as_str());
        let own = own.filter(|one| *one.device == device.id);
        let standing =
            own.or_else(|| change.datastream_to_go_on_with(&thing, &field.name, &model.id, None));
        // Out of service it sends nothing: what its successor has stays there.
        if device.status == DeviceStatus::Revoked
            && device.datastream(field.name.as_str()).is_some()
        {
            continue;
        }
        let name = field.name.clone();
        let row = match standing {
            // Of this model: the next refresh gives it the definition.
            Some(datastream) if *datastream.model == model.id => continue,
            // A predecessor's of another meaning goes on as it is.
            Some(datastream)
                if datastream
                    .definition
                    .is_some_and(|old| check_field(old, field).is_err()) =>
            {
                continue;
            }
            Some(datastream) => {
                let handed = (datastream.id, name);
                thing.hand_over_datastream(handed, &device.id, &model)
            }
            None => change.add_datastream(&mut thing, name, &device.id, &model)?,
        };
        change.write(row);
    }
    let thing = change.draft.put_thing(thing);
    change.draft.refresh_thing(&thing.id);
    // A version that adds no field needs no row of the device.
    change.shows_more();
    Ok(())
}
