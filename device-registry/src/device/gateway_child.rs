//! A gateway speaks for its children: the devices whose registration names it.

use std::sync::Arc;

use domain::{DeviceId, Timestamp};

use super::{Device, DeviceStatus};
use crate::snapshot::Snapshot;

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
                "register the child with `gateway` set to this device's id, or correct the child's id in the topic or path"
            }
            Self::Stranger => "set `gateway` of the child's registration to this device's id",
            Self::Revoked => {
                "revocation is final: let the gateway leave the child out, or register a new one for it, with `thing` set to keep the datastreams"
            }
            Self::Expired(_) => "set a later `expires` on the child",
        }
    }
}

impl Snapshot {
    /// The child that `gateway` may speak for. Whether the gateway itself is
    /// admitted is for its own login to say.
    pub fn admitted_child(
        &self,
        gateway: &DeviceId,
        child: &str,
        now: Timestamp,
    ) -> Result<&Arc<Device>, NotItsChild> {
        let child = self.registered_child(gateway, child)?;
        match (child.status, child.expires) {
            (DeviceStatus::Revoked, _) => Err(NotItsChild::Revoked),
            (DeviceStatus::Active, Some(at)) if at <= now => Err(NotItsChild::Expired(at)),
            (DeviceStatus::Active, _) => Ok(child),
        }
    }

    /// The same, admitted or not.
    pub fn registered_child(
        &self,
        gateway: &DeviceId,
        child: &str,
    ) -> Result<&Arc<Device>, NotItsChild> {
        let child = self.device(child).ok_or(NotItsChild::Unknown)?;
        if child.gateway.as_ref() == Some(gateway) {
            Ok(child)
        } else {
            Err(NotItsChild::Stranger)
        }
    }
}
