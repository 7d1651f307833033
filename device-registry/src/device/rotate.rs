//! A device's credentials change over: the next key beside the one that stands,
//! which ends a while later. The device begins it, or an operator, who gives a
//! credential an end.

use std::net::IpAddr;

use domain::{CredentialId, DeviceId, Timestamp};

use super::change_credentials::add;
use super::{AddCredentialError, Credential, Device, DeviceLogin, NewKey, RemoveCredentialError};
use crate::registry::{Actor, Change, Means, Registry, RowChange, Who};

/// Days for which the old credential holds beside the next key, where the
/// device does not say.
pub const USUAL_OVERLAP_DAYS: u32 = 30;
/// The most that it may say.
pub const MAX_OVERLAP_DAYS: u32 = 90;
pub(crate) const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

impl Registry {
    /// Adds the next key of the device that has logged in, and ends the
    /// credential that it has logged in with after `overlap_days`, 1 to
    /// [`MAX_OVERLAP_DAYS`], where it does not end sooner: then the next key ends
    /// with it, since a device gives itself no longer a right than it was given.
    /// The same key again changes nothing.
    pub fn rotate_key(
        &self,
        login: &DeviceLogin,
        address: Option<IpAddr>,
        next: &NewKey,
        overlap_days: u32,
    ) -> Result<Credential, AddCredentialError> {
        let proof = next.parse()?;
        let id = login.id();
        let actor = Actor {
            who: Who::Devices,
            address,
            means: Means::Device(id.clone()),
        };
        self.change(&actor, |change| {
            // It may have lost its right since it has logged in.
            login
                .current(self, change.now)
                .map_err(AddCredentialError::NotAdmitted)?;
            let standing = change.draft.device(id.as_str());
            let credentials = standing.iter().flat_map(|device| &device.credentials);
            let known = credentials.clone().find(|other| other.proof == proof);
            let own = credentials
                .clone()
                .find(|other| other.id == login.credential());
            let end = own.and_then(|own| own.expires);
            let known = known.cloned();
            if let Some(known) = known {
                change.discard();
                return Ok(known);
            }
            let added = add(change, id, proof, end)?;
            let overlap = i64::from(overlap_days.clamp(1, MAX_OVERLAP_DAYS)) * DAY_MICROS;
            let end = change.now.as_micros().saturating_add(overlap);
            end_at(change, id, login.credential(), |standing| {
                let end = Timestamp::from_micros(end);
                Some(standing.map_or(end, |standing| standing.min(end)))
            });
            Ok(added)
        })
    }

    /// Gives a credential another end, or none.
    pub fn end_credential(
        &self,
        actor: &Actor,
        device: &DeviceId,
        credential: CredentialId,
        expires: Option<Timestamp>,
    ) -> Result<Credential, RemoveCredentialError> {
        self.change(actor, |change| {
            if change.draft.device(device.as_str()).is_none() {
                return Err(RemoveCredentialError::UnknownDevice(device.clone()));
            }
            end_at(change, device, credential, |_| expires).ok_or_else(|| {
                RemoveCredentialError::UnknownCredential {
                    device: device.clone(),
                    credential,
                }
            })
        })
    }
}

/// The credential with its new end; `None` where the device has it not.
fn end_at(
    change: &mut Change,
    id: &DeviceId,
    credential: CredentialId,
    end: impl FnOnce(Option<Timestamp>) -> Option<Timestamp>,
) -> Option<Credential> {
    let mut device = Device::clone(change.draft.device(id.as_str())?);
    let mut credentials = device.credentials.iter_mut();
    let found = credentials.find(|other| other.id == credential)?;
    found.expires = end(found.expires);
    let changed = found.clone();
    change.write(RowChange::EndCredential {
        device: id.clone(),
        credential,
        expires: changed.expires,
    });
    change.draft.put_device(device);
    change.alters_rights();
    Some(changed)
}
