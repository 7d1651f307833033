//! What changes a thing's datastreams, whichever operation does.

use domain::{DatastreamId, DeviceId, FieldName, ModelId};

use super::Thing;
use crate::registry::{Change, RowChange};
use crate::store::StoreError;

impl Change {
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
