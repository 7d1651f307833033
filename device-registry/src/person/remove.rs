//! Somebody leaves.

use domain::PersonId;

use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;

/// Why a person was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemovePersonError {
    #[error("no operator {0}")]
    Unknown(PersonId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for RemovePersonError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-operator",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// Nothing of the person is kept; who is logged in is so no longer.
    pub fn remove_person(&self, actor: &Actor, id: &PersonId) -> Result<(), RemovePersonError> {
        self.change(actor, |change| {
            if !change.draft.remove_person(id) {
                return Err(RemovePersonError::Unknown(id.clone()));
            }
            change.write(RowChange::RemovePerson(id.clone()));
            change.alters_rights();
            Ok(())
        })
    }
}
