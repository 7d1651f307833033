//! What changes a thing, whichever operation does: where it is, and which
//! datastreams it has.

use domain::{DatastreamId, DeviceId, FieldName, Location, ModelId, Timestamp};

use super::{LocationSince, Thing};
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

impl Thing {
    /// From `now` on the thing is at `location`; the row, where it was not there
    /// already. Its first known place holds from the beginning: what is delivered
    /// late was observed there too.
    pub(crate) fn move_to(
        &mut self,
        location: Option<Location>,
        now: Timestamp,
    ) -> Option<RowChange> {
        let since = match self.locations.last() {
            None if location.is_none() => return None,
            None => Timestamp::MIN,
            Some(last) if last.location == location => return None,
            // A clock that was set back must not turn the history round.
            Some(last) => now.max(Timestamp::from_micros(
                last.since.as_micros().saturating_add(1),
            )),
        };
        let entry = LocationSince { since, location };
        self.locations.push(entry);
        Some(RowChange::AddLocation {
            thing: self.id.clone(),
            entry,
        })
    }
}
