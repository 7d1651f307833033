//! People who log in: those of an agency and those of the platform itself.

mod create;
mod patch;
mod provider_login;
mod remove;

use std::sync::Arc;

use domain::{AgencyId, PersonId, Timestamp};

pub use create::{CreatePersonError, MAX_PEOPLE_OF_ONE, NewPerson};
pub use patch::{PatchPersonError, PersonPatch};
pub use provider_login::{ProviderLogin, ProviderLoginError};

use crate::registry::Change;
use crate::role::{Grant, Role};

/// Somebody who logs in.
#[derive(Clone, PartialEq, Debug)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    /// To whom the person belongs, whose administrators look after it; `None`:
    /// to the platform. It stays.
    pub agency: Option<AgencyId>,
    /// Who is not enabled has no rights and cannot log in.
    pub enabled: bool,
    /// In order.
    pub grants: Box<[Grant]>,
    /// An id may be given again once its person is removed: this tells the two
    /// apart.
    pub created: Timestamp,
    /// Of who logs in by an identity provider, and not by what it sets here.
    pub identity: Option<ProviderIdentity>,
}

/// Whom a provider means: its subject, and no name, is one person's for ever.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderIdentity {
    pub issuer: String,
    pub subject: String,
}

impl Person {
    pub fn is_platform_administrator(&self) -> bool {
        let mut roles = self.grants.iter().map(Grant::role);
        roles.any(|role| role == Role::PlatformAdministrator)
    }
}

/// The person that was looked at, if it still is there.
fn standing(change: &Change, looked_at: &Person) -> Option<Arc<Person>> {
    let standing = change.draft.person(looked_at.id.as_str());
    standing
        .filter(|person| person.agency == looked_at.agency && person.created == looked_at.created)
        .cloned()
}
