//! A device goes from one agency to another, with its thing and all that the
//! thing has: the other devices that serve or served it, its datastreams with
//! their numbers, and its history. A gateway takes its children with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{AgencyId, DeviceId, ThingId};

use super::{Credential, Device};
use crate::registry::{Actor, Change, ErrorClass, OperationError, Registry, RowChange};
use crate::snapshot::Snapshot;
use crate::store::StoreError;
use crate::thing::Thing;

/// Devices that one change may hand over: some tens of milliseconds.
pub const MAX_DEVICES_TOGETHER: usize = 1_000;

/// Whose a device is, whose it is to be, and what becomes of its credentials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transfer {
    pub from: AgencyId,
    pub to: AgencyId,
    pub credentials: OldCredentials,
}

/// What becomes of the credentials that a device has when it is transferred.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OldCredentials {
    /// They are removed: the former agency knows them, or who has them.
    End,
    Keep,
}

/// Why a device was not transferred.
#[derive(Debug, thiserror::Error)]
pub enum TransferDeviceError {
    #[error("no device {0}")]
    Unknown(DeviceId),
    #[error("no agency {0}; create it first")]
    UnknownAgency(AgencyId),
    #[error(
        "device {device} is behind gateway {gateway}, which stays where it is: transfer the gateway, or take the device from it first (PATCH with \"gateway\": null)"
    )]
    BehindGateway { device: DeviceId, gateway: DeviceId },
    #[error(
        "more than {MAX_DEVICES_TOGETHER} devices hang together; take children from their gateway first (PATCH with \"gateway\": null)"
    )]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for TransferDeviceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-device",
            Self::UnknownAgency(_) => "unknown-agency",
            Self::BehindGateway { .. } => "device-behind-gateway",
            Self::TooMany => "too-many-devices",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::UnknownAgency(_) => ErrorClass::Invalid,
            Self::BehindGateway { .. } | Self::TooMany => ErrorClass::Conflict,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// From the agency that has it to another; to the same is to do nothing.
    pub fn transfer_device(
        &self,
        actor: &Actor,
        id: &DeviceId,
        transfer: &Transfer,
    ) -> Result<Arc<Device>, TransferDeviceError> {
        let Transfer {
            from,
            to,
            credentials,
        } = transfer;
        let _handing_over = self.owners.write();
        self.change(actor, |change| {
            let unknown = || TransferDeviceError::Unknown(id.clone());
            let device = change.draft.device(id.as_str()).cloned();
            // Another agency's by now: whoever gives it away has it no more.
            let device = device.filter(|device| device.agency == *from);
            let device = device.ok_or_else(unknown)?;
            if change.draft.agency(to).is_none() {
                return Err(TransferDeviceError::UnknownAgency(to.clone()));
            }
            if device.agency == *to {
                change.discard();
                return Ok(device);
            }
            let things = hanging_together(&change.draft, &device.thing)?;
            for thing in &things {
                hand_over(change, thing, to);
                if *credentials == OldCredentials::End {
                    end_credentials(change, thing);
                }
            }
            change.alters_rights();
            let device = change.draft.device(id.as_str()).cloned();
            device.ok_or_else(unknown)
        })
    }
}

/// The things that go together: of the devices of each, and of their children.
fn hanging_together(
    draft: &Snapshot,
    first: &ThingId,
) -> Result<BTreeSet<ThingId>, TransferDeviceError> {
    let mut things = BTreeSet::from([first.clone()]);
    let mut ahead = vec![first.clone()];
    let mut devices: BTreeSet<&DeviceId> = BTreeSet::new();
    while let Some(thing) = ahead.pop() {
        for device in draft.devices_of(&thing) {
            devices.insert(&device.id);
            for child in draft.children_of(&device.id) {
                if things.insert(child.thing.clone()) {
                    ahead.push(child.thing.clone());
                }
            }
            if devices.len() > MAX_DEVICES_TOGETHER || things.len() > MAX_DEVICES_TOGETHER {
                return Err(TransferDeviceError::TooMany);
            }
        }
    }
    for id in &devices {
        let gateway = draft
            .device(id.as_str())
            .and_then(|device| device.gateway.as_ref());
        if let Some(gateway) = gateway.filter(|gateway| !devices.contains(gateway)) {
            return Err(TransferDeviceError::BehindGateway {
                device: DeviceId::clone(id),
                gateway: gateway.clone(),
            });
        }
    }
    Ok(things)
}

fn end_credentials(change: &mut Change, thing: &ThingId) {
    let devices: Vec<Arc<Device>> = change.draft.devices_of(thing).cloned().collect();
    for device in devices {
        let mut device = Device::clone(&device);
        let credentials = std::mem::take(&mut device.credentials);
        let remove = |credential: Credential| RowChange::RemoveCredential {
            device: device.id.clone(),
            credential: credential.id,
        };
        change.write_all(credentials.into_iter().map(remove));
        change.draft.put_device(device);
    }
}

fn hand_over(change: &mut Change, id: &ThingId, to: &AgencyId) {
    let Some(mut thing) = change.draft.thing(id.as_str()).map(|it| Thing::clone(it)) else {
        return;
    };
    // An attribution that is the agency's name was never chosen.
    let name = |agency: &AgencyId| change.draft.agency(agency).map(|it| it.name.as_str());
    if Some(&*thing.attribution) == name(&thing.agency)
        && let Some(name) = name(to)
    {
        thing.attribution = name.into();
    }
    // The text that all things of an agency share is kept once.
    let agency = change.draft.agency(to).map_or(to, |agency| &agency.id);
    let owners = thing.transfer_to(agency.clone(), change.now);
    let thing = change.draft.put_thing(thing);
    change.refresh_thing(id);
    for device in &thing.devices {
        if let Some(device) = change.draft.device(device.as_str()).cloned() {
            change.write(RowChange::ChangeDevice(device));
        }
    }
    change.write(RowChange::ChangeThing(thing));
    change.write_all(owners);
}
