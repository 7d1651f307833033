//! What may change about an agency that stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{AgencyId, ModelId};

use super::Agency;
use super::retention::{self, RetentionError};
use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;

/// The changes; what is absent stays.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AgencyPatch {
    /// Days by model; `None` takes the agency's own word back.
    pub retention_days: BTreeMap<ModelId, Option<u32>>,
}

/// Why an agency was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PatchAgencyError {
    #[error("no agency {0}")]
    Unknown(AgencyId),
    #[error("no model {0}")]
    UnknownModel(ModelId),
    #[error(transparent)]
    Retention(#[from] RetentionError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for PatchAgencyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-agency",
            Self::UnknownModel(_) => "unknown-model",
            Self::Retention(_) => "invalid-retention",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::UnknownModel(_) | Self::Retention(_) => ErrorClass::Invalid,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn patch_agency(
        &self,
        actor: &Actor,
        id: &AgencyId,
        patch: &AgencyPatch,
    ) -> Result<Arc<Agency>, PatchAgencyError> {
        self.change(actor, |change| {
            let standing = change.draft.agency(id);
            let standing = standing.ok_or_else(|| PatchAgencyError::Unknown(id.clone()))?;
            let mut agency = Agency::clone(standing);
            for (model, days) in &patch.retention_days {
                if change.draft.model(model).is_none() {
                    return Err(PatchAgencyError::UnknownModel(model.clone()));
                }
                let days = days.map(retention::check).transpose()?;
                change.write(RowChange::SetRetention {
                    agency: id.clone(),
                    model: model.clone(),
                    days,
                });
                match days {
                    Some(days) => agency.retention_days.insert(model.clone(), days),
                    None => agency.retention_days.remove(model),
                };
            }
            if let Some(standing) = change.draft.agency(id).filter(|it| ***it == agency) {
                let standing = Arc::clone(standing);
                change.discard();
                return Ok(standing);
            }
            let agency = Arc::new(agency);
            change.draft.put_agency(Arc::clone(&agency));
            Ok(agency)
        })
    }
}
