//! Who may be whose gateway. A gateway stands between its children and the
//! platform, of the same agency as they are, and never a child of another gateway:
//! so that "through whom" has one answer.

use domain::{AgencyId, DeviceId};

use super::DeviceStatus;
use crate::registry::ErrorClass;
use crate::snapshot::Snapshot;

/// Why a device is not the gateway of another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    #[error("no device {0} to be the gateway; register the gateway before its children")]
    Unknown(DeviceId),
    #[error("gateway {0} is revoked, and publishes for nobody")]
    Revoked(DeviceId),
    #[error("gateway {gateway} belongs to agency {owner}; its children belong to the same")]
    OfAnother { gateway: DeviceId, owner: AgencyId },
    #[error("device {0} cannot be its own gateway")]
    Itself(DeviceId),
    #[error("device {gateway} is behind gateway {above} itself; gateways do not stand in a chain")]
    IsChild { gateway: DeviceId, above: DeviceId },
    #[error(
        "device {device} is the gateway of {child}, so it has none itself; gateways do not stand in a chain"
    )]
    IsGateway { device: DeviceId, child: DeviceId },
}

impl GatewayError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-gateway",
            Self::Revoked(_) => "gateway-revoked",
            Self::OfAnother { .. } => "gateway-of-another-agency",
            Self::Itself(_) | Self::IsChild { .. } | Self::IsGateway { .. } => "gateway-chain",
        }
    }

    pub(super) fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) | Self::Itself(_) => ErrorClass::Invalid,
            _ => ErrorClass::Conflict,
        }
    }
}

/// Whether `gateway` may publish for `device`, which may be new.
pub(super) fn check_gateway(
    draft: &Snapshot,
    device: &DeviceId,
    agency: &AgencyId,
    gateway: &DeviceId,
) -> Result<(), GatewayError> {
    if device == gateway {
        return Err(GatewayError::Itself(device.clone()));
    }
    let Some(found) = draft.device(gateway.as_str()) else {
        return Err(GatewayError::Unknown(gateway.clone()));
    };
    if found.agency != *agency {
        return Err(GatewayError::OfAnother {
            gateway: gateway.clone(),
            owner: found.agency.clone(),
        });
    }
    if found.status == DeviceStatus::Revoked {
        return Err(GatewayError::Revoked(gateway.clone()));
    }
    if let Some(above) = &found.gateway {
        return Err(GatewayError::IsChild {
            gateway: gateway.clone(),
            above: above.clone(),
        });
    }
    match draft.children_of(device).next() {
        Some(child) => Err(GatewayError::IsGateway {
            device: device.clone(),
            child: child.id.clone(),
        }),
        None => Ok(()),
    }
}
