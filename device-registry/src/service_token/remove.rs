//! A service token ends before its time.

use domain::ServiceTokenId;

use crate::registry::{Actor, EndError, Registry, RowChange};

impl Registry {
    /// It opens nothing any more, and what it has open ends.
    pub fn remove_service_token(
        &self,
        actor: &Actor,
        id: &ServiceTokenId,
    ) -> Result<(), EndError<ServiceTokenId>> {
        self.change(actor, |change| {
            if !change.draft.remove_service_token(id) {
                return Err(EndError::Unknown(id.clone()));
            }
            change.write(RowChange::RemoveServiceToken(id.clone()));
            change.alters_rights();
            Ok(())
        })
    }
}
