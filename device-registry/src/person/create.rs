//! Somebody gets an account.

use std::sync::Arc;

use domain::{AgencyId, PersonId};

use super::Person;
use crate::label::{self, LabelError};
use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::role::{self, Grant, GrantsError};
use crate::store::StoreError;

/// People of one agency, or of the platform.
pub const MAX_PEOPLE_OF_ONE: usize = 10_000;

/// What a person's account is made from. It is enabled.
#[derive(Clone, PartialEq, Debug)]
pub struct NewPerson {
    pub id: PersonId,
    pub name: String,
    /// `None`: one of the platform.
    pub agency: Option<AgencyId>,
    pub grants: Vec<Grant>,
}

/// Why there is no new account.
#[derive(Debug, thiserror::Error)]
pub enum CreatePersonError {
    /// Whoever has it: login names are one for the whole platform, and nothing
    /// else of their bearers shows.
    #[error("the login name {0} is taken")]
    Taken(PersonId),
    #[error(transparent)]
    Name(#[from] LabelError),
    #[error(transparent)]
    Grants(#[from] GrantsError),
    #[error("there are {MAX_PEOPLE_OF_ONE} people there already; remove who has left")]
    Full,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for CreatePersonError {
    fn code(&self) -> &'static str {
        match self {
            Self::Taken(_) => "login-name-taken",
            Self::Name(_) => "invalid-name",
            Self::Grants(error) => error.code(),
            Self::Full => "too-many-people",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Taken(_) | Self::Full => ErrorClass::Conflict,
            Self::Name(_) => ErrorClass::Invalid,
            Self::Grants(error) => error.class(),
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn create_person(
        &self,
        actor: &Actor,
        new: NewPerson,
    ) -> Result<Arc<Person>, CreatePersonError> {
        label::required("name", &new.name)?;
        self.change(actor, |change| {
            let grants = role::check(&change.draft, new.agency.as_ref(), new.grants)?;
            if change.draft.person(new.id.as_str()).is_some() {
                return Err(CreatePersonError::Taken(new.id));
            }
            let people = change.draft.people();
            if people.filter(|one| one.agency == new.agency).count() >= MAX_PEOPLE_OF_ONE {
                return Err(CreatePersonError::Full);
            }
            let person = Arc::new(Person {
                id: new.id,
                name: new.name,
                agency: new.agency,
                enabled: true,
                grants,
                created: change.now,
                identity: None,
            });
            change.write(RowChange::AddPerson(Arc::clone(&person)));
            change.draft.put_person(Arc::clone(&person));
            Ok(person)
        })
    }
}
