//! Ways for a device into service without an operator beside it: a claim code
//! for one device, which an installer types or scans; a batch credential, which
//! opens the enrolment of many and nothing else, and which each device changes
//! for its own key.
//!
//! Both say whose the device will be and of which model, both end, and of both
//! the registry keeps a keyed hash.

mod batch;
mod claim;
mod claim_code;
mod error;
mod receipt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{AgencyId, DeviceId, Location, ModelId, Timestamp};

use crate::device::{
    Checked, CredentialProof, Device, DeviceStatus, MAX_CREDENTIALS, NewDevice, NewKey,
    RegisterDeviceError,
};
use crate::secret::{Pepper, SECRET_BYTES};

pub use batch::{Batch, CreateBatchError, IssuedBatch, MAX_BATCH_DEVICES, MAX_BATCHES, NewBatch};
pub use claim::{
    Claim, ClaimState, ClaimUse, CreateClaimError, IssuedClaim, MAX_AGENCY_CLAIMS, MAX_CLAIMS,
    MAX_OPEN_CLAIMS, NewClaim, RevokeClaimError,
};
pub use error::{EnrolDeviceError, Ticket};

/// What a device, or who installs it, brings along.
#[derive(Clone, PartialEq, Debug)]
pub struct Enrolment {
    /// `None`: as the claim says.
    pub id: Option<DeviceId>,
    /// Empty: the device's id.
    pub name: String,
    pub alias: Option<String>,
    pub location: Option<Location>,
    /// What the installer writes of the place.
    pub note: Option<String>,
    /// From then on the device proves itself with them: one at least, or a
    /// password.
    pub keys: Vec<NewKey>,
    /// 256 bits in base64url, made by whoever asks: an answer that was lost
    /// takes no password with it.
    pub password: Option<String>,
}

impl Enrolment {
    /// The device that it makes for an agency.
    fn check(
        self,
        id: DeviceId,
        agency: &AgencyId,
        model: &ModelId,
        pepper: &Pepper,
    ) -> Result<Checked, EnrolDeviceError> {
        if self.keys.is_empty() && self.password.is_none() {
            return Err(EnrolDeviceError::KeyMissing);
        }
        let mut new = NewDevice::new(id, agency.clone(), model.clone());
        new.name = self.name;
        new.alias = self.alias;
        new.location = self.location;
        new.keys = self.keys;
        new.description.note = self.note;
        let mut checked = Checked::new(new)?;
        if let Some(password) = self.password {
            if checked.keys.len() >= MAX_CREDENTIALS {
                return Err(RegisterDeviceError::TooManyKeys.into());
            }
            let secret = URL_SAFE_NO_PAD.decode(&password);
            if !secret.is_ok_and(|secret| secret.len() == SECRET_BYTES) {
                return Err(EnrolDeviceError::PasswordForm);
            }
            let hmac = pepper.hmac(password.as_bytes());
            let networks = Box::default();
            let proof = CredentialProof::Password { hmac, networks };
            checked.keys.push((proof, None));
        }
        Ok(checked)
    }
}

/// Whether `device` is what `new` would make: its answer was lost, and it asks
/// again.
fn is_the_same(device: &Device, new: &Checked) -> bool {
    let has = |proof: &CredentialProof| device.credentials.iter().any(|it| it.proof == *proof);
    device.status == DeviceStatus::Active
        && device.agency == new.new.agency
        && new.keys.iter().all(|(proof, _)| has(proof))
}

/// Whether `end` is to come, and no more than so many days ahead.
fn lasts_at_most(now: Timestamp, end: Timestamp, days: i64) -> bool {
    const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
    let lasts = end.as_micros().saturating_sub(now.as_micros());
    (1..=days * DAY_MICROS).contains(&lasts)
}
