//! A device is shut out, for good. What it sent stays; a new device may take
//! over its thing.

use std::sync::Arc;

use domain::DeviceId;

use super::{Device, DeviceStatus};
use crate::registry::{Actor, EndError, Registry, RowChange};

impl Registry {
    /// Revoking twice is as once.
    pub fn revoke_device(
        &self,
        actor: &Actor,
        id: &DeviceId,
    ) -> Result<Arc<Device>, EndError<DeviceId>> {
        self.change(actor, |change| {
            let Some(device) = change.draft.device(id.as_str()).cloned() else {
                return Err(EndError::Unknown(id.clone()));
            };
            if device.status == DeviceStatus::Revoked {
                change.discard();
                return Ok(device);
            }
            let mut revoked = Device::clone(&device);
            revoked.status = DeviceStatus::Revoked;
            let revoked = change.draft.put_device(revoked);
            change.write(RowChange::ChangeDevice(Arc::clone(&revoked)));
            change.alters_rights();
            Ok(revoked)
        })
    }
}
