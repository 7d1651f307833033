//! What changes a thing's datastreams, whichever operation does.

use std::sync::Arc;

use domain::{DatastreamId, DeviceId, FieldName, ModelId};

use super::{Datastream, Thing};
use crate::device::DeviceStatus;
use crate::registry::{Change, RowChange};
use crate::store::StoreError;

impl Change {
    /// Which of the thing's datastreams of `field` a device of `model` goes on
    /// with: that of `predecessor`, whose place it takes; that of its own model,
    /// which all devices of the thing share; or one whose device is out of
    /// service. Another device's of another model is none of these.
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
        let is_free = |one: &&Arc<Datastream>| {
            let device = draft.device(one.device.as_str());
            device.is_none_or(|device| device.status == DeviceStatus::Revoked)
        };
        of_field()
            .find(|one| Some(&one.device) == predecessor)
            .or_else(|| of_field().find(|one| one.model == *model))
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
