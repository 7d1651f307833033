//! Sensors as the store has them.

use domain::{DatastreamId, DeviceId};

use super::Sensor;
use crate::registry::Registry;
use crate::snapshot::Snapshot;
use crate::store::StoreError;

impl Registry {
    /// All that the device has or had, in order of number. Waits for changes.
    pub fn sensors_of_device(&self, device: &DeviceId) -> Result<Vec<Sensor>, StoreError> {
        self.store().sensors_of_device(device)
    }

    /// All that measured the datastream at any time, the first one first. Waits for
    /// changes: see [`Snapshot::is_measured`].
    pub fn sensors_of_datastream(&self, id: DatastreamId) -> Result<Vec<Sensor>, StoreError> {
        self.store().sensors_of_datastream(id)
    }

    /// All that measured one of them at any time, each once.
    pub(super) fn sensors_of_datastreams(
        &self,
        ids: &[DatastreamId],
    ) -> Result<Vec<Sensor>, StoreError> {
        let snapshot = self.snapshot();
        let mut found: Vec<Sensor> = Vec::new();
        for id in ids.iter().filter(|id| snapshot.is_measured(**id)) {
            for sensor in self.sensors_of_datastream(*id)? {
                if !found.contains(&sensor) {
                    found.push(sensor);
                }
            }
        }
        Ok(found)
    }
}

impl Snapshot {
    /// Whether a sensor is known that measures or measured the datastream.
    pub fn is_measured(&self, id: DatastreamId) -> bool {
        self.measured.contains(&id)
    }

    pub(crate) fn note_measured(&mut self, ids: &[DatastreamId]) {
        self.measured.extend(ids.iter().copied());
    }

    pub(super) fn forget_measured<'a>(&mut self, ids: impl Iterator<Item = &'a DatastreamId>) {
        for id in ids {
            self.measured.remove(id);
        }
    }
}
