//! What changes a thing's datastreams, whichever operation does.

use std::sync::Arc;

use domain::{DatastreamId, DeviceId, FieldName, ModelId};
use smallvec::SmallVec;

use super::{Datastream, NewDatastream, Thing};
use crate::device::{Device, DeviceStatus};
use crate::model::Model;
use crate::registry::{Change, DatastreamRow, RowChange};
use crate::store::StoreError;

impl Change {
    /// Which of the thing's datastreams of `field` a device of `model` goes on
    /// with: that of its own model, which all devices of the thing share, so that
    /// there is one of each field and model; or one that nobody sends to any more,
    /// first that of `predecessor`, whose place it takes.
    pub(crate) fn datastream_to_go_on_with<'a>(
        &self,
        thing: &'a Thing,
        field: &FieldName,
        model: &ModelId,
        predecessor: Option<&DeviceId>,
    ) -> Option<Datastream<'a>> {
        let draft = &self.draft;
        let of_field = || thing.datastreams.iter().filter(|one| one.field == field);
        if let Some(own) = of_field().find(|one| one.model == model) {
            return Some(own);
        }
        let senders: SmallVec<[&Arc<Device>; 4]> = thing
            .devices
            .iter()
            .filter(|device| Some(*device) != predecessor)
            .filter_map(|device| draft.device(device.as_str()))
            .filter(|device| device.status == DeviceStatus::Active)
            .collect();
        let is_free = |one: &Datastream<'_>| {
            let mut senders = senders.iter();
            !senders.any(|device| device.id == *one.device || device.model.id == *one.model)
        };
        of_field()
            .filter(is_free)
            .find(|one| Some(one.device) == predecessor)
            .or_else(|| of_field().find(is_free))
    }

    /// Gives the thing a datastream of `field`, and answers with its row.
    pub(crate) fn add_datastream(
        &mut self,
        thing: &mut Thing,
        field: FieldName,
        device: &DeviceId,
        model: &Arc<Model>,
    ) -> Result<RowChange, StoreError> {
        let number = self.next_datastream()?;
        let row = put_datastream(thing, (number, field), device, model);
        Ok(RowChange::AddDatastream(row))
    }
}

impl Thing {
    /// From now on one of its datastreams is `device`'s and of `model`. Answers with
    /// its row.
    pub(crate) fn hand_over_datastream(
        &mut self,
        datastream: (DatastreamId, FieldName),
        device: &DeviceId,
        model: &Arc<Model>,
    ) -> RowChange {
        RowChange::HandOverDatastream(put_datastream(self, datastream, device, model))
    }
}

fn put_datastream(
    thing: &mut Thing,
    (id, field): (DatastreamId, FieldName),
    device: &DeviceId,
    model: &Arc<Model>,
) -> DatastreamRow {
    let row = DatastreamRow {
        id,
        thing: thing.id.clone(),
        field: field.clone(),
        device: device.clone(),
        model: model.id.clone(),
    };
    thing.datastreams.put(NewDatastream {
        id,
        field,
        device: device.clone(),
        model: Arc::clone(model),
    });
    row
}
