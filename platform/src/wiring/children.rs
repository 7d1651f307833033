//! A gateway speaks for its children: the devices whose registration names it.

use std::sync::Arc;

use device_registry::{Device, DeviceStatus, Snapshot};
use domain::{DeviceId, Timestamp};

/// Why a device does not speak for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotItsChild {
    #[error("no device of this id is registered")]
    Unknown,
    #[error("its registration does not name this gateway")]
    Stranger,
    #[error("it is revoked")]
    Revoked,
    #[error("its registration expired at {0}")]
    Expired(Timestamp),
}

impl NotItsChild {
    /// What the operator can do about it.
    pub const fn cure(self) -> &'static str {
        match self {
            Self::Unknown => {
                "register the child with `gateway` set to this device's id, or correct the child's id in the topic"
            }
            Self::Stranger => "set `gateway` of the child's registration to this device's id",
            Self::Revoked => {
                "revocation is final: let the gateway leave the child out, or register a new one for it, with `thing` set to keep the datastreams"
            }
            Self::Expired(_) => "set a later `expires` on the child",
        }
    }
}

/// The child as `snapshot` has it, if `gateway` may speak for it. Whether the
/// gateway itself is admitted is for its own connection to say.
pub(crate) fn admitted<'a>(
    snapshot: &'a Snapshot,
    gateway: &DeviceId,
    child: &str,
    now: Timestamp,
) -> Result<&'a Arc<Device>, NotItsChild> {
    let child = registered(snapshot, gateway, child)?;
    match (child.status, child.expires) {
        (DeviceStatus::Revoked, _) => Err(NotItsChild::Revoked),
        (DeviceStatus::Active, Some(at)) if at <= now => Err(NotItsChild::Expired(at)),
        (DeviceStatus::Active, _) => Ok(child),
    }
}

/// The same, admitted or not.
pub(crate) fn registered<'a>(
    snapshot: &'a Snapshot,
    gateway: &DeviceId,
    child: &str,
) -> Result<&'a Arc<Device>, NotItsChild> {
    let child = snapshot.device(child).ok_or(NotItsChild::Unknown)?;
    match child.gateway.as_ref() == Some(gateway) {
        true => Ok(child),
        false => Err(NotItsChild::Stranger),
    }
}
