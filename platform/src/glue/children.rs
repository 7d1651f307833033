//! A gateway speaks for its children: the devices whose registration names it.

use std::sync::Arc;

use device_registry::{Device, Registry};
use domain::{DeviceId, Timestamp};

/// Why a device does not speak for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotItsChild {
    #[error("it is no child of the gateway")]
    Stranger,
    #[error("it is revoked or has expired")]
    Shut,
}

/// The child as it is now, if `gateway` may speak for it. Whether the gateway
/// itself is admitted is for its own connection to say.
pub fn admitted(
    registry: &Registry,
    gateway: &DeviceId,
    child: &str,
    now: Timestamp,
) -> Result<Arc<Device>, NotItsChild> {
    let snapshot = registry.snapshot();
    let child = snapshot
        .device(child)
        .filter(|child| child.gateway.as_ref() == Some(gateway))
        .ok_or(NotItsChild::Stranger)?;
    if child.admitted(now) {
        Ok(Arc::clone(child))
    } else {
        Err(NotItsChild::Shut)
    }
}
