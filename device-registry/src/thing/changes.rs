//! What changes a thing's datastreams, whichever operation does.

use std::sync::Arc;

use domain::{DatastreamId, DeviceId, FieldName, ModelId};
use smallvec::SmallVec;

use super::{Datastream, Thing};
use crate::device::{Device, DeviceStatus};
use crate::registry::{Change, RowChange};
use crate::store::StoreError;

impl Change {
    /// Which of the thing's datastreams of `field` a device of `model` goes on
    /// with: that of its own model, which all devices of the thing share, so that
    /// there is one of each field and model; or one that nobody sends to any more,
    /// first that of `predecessor`, whose place it takes.
    pub(crate) fn datastream_to_go_on_with(
        &self,
        thing: &Thing,
        field: &FieldName,
        model: &ModelId,
        predecessor: Option<&DeviceId>,
    ) -> Option<Arc<Datastream>> {
        let draft = &self.draft;
        let of_field = || {
            let all = thing.datastreams.iter();
            let all = all.filter_map(|number| draft.datastream(*number));
            all.filter(|datastream| datastream.field == *field)
        };
        if let Some(own) = of_field().find(|one| one.model == *model) {
            return Some(Arc::clone(own));
        }
        let senders: SmallVec<[&Arc<Device>; 4]> = thing
            .devices
            .iter()
            .filter(|device| Some(*device) != predecessor)
            .filter_map(|device| draft.device(device.as_str()))
            .filter(|device| device.status == DeviceStatus::Active)
            .collect();
        let is_free = |one: &&Arc<Datastream>| {
            let mut senders = senders.iter();
            !senders.any(|device| device.id == one.device || device.model.id == one.model)
        };
        of_field()
            .filter(is_free)
            .find(|one| Some(&one.device) == predecessor)
            .or_else(|| of_field().find(is_free))
            .cloned()
    }

    /// Gives the thing a datastream of `field`, and answers with its row.
    pub(crate) fn add_datastream(
        &mut self,
        thing: &mut Thing,
        field: FieldName,
        device: &DeviceId,
        model: &ModelId,
    ) -> Result<RowChange, StoreError> {
        let number = self.next_datastream()?;
        thing.datastreams.push(number);
        let datastream =
            self.draft
                .compose_datastream(number, field, thing, device.clone(), model.clone());
        let datastream = self.draft.put_datastream(datastream);
        Ok(RowChange::AddDatastream(datastream))
    }

    /// From now on a datastream of the thing is `device`'s and of `model`.
    /// Answers with its row.
    pub(crate) fn hand_over_datastream(
        &mut self,
        thing: &Thing,
        (number, field): (DatastreamId, FieldName),
        device: &DeviceId,
        model: &ModelId,
    ) -> RowChange {
        let datastream =
            self.draft
                .compose_datastream(number, field, thing, device.clone(), model.clone());
        RowChange::HandOverDatastream(self.draft.put_datastream(datastream))
    }
}
