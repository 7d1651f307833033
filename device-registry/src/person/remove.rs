//! Somebody leaves.

use domain::PersonId;

use crate::registry::{Actor, EndError, Registry, RowChange};

impl Registry {
    /// Nothing of the person is kept; who is logged in is so no longer.
    pub fn remove_person(&self, actor: &Actor, id: &PersonId) -> Result<(), EndError<PersonId>> {
        self.change(actor, |change| {
            if !change.draft.remove_person(id) {
                return Err(EndError::Unknown(id.clone()));
            }
            change.write(RowChange::RemovePerson(id.clone()));
            change.alters_rights();
            Ok(())
        })
    }
}
