//! A public body joins.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::AgencyId;

use super::Agency;
use crate::label::{self, LabelError};
use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;

/// Agencies of one platform.
pub const MAX_AGENCIES: usize = 10_000;

/// What an agency is made from.
#[derive(Clone, PartialEq, Debug)]
pub struct NewAgency {
    pub id: AgencyId,
    pub name: String,
}

/// Why there is no new agency.
#[derive(Debug, thiserror::Error)]
pub enum CreateAgencyError {
    #[error("agency {0} exists")]
    Exists(AgencyId),
    #[error(transparent)]
    Name(#[from] LabelError),
    #[error("there are {MAX_AGENCIES} agencies, and no more are taken")]
    Full,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for CreateAgencyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists(_) => "agency-exists",
            Self::Name(_) => "invalid-name",
            Self::Full => "too-many-agencies",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Exists(_) | Self::Full => ErrorClass::Conflict,
            Self::Name(_) => ErrorClass::Invalid,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn create_agency(
        &self,
        actor: &Actor,
        new: NewAgency,
    ) -> Result<Arc<Agency>, CreateAgencyError> {
        label::required("name", &new.name)?;
        self.change(actor, |change| {
            if change.draft.agency(&new.id).is_some() {
                return Err(CreateAgencyError::Exists(new.id));
            }
            if change.draft.agencies.len() >= MAX_AGENCIES {
                return Err(CreateAgencyError::Full);
            }
            let agency = Arc::new(Agency {
                id: new.id,
                name: new.name,
                retention_days: BTreeMap::new(),
                created: change.now,
            });
            change.write(RowChange::AddAgency(Arc::clone(&agency)));
            change.draft.put_agency(Arc::clone(&agency));
            Ok(agency)
        })
    }
}
