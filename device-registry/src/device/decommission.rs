//! A device goes out of service, for good: its credentials go, its id is never
//! given again, and what it sent stays with its thing.

use std::sync::Arc;

use domain::DeviceId;

use super::{Device, DeviceStatus};
use crate::registry::{Actor, Change, EndError, Registry, RowChange};

impl Registry {
    /// Doing it twice is as once.
    pub fn decommission_device(
        &self,
        actor: &Actor,
        id: &DeviceId,
    ) -> Result<Arc<Device>, EndError<DeviceId>> {
        self.change(actor, |change| {
            let Some(device) = change.draft.device(id.as_str()).cloned() else {
                return Err(EndError::Unknown(id.clone()));
            };
            if device.decommissioned.is_some() {
                change.discard();
                return Ok(device);
            }
            Ok(decommission(change, &device))
        })
    }
}

/// Takes a device out of service within a change.
pub(super) fn decommission(change: &mut Change, device: &Device) -> Arc<Device> {
    let mut ended = Device::clone(device);
    ended.status = DeviceStatus::Revoked;
    ended.decommissioned = Some(change.now);
    let credentials = std::mem::take(&mut ended.credentials);
    change.write_all(
        credentials
            .into_iter()
            .map(|credential| RowChange::RemoveCredential {
                device: ended.id.clone(),
                credential: credential.id,
            }),
    );
    let ended = change.draft.put_device(ended);
    change.write(RowChange::ChangeDevice(Arc::clone(&ended)));
    change.alters_rights();
    ended
}
