//! The registry's refusals in the words that the caller may read: what an
//! agency has of which it sees nothing is told as what is not there.

use device_registry::{
    CreateClaimError, Device, GatewayError, OperationError, PatchDeviceError, RegisterDeviceError,
    Snapshot,
};
use http_edge::{Problem, ProblemKind};

use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;

/// Why a device was not registered.
pub(super) fn not_registered(
    permitted: &Permitted,
    snapshot: &Snapshot,
    error: RegisterDeviceError,
) -> Problem {
    let code = error.code();
    let is_seen = |device: &Device| permitted.sees(&device.agency);
    registry_problem(&match error {
        RegisterDeviceError::Gateway(error) => gateway(permitted, error).into(),
        RegisterDeviceError::ThingOfAnother { thing, owner } if !permitted.sees(&owner) => {
            RegisterDeviceError::UnknownThing(thing)
        }
        RegisterDeviceError::Reserved { device, agency, .. } if !permitted.sees(&agency) => {
            RegisterDeviceError::Exists(device)
        }
        // An alias is given once on the whole platform, so that it is taken shows.
        // Whose it is may not be registered yet: an import brings it in.
        RegisterDeviceError::AliasTaken { alias, device }
            if snapshot
                .device(device.as_str())
                .is_none_or(|it| !is_seen(it)) =>
        {
            let detail = format!("alias {alias} is taken");
            return Problem::new(ProblemKind::CONFLICT, detail).with("code", code);
        }
        error => error,
    })
}

/// Why a claim was not made.
pub(in crate::endpoints) fn no_claim(permitted: &Permitted, error: CreateClaimError) -> Problem {
    registry_problem(&match error {
        CreateClaimError::Reserved { device, agency, .. } if !permitted.sees(&agency) => {
            CreateClaimError::DeviceExists(device)
        }
        error => error,
    })
}

/// Why a device was not changed.
pub(super) fn not_patched(permitted: &Permitted, error: PatchDeviceError) -> Problem {
    registry_problem(&match error {
        PatchDeviceError::Gateway(error) => gateway(permitted, error).into(),
        error => error,
    })
}

fn gateway(permitted: &Permitted, error: GatewayError) -> GatewayError {
    match error {
        GatewayError::OfAnother { gateway, owner } if !permitted.sees(&owner) => {
            GatewayError::Unknown(gateway)
        }
        error => error,
    }
}
