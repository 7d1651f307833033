//! Shares are made, given another end and taken away.

use std::sync::Arc;

use domain::{AgencyId, GroupId, ModelId, ShareId, Timestamp};

use super::{Position, Share, SharedWhat};
use crate::registry::{Actor, Change, EndError, ErrorClass, OperationError, Registry, RowChange};
use crate::secret::{self, RandomError};
use crate::store::StoreError;

/// Shares that one agency gives, those that have ended too.
pub const MAX_SHARES_OF_AGENCY: usize = 1_000;

/// What a share is made from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewShare {
    pub giver: AgencyId,
    pub receiver: AgencyId,
    pub what: SharedWhat,
    pub position: Position,
    pub until: Option<Timestamp>,
}

/// Why nothing is shared.
#[derive(Debug, thiserror::Error)]
pub enum CreateShareError {
    #[error("no agency {0}")]
    UnknownAgency(AgencyId),
    #[error("agency {0} reads its own data already")]
    WithItself(AgencyId),
    #[error("no model {0}; GET /v1/models lists them")]
    UnknownModel(ModelId),
    #[error("agency {agency} has no group {group}; GET /v1/groups lists them")]
    UnknownGroup { agency: AgencyId, group: GroupId },
    #[error("a share ends at a time to come, or where \"until\" is left out when it is removed")]
    Ended,
    #[error("share {0} shares this already: change its end, or remove it first")]
    Exists(ShareId),
    #[error("the agency has {MAX_SHARES_OF_AGENCY} shares; remove those that have ended")]
    Full,
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a share has no other end.
#[derive(Debug, thiserror::Error)]
pub enum EndShareError {
    #[error("no share {0}")]
    Unknown(ShareId),
    #[error("a share ends at a time to come; to end it at once, remove it (DELETE)")]
    Ended,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for CreateShareError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownAgency(_) => "unknown-agency",
            Self::WithItself(_) => "share-with-itself",
            Self::UnknownModel(_) => "unknown-model",
            Self::UnknownGroup { .. } => "unknown-group",
            Self::Ended => "ended",
            Self::Exists(_) => "share-exists",
            Self::Full => "too-many-shares",
            Self::Random(_) | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Exists(_) | Self::Full => ErrorClass::Conflict,
            Self::Random(_) | Self::Store(_) => ErrorClass::Fault,
            _ => ErrorClass::Invalid,
        }
    }
}

impl OperationError for EndShareError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-share",
            Self::Ended => "ended",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Ended => ErrorClass::Invalid,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn create_share(
        &self,
        actor: &Actor,
        new: NewShare,
    ) -> Result<Arc<Share>, CreateShareError> {
        let id = secret::sortable_id(self.now())?;
        let id = ShareId::new(id).expect("hex and base 62 are within the alphabet of ids");
        self.change(actor, |change| {
            check(change, &new)?;
            // The text that all of an agency share is kept once.
            let draft = &change.draft;
            let kept = |id: &AgencyId| draft.agency(id).map_or(id, |agency| &agency.id).clone();
            let share = Arc::new(Share {
                id,
                giver: kept(&new.giver),
                receiver: kept(&new.receiver),
                what: new.what,
                position: new.position,
                until: new.until,
                created: change.now,
            });
            put(change, &share);
            Ok(share)
        })
    }

    /// `None`: it goes on until it is removed.
    pub fn end_share(
        &self,
        actor: &Actor,
        id: &ShareId,
        until: Option<Timestamp>,
    ) -> Result<Arc<Share>, EndShareError> {
        self.change(actor, |change| {
            if until.is_some_and(|until| until <= change.now) {
                return Err(EndShareError::Ended);
            }
            let standing = change.draft.share(id);
            let standing = standing.ok_or_else(|| EndShareError::Unknown(id.clone()))?;
            if standing.until == until {
                let standing = Arc::clone(standing);
                change.discard();
                return Ok(standing);
            }
            let share = Arc::new(Share {
                until,
                ..Share::clone(standing)
            });
            put(change, &share);
            Ok(share)
        })
    }

    /// It ends at once.
    pub fn remove_share(&self, actor: &Actor, id: &ShareId) -> Result<(), EndError<ShareId>> {
        self.change(actor, |change| {
            let standing = change.draft.share(id).cloned();
            let share = standing.ok_or_else(|| EndError::Unknown(id.clone()))?;
            change.draft.remove_share(&share);
            change.write(RowChange::RemoveShare(id.clone()));
            change.alters_rights();
            Ok(())
        })
    }
}

fn put(change: &mut Change, share: &Arc<Share>) {
    change.write(RowChange::PutShare(Arc::clone(share)));
    change.draft.put_share(Arc::clone(share));
    change.alters_rights();
}

fn check(change: &Change, new: &NewShare) -> Result<(), CreateShareError> {
    let draft = &change.draft;
    for agency in [&new.giver, &new.receiver] {
        if draft.agency(agency).is_none() {
            return Err(CreateShareError::UnknownAgency(agency.clone()));
        }
    }
    if new.giver == new.receiver {
        return Err(CreateShareError::WithItself(new.giver.clone()));
    }
    match &new.what {
        SharedWhat::Model(id) if draft.model(id).is_none() => {
            return Err(CreateShareError::UnknownModel(id.clone()));
        }
        SharedWhat::Group(id)
            if draft
                .group(id)
                .is_none_or(|group| group.agency != new.giver) =>
        {
            return Err(CreateShareError::UnknownGroup {
                agency: new.giver.clone(),
                group: id.clone(),
            });
        }
        SharedWhat::Model(_) | SharedWhat::Group(_) => {}
    }
    if new.until.is_some_and(|until| until <= change.now) {
        return Err(CreateShareError::Ended);
    }
    let given = || draft.shares().filter(|share| share.giver == new.giver);
    let is_same = |share: &&Arc<Share>| {
        share.receiver == new.receiver && share.what == new.what && share.stands(change.now)
    };
    if let Some(same) = given().find(is_same) {
        return Err(CreateShareError::Exists(same.id.clone()));
    }
    if given().count() >= MAX_SHARES_OF_AGENCY {
        return Err(CreateShareError::Full);
    }
    Ok(())
}
