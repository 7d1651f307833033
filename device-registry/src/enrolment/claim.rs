//! A claim: the right to put one device into service, by a code that is shown
//! once.

use std::net::IpAddr;
use std::sync::Arc;

use domain::{AgencyId, ClaimId, DeviceId, ModelId, Timestamp};

use super::claim_code::{self, CodeError};
use super::{EnrolDeviceError, Enrolment, Ticket, is_the_same, lasts_at_most};
use crate::device::{Device, register};
use crate::label::{self, LabelError};
use crate::model::UnusableModel;
use crate::registry::{Actor, Change, ErrorClass, Means, OperationError, Registry, RowChange, Who};
use crate::secret::{self, RandomError};
use crate::store::StoreError;

/// Claims of all agencies that are kept, ended ones too: of those some are
/// forgotten, the oldest that were used or revoked first.
pub const MAX_CLAIMS: usize = 100_000;
/// Of one agency.
pub const MAX_AGENCY_CLAIMS: usize = 20_000;
/// Of one agency, that are open.
pub const MAX_OPEN_CLAIMS: usize = 10_000;
/// The longest life of a claim.
const MAX_LIFE_DAYS: i64 = 366;
/// Ended claims that are forgotten at once.
const FORGOTTEN_AT_ONCE: usize = 256;

/// The right to put one device into service.
#[derive(Clone, PartialEq, Debug)]
pub struct Claim {
    /// In order of making.
    pub id: ClaimId,
    pub agency: AgencyId,
    pub model: ModelId,
    /// The id that the device will have; `None`: the installer says.
    pub device: Option<DeviceId>,
    /// What the installer is to know, as the place.
    pub note: String,
    pub created: Timestamp,
    pub expires: Timestamp,
    pub revoked: Option<Timestamp>,
    pub used: Option<ClaimUse>,
    /// Of the code, under the registry's pepper.
    pub(crate) hmac: [u8; 32],
}

/// When and for which device a claim was used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClaimUse {
    pub at: Timestamp,
    pub device: DeviceId,
}

/// Whether a claim can still be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClaimState {
    Open,
    Used,
    Revoked,
    Expired,
}

impl ClaimState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

impl Claim {
    pub fn state(&self, now: Timestamp) -> ClaimState {
        if self.used.is_some() {
            ClaimState::Used
        } else if self.revoked.is_some() {
            ClaimState::Revoked
        } else if self.expires <= now {
            ClaimState::Expired
        } else {
            ClaimState::Open
        }
    }
}

/// What a claim is made with.
#[derive(Clone, PartialEq, Debug)]
pub struct NewClaim {
    pub agency: AgencyId,
    pub model: ModelId,
    pub device: Option<DeviceId>,
    pub note: String,
    pub expires: Timestamp,
}

/// A new claim: the only time that its code can be read.
#[derive(Clone, PartialEq)]
pub struct IssuedClaim {
    pub claim: Arc<Claim>,
    /// As `7KQ4-WM2X-9CRT`.
    pub code: String,
}

/// Why a claim was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateClaimError {
    #[error("no agency {0}; create it first")]
    UnknownAgency(AgencyId),
    #[error(transparent)]
    Model(#[from] UnusableModel),
    #[error("device {0} exists; an id is never given twice")]
    DeviceExists(DeviceId),
    #[error(
        "claim {claim} of agency {agency} is for device {device} already; revoke that claim first"
    )]
    Reserved {
        device: DeviceId,
        claim: ClaimId,
        agency: AgencyId,
    },
    #[error("a claim ends at a time to come, at most {MAX_LIFE_DAYS} days ahead")]
    Ended,
    #[error(transparent)]
    Label(#[from] LabelError),
    #[error("there are too many open claims; revoke those that nobody will use")]
    Full,
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for CreateClaimError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownAgency(_) => "unknown-agency",
            Self::Model(error) => error.code(),
            Self::DeviceExists(_) => "device-exists",
            Self::Reserved { .. } => "device-reserved",
            Self::Ended => "ended",
            Self::Label(_) => "invalid-text",
            Self::Full => "too-many-claims",
            Self::Random(_) | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::DeviceExists(_) | Self::Reserved { .. } | Self::Full => ErrorClass::Conflict,
            Self::Random(_) | Self::Store(_) => ErrorClass::Fault,
            _ => ErrorClass::Invalid,
        }
    }
}

