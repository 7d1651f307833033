//! A batch: a credential that a maker puts into many devices, and that each of
//! them changes for its own key when it is first switched on.
//!
//! Its text is `mdb_{id}_{secret}_{checksum}`, where id has 21 characters, the
//! secret 43 (256 bits) and the checksum 6.

use std::net::IpAddr;
use std::sync::Arc;

use domain::{AgencyId, BatchId, DeviceId, ModelId, Timestamp};

use super::{EnrolDeviceError, Enrolment, Ticket, is_the_same, lasts_at_most};
use crate::device::{Device, register};
use crate::label::{self, LabelError};
use crate::model::UnusableModel;
use crate::registry::{
    Actor, Change, EndError, ErrorClass, Means, OperationError, Registry, RowChange, Who,
};
use crate::secret::{self, RandomError, SECRET_CHARS, checksum_base62, random_base62};
use crate::store::StoreError;

/// Batches of one agency that are kept, ended ones too: of those the oldest is
/// forgotten.
pub const MAX_BATCHES: usize = 200;
/// The longest life of a batch.
const MAX_LIFE_DAYS: i64 = 2 * 366;
/// Devices of one batch.
pub const MAX_BATCH_DEVICES: u32 = 100_000;
const PREFIX: &str = "mdb_";

/// A credential that opens the enrolment and nothing else.
#[derive(Clone, PartialEq, Debug)]
pub struct Batch {
    /// In order of making.
    pub id: BatchId,
    pub agency: AgencyId,
    pub model: ModelId,
    /// What the ids of its devices begin with: whoever gets hold of the
    /// credential takes no other.
    pub id_prefix: Option<DeviceId>,
    pub name: String,
    /// Devices that it may enrol, and those that it has.
    pub most: u32,
    pub enrolled: u32,
    pub created: Timestamp,
    pub expires: Timestamp,
    pub revoked: Option<Timestamp>,
    /// Of the credential, under the registry's pepper.
    pub(crate) hmac: [u8; 32],
}

impl Batch {
    /// Why it enrols nobody any more, if so.
    pub fn ended(&self, now: Timestamp) -> Option<EnrolDeviceError> {
        if let Some(at) = self.revoked {
            return Some(EnrolDeviceError::Revoked(Ticket::Batch, at));
        }
        let expired = self.expires <= now;
        expired.then(|| EnrolDeviceError::Expired(Ticket::Batch, self.expires))
    }
}

/// What a batch is made with.
#[derive(Clone, PartialEq, Debug)]
pub struct NewBatch {
    pub agency: AgencyId,
    pub model: ModelId,
    pub id_prefix: Option<DeviceId>,
    pub name: String,
    pub most: u32,
    pub expires: Timestamp,
}

/// A new batch: the only time that its credential can be read.
#[derive(Clone, PartialEq)]
pub struct IssuedBatch {
    pub batch: Arc<Batch>,
    pub credential: String,
}

/// Why a batch was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateBatchError {
    #[error("no agency {0}; create it first")]
    UnknownAgency(AgencyId),
    #[error(transparent)]
    Model(#[from] UnusableModel),
    #[error("a batch enrols 1 to {MAX_BATCH_DEVICES} devices")]
    Devices,
    #[error("a batch ends at a time to come, at most {MAX_LIFE_DAYS} days ahead")]
    Ended,
    #[error(transparent)]
    Label(#[from] LabelError),
    #[error("the agency has {MAX_BATCHES} batches; revoke those that are not used")]
    Full,
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for CreateBatchError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownAgency(_) => "unknown-agency",
            Self::Model(error) => error.code(),
            Self::Devices => "invalid-number",
            Self::Ended => "ended",
            Self::Label(_) => "invalid-text",
            Self::Full => "too-many-batches",
            Self::Random(_) | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Full => ErrorClass::Conflict,
            Self::Random(_) | Self::Store(_) => ErrorClass::Fault,
            _ => ErrorClass::Invalid,
        }
    }
}

impl Registry {
    pub fn create_batch(
        &self,
        actor: &Actor,
        new: NewBatch,
    ) -> Result<IssuedBatch, CreateBatchError> {
        label::optional("name", &new.name)?;
        if !(1..=MAX_BATCH_DEVICES).contains(&new.most) {
            return Err(CreateBatchError::Devices);
        }
        let id = secret::sortable_id(self.now())?;
        let body = format!("{PREFIX}{id}_{}", random_base62::<SECRET_CHARS>()?);
        let credential = format!("{body}_{}", checksum_base62(&body));
        let hmac = self.pepper.hmac(credential.as_bytes());
        let id = BatchId::new(id).expect("hex and base 62 are within the alphabet of ids");
        let batch = self.change(actor, |change| {
            check(change, &new)?;
            make_room(change, &new.agency)?;
            let batch = Arc::new(Batch {
                id,
                agency: new.agency,
                model: new.model,
                id_prefix: new.id_prefix,
                name: new.name,
                most: new.most,
                enrolled: 0,
                created: change.now,
                expires: new.expires,
                revoked: None,
                hmac,
            });
            change.draft.put_batch(Arc::clone(&batch));
            change.write(RowChange::AddBatch(Arc::clone(&batch)));
            Ok::<_, CreateBatchError>(batch)
        })?;
        Ok(IssuedBatch { batch, credential })
    }

