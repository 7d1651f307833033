//! A service token ends before its time.

use domain::ServiceTokenId;

use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;

/// Why a service token was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveServiceTokenError {
    #[error("no service token {0}")]
    Unknown(ServiceTokenId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for RemoveServiceTokenError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-service-token",
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
    /// It opens nothing any more, and what it has open ends.
    pub fn remove_service_token(
        &self,
        actor: &Actor,
        id: &ServiceTokenId,
    ) -> Result<(), RemoveServiceTokenError> {
        self.change(actor, |change| {
            if !change.draft.remove_service_token(id) {
                return Err(RemoveServiceTokenError::Unknown(id.clone()));
            }
            change.write(RowChange::RemoveServiceToken(id.clone()));
            change.alters_rights();
            Ok(())
        })
    }
}