/// Why a claim was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeClaimError {
    #[error("no claim {0}")]
    Unknown(ClaimId),
    #[error("claim {0} was used; revoke its device instead")]
    Used(ClaimId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for RevokeClaimError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-claim",
            Self::Used(_) => "claim-used",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Used(_) => ErrorClass::Conflict,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn create_claim(
        &self,
        actor: &Actor,
        new: NewClaim,
    ) -> Result<IssuedClaim, CreateClaimError> {
        label::optional("note", &new.note)?;
        let code = claim_code::make()?;
        let hmac = self.pepper.hmac(code.as_bytes());
        let id = secret::sortable_id(self.now())?;
        let id = ClaimId::new(id).expect("hex and base 62 are within the alphabet of ids");
        let claim = self.change(actor, |change| {
            check(change, &new)?;
            make_room(change, &new.agency)?;
            let claim = Arc::new(Claim {
                id,
                agency: new.agency,
                model: new.model,
                device: new.device,
                note: new.note,
                created: change.now,
                expires: new.expires,
                revoked: None,
                used: None,
                hmac,
            });
            change.draft.put_claim(Arc::clone(&claim));
            change.write(RowChange::AddClaim(Arc::clone(&claim)));
            Ok::<_, CreateClaimError>(claim)
        })?;
        Ok(IssuedClaim {
            claim,
            code: claim_code::in_groups(&code),
        })
    }

    /// Revoking twice is as once.
    pub fn revoke_claim(&self, actor: &Actor, id: &ClaimId) -> Result<(), RevokeClaimError> {
        self.change(actor, |change| {
            let Some(standing) = change.draft.claim(id.as_str()) else {
                return Err(RevokeClaimError::Unknown(id.clone()));
            };
            if standing.used.is_some() {
                return Err(RevokeClaimError::Used(id.clone()));
            }
            if standing.revoked.is_some() {
                change.discard();
                return Ok(());
            }
            let mut revoked = Claim::clone(standing);
            revoked.revoked = Some(change.now);
            write(change, revoked);
            Ok(())
        })
    }

    /// The claim of a code as somebody typed it, whether or not it can be used.
    pub(super) fn claim_of_code(&self, code: &str) -> Result<Arc<Claim>, EnrolDeviceError> {
        let code = claim_code::parse(code).map_err(|error| match error {
            CodeError::Form => EnrolDeviceError::Form(Ticket::Claim),
            CodeError::Checksum => EnrolDeviceError::Checksum(Ticket::Claim),
        })?;
        let hmac = self.pepper.hmac(code.as_bytes());
        let claim = self.snapshot().claim_of_code(&hmac).cloned();
        claim.ok_or(EnrolDeviceError::Unknown(Ticket::Claim))
    }

    /// Puts a device into service with the claim of `code`, for whoever has it.
    /// The same device with the same key again gets the same answer.
    pub fn redeem_claim(
        &self,
        address: Option<IpAddr>,
        code: &str,
        enrolment: Enrolment,
    ) -> Result<Arc<Device>, EnrolDeviceError> {
        let claim = self.claim_of_code(code)?;
        let hmac = claim.hmac;
        let unknown = || EnrolDeviceError::Unknown(Ticket::Claim);
        let id = match (&claim.device, &enrolment.id) {
            (Some(own), Some(other)) if own != other => {
                return Err(EnrolDeviceError::OtherId(own.clone()));
            }
            (Some(id), _) | (None, Some(id)) => id.clone(),
            (None, None) => return Err(EnrolDeviceError::IdMissing),
        };
        let new = enrolment.check(id, &claim.agency, &claim.model, &self.pepper)?;
        let actor = Actor {
            who: Who::Anonymous,
            address,
            means: Means::Claim(claim.id.clone()),
        };
        self.change(&actor, |change| {
            // As it is now: somebody else may have been quicker.
            let claim = change.draft.claim_of_code(&hmac).cloned();
            let claim = claim.ok_or_else(unknown)?;
            if let Some(used) = &claim.used {
                let device = change.draft.device(used.device.as_str());
                let same = device.filter(|it| it.id == new.new.id && is_the_same(it, &new));
                let device = same.cloned();
                change.discard();
                return device.ok_or(EnrolDeviceError::Used(used.at));
            }
            if let Some(at) = claim.revoked {
                return Err(EnrolDeviceError::Revoked(Ticket::Claim, at));
            }
            if claim.expires <= change.now {
                return Err(EnrolDeviceError::Expired(Ticket::Claim, claim.expires));
            }
            let mut used = Claim::clone(&claim);
            used.used = Some(ClaimUse {
                at: change.now,
                device: new.new.id.clone(),
            });
            // First of all: the id is not reserved for others any more.
            change.draft.put_claim(Arc::new(used.clone()));
            let device = register(change, &new, None)?;
            // Its row refers to the device's.
            write(change, used);
            Ok(device)
        })
    }
}

fn write(change: &mut Change, claim: Claim) {
    let claim = Arc::new(claim);
    change.draft.put_claim(Arc::clone(&claim));
    change.write(RowChange::ChangeClaim(claim));
}

fn check(change: &Change, new: &NewClaim) -> Result<(), CreateClaimError> {
    let draft = &change.draft;
    if draft.agency(&new.agency).is_none() {
        return Err(CreateClaimError::UnknownAgency(new.agency.clone()));
    }
    draft.usable_model(&new.agency, &new.model)?;
    if let Some(device) = &new.device {
        if draft.is_taken(device) {
            return Err(CreateClaimError::DeviceExists(device.clone()));
        }
        if let Some(claim) = draft.claim_for(device, change.now) {
            return Err(CreateClaimError::Reserved {
                device: device.clone(),
                claim: claim.id.clone(),
                agency: claim.agency.clone(),
            });
        }
    }
    if !lasts_at_most(change.now, new.expires, MAX_LIFE_DAYS) {
        return Err(CreateClaimError::Ended);
    }
    if draft.has_open_claims(&new.agency, MAX_OPEN_CLAIMS, change.now) {
        return Err(CreateClaimError::Full);
    }
    Ok(())
}

/// At the agency's limit some of its claims that have ended are forgotten, at
/// the platform's some of all.
fn make_room(change: &mut Change, agency: &AgencyId) -> Result<(), CreateClaimError> {
    let draft = &change.draft;
    let agency_is_full = draft.claim_count_of(agency) >= MAX_AGENCY_CLAIMS;
    if !agency_is_full && draft.claim_count() < MAX_CLAIMS {
        return Ok(());
    }
    let ended: Vec<Arc<Claim>> = draft
        .ended_claims(agency_is_full.then_some(agency), change.now)
        .take(FORGOTTEN_AT_ONCE)
        .cloned()
        .collect();
    if ended.is_empty() {
        return Err(CreateClaimError::Full);
    }
    for claim in ended {
        change.draft.remove_claim(&claim);
        change.write(RowChange::RemoveClaim(claim.id.clone()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
