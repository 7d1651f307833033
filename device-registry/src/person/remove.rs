//! Somebody leaves.

use domain::PersonId;

use super::{Person, standing};
use crate::registry::{Actor, EndError, Registry, RowChange};

impl Registry {
    /// Nothing of the person that was looked at is kept; who is logged in is so no
    /// longer.
    pub fn remove_person(
        &self,
        actor: &Actor,
        looked_at: &Person,
    ) -> Result<(), EndError<PersonId>> {
        self.change(actor, |change| {
            let id = &looked_at.id;
            if standing(change, looked_at).is_none() {
                return Err(EndError::Unknown(id.clone()));
            }
            change.draft.remove_person(id);
            change.write(RowChange::RemovePerson(id.clone()));
            change.alters_rights();
            Ok(())
        })
    }
}
