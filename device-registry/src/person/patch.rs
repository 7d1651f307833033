//! What may change about a person.

use std::sync::Arc;

use domain::PersonId;

use super::{Person, standing};
use crate::label::{self, LabelError};
use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::role::{self, Grant, GrantsError};
use crate::store::StoreError;

/// The changes; what is `None` stays.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PersonPatch {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    /// In the place of all that the person had.
    pub grants: Option<Vec<Grant>>,
}

/// Why a person was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PatchPersonError {
    #[error("no operator {0}")]
    Unknown(PersonId),
    #[error(transparent)]
    Name(#[from] LabelError),
    #[error(transparent)]
    Grants(#[from] GrantsError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for PatchPersonError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-operator",
            Self::Name(_) => "invalid-name",
            Self::Grants(error) => error.code(),
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Name(_) => ErrorClass::Invalid,
            Self::Grants(error) => error.class(),
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// Changes the person that was looked at, not one who has the login name since.
    /// What it takes away is gone at once, from who is logged in too.
    pub fn patch_person(
        &self,
        actor: &Actor,
        looked_at: &Person,
        patch: PersonPatch,
    ) -> Result<Arc<Person>, PatchPersonError> {
        if let Some(name) = &patch.name {
            label::required("name", name)?;
        }
        self.change(actor, |change| {
            let standing = standing(change, looked_at);
            let standing =
                standing.ok_or_else(|| PatchPersonError::Unknown(looked_at.id.clone()))?;
            let mut person = Person::clone(&standing);
            if let Some(name) = patch.name {
                person.name = name;
            }
            if let Some(enabled) = patch.enabled {
                person.enabled = enabled;
            }
            if let Some(grants) = patch.grants {
                person.grants = role::check(&change.draft, person.agency.as_ref(), grants)?;
            }
            if person == *standing {
                change.discard();
                return Ok(standing);
            }
            if person.enabled != standing.enabled || person.grants != standing.grants {
                change.alters_rights();
            }
            let person = Arc::new(person);
            change.write(RowChange::ChangePerson(Arc::clone(&person)));
            change.draft.put_person(Arc::clone(&person));
            Ok(person)
        })
    }
}
