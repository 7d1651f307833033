//! A device is shut out, for good. What it sent stays; a new device may take
//! over its thing.

use std::sync::Arc;

use domain::DeviceId;

use super::{Device, DeviceStatus};
use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;

/// Why a device was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeDeviceError {
    #[error("no device {0}")]
    Unknown(DeviceId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for RevokeDeviceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-device",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// Revoking twice is as once.
    pub fn revoke_device(
        &self,
        actor: &Actor,
        id: &DeviceId,
    ) -> Result<Arc<Device>, RevokeDeviceError> {
        self.change(actor, |change| {
            let Some(device) = change.draft.device(id.as_str()).cloned() else {
                return Err(RevokeDeviceError::Unknown(id.clone()));
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