    /// Enrols nobody any more; devices that it has enrolled stay. Revoking twice
    /// is as once.
    pub fn revoke_batch(&self, actor: &Actor, id: &BatchId) -> Result<(), EndError<BatchId>> {
        self.change(actor, |change| {
            let Some(standing) = change.draft.batch(id.as_str()) else {
                return Err(EndError::Unknown(id.clone()));
            };
            if standing.revoked.is_some() {
                change.discard();
                return Ok(());
            }
            let mut revoked = Batch::clone(standing);
            revoked.revoked = Some(change.now);
            // Devices that are about to enrol may be connected with it.
            change.alters_rights();
            write(change, revoked);
            Ok(())
        })
    }

    /// The batch of a credential, whether or not it can still be used. Reads the
    /// snapshot only.
    pub fn authenticate_batch(&self, credential: &str) -> Result<Arc<Batch>, EnrolDeviceError> {
        let id = batch_id(credential)?;
        let snapshot = self.snapshot();
        let unknown = || EnrolDeviceError::Unknown(Ticket::Batch);
        let batch = snapshot.batch(id).ok_or_else(unknown)?;
        let offered = self.pepper.hmac(credential.as_bytes());
        if !secret::same(&offered, &batch.hmac) {
            return Err(unknown());
        }
        Ok(Arc::clone(batch))
    }

    /// Registers a device of the batch with its own key. The same device with
    /// the same key again gets the same answer, and counts once.
    pub fn enrol_device(
        &self,
        address: Option<IpAddr>,
        batch: &BatchId,
        enrolment: Enrolment,
    ) -> Result<Arc<Device>, EnrolDeviceError> {
        let unknown = || EnrolDeviceError::Unknown(Ticket::Batch);
        let standing = self.snapshot().batch(batch.as_str()).cloned();
        let standing = standing.ok_or_else(unknown)?;
        let id = enrolment.id.clone().ok_or(EnrolDeviceError::IdMissing)?;
        if let Some(prefix) = &standing.id_prefix
            && !id.as_str().starts_with(prefix.as_str())
        {
            return Err(EnrolDeviceError::OtherPrefix(prefix.clone()));
        }
        let new = enrolment.check(id, &standing.agency, &standing.model, &self.pepper)?;
        let actor = Actor {
            who: Who::Devices,
            address,
            means: Means::Batch(batch.clone()),
        };
        self.change(&actor, |change| {
            let batch = change.draft.batch(batch.as_str()).cloned();
            let batch = batch.ok_or_else(unknown)?;
            if let Some(ended) = batch.ended(change.now) {
                return Err(ended);
            }
            let found = change.draft.device(new.new.id.as_str()).cloned();
            if let Some(device) = found.filter(|device| is_the_same(device, &new)) {
                change.discard();
                return Ok(device);
            }
            if batch.enrolled >= batch.most {
                return Err(EnrolDeviceError::Full(batch.most));
            }
            let device = register(change, &new, None)?;
            let mut counted = Batch::clone(&batch);
            counted.enrolled += 1;
            write(change, counted);
            Ok(device)
        })
    }
}

fn write(change: &mut Change, batch: Batch) {
    let batch = Arc::new(batch);
    change.draft.put_batch(Arc::clone(&batch));
    change.write(RowChange::ChangeBatch(batch));
}

fn check(change: &Change, new: &NewBatch) -> Result<(), CreateBatchError> {
    let draft = &change.draft;
    if draft.agency(&new.agency).is_none() {
        return Err(CreateBatchError::UnknownAgency(new.agency.clone()));
    }
    draft.usable_model(&new.agency, &new.model)?;
    if !lasts_at_most(change.now, new.expires, MAX_LIFE_DAYS) {
        return Err(CreateBatchError::Ended);
    }
    Ok(())
}

/// At the limit the agency's oldest that has ended is forgotten.
fn make_room(change: &mut Change, agency: &AgencyId) -> Result<(), CreateBatchError> {
    let of_agency = |batch: &&Arc<Batch>| batch.agency == *agency;
    if change.draft.batches(None).filter(of_agency).count() < MAX_BATCHES {
        return Ok(());
    }
    let now = change.now;
    let ended = change
        .draft
        .batches(None)
        .filter(of_agency)
        .find(|batch| batch.revoked.is_some() || batch.expires <= now)
        .map(|batch| batch.id.clone())
        .ok_or(CreateBatchError::Full)?;
    change.draft.remove_batch(&ended);
    change.write(RowChange::RemoveBatch(ended));
    Ok(())
}

/// The id in a credential that was copied whole.
fn batch_id(credential: &str) -> Result<&str, EnrolDeviceError> {
    let form = || EnrolDeviceError::Form(Ticket::Batch);
    let (body, checksum) = credential.rsplit_once('_').ok_or_else(form)?;
    let rest = body.strip_prefix(PREFIX).ok_or_else(form)?;
    let (id, secret) = rest.split_once('_').ok_or_else(form)?;
    if secret.len() != SECRET_CHARS {
        return Err(form());
    }
    if checksum_base62(body) != checksum {
        return Err(EnrolDeviceError::Checksum(Ticket::Batch));
    }
    Ok(id)
}
