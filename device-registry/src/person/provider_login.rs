//! Somebody comes from an identity provider, which says who it is; its roles
//! follow from what the provider says of it, at each login.

use std::net::IpAddr;
use std::sync::Arc;

use domain::PersonId;
use sha2::{Digest, Sha256};

use super::{MAX_PEOPLE_OF_ONE, Person, ProviderIdentity};
use crate::label;
use crate::registry::{Actor, Change, Means, Registry, RowChange, Who};
use crate::role::{self, Grant, GrantsError};
use crate::store::StoreError;

/// The longest part of a login name that is taken from the provider, in bytes.
const MAX_NAME_BYTES: usize = 40;
/// The longest name that is shown, in characters: as bytes they fit a label.
const MAX_SHOWN_CHARS: usize = 64;
/// Bytes of the hash that tells two of the same name apart.
const MARK_BYTES: usize = 8;

/// What a provider says of a person, and which roles follow from it.
#[derive(Clone, PartialEq, Debug)]
pub struct ProviderLogin {
    pub identity: ProviderIdentity,
    /// By which the person is called there: a part of its login name here.
    pub login_name: Option<String>,
    pub name: Option<String>,
    /// In agencies that are not there they are not given.
    pub grants: Vec<Grant>,
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderLoginError {
    /// A person that had roles has none any more.
    #[error("no role follows from what the provider says")]
    NoRole,
    #[error("no login name is free for the person; rename the account that was given it")]
    NameTaken,
    #[error("the account {0} is disabled")]
    Disabled(PersonId),
    #[error("there are {MAX_PEOPLE_OF_ONE} people of the platform already; remove who has left")]
    Full,
    #[error(transparent)]
    Grants(#[from] GrantsError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Registry {
    /// The person whose identity it is, with the roles that it has from now on. It
    /// is made where there is none; nobody else's account becomes its, whatever
    /// its name.
    pub fn log_in_by_provider(
        &self,
        address: IpAddr,
        login: ProviderLogin,
    ) -> Result<Arc<Person>, ProviderLoginError> {
        let actor = Actor {
            who: Who::Platform,
            address: Some(address),
            means: Means::Provider,
        };
        let person = self.change(&actor, |change| {
            let is_there = |grant: &Grant| {
                let agency = grant.agency();
                agency.is_none_or(|agency| change.draft.agency(agency).is_some())
            };
            let grants = login.grants.iter().filter(|grant| is_there(grant));
            let grants = role::check(&change.draft, None, grants.cloned().collect())?;
            let standing = change.draft.person_of(&login.identity).cloned();
            match standing {
                Some(standing) => follow(change, standing, &login, grants),
                None if grants.is_empty() => Err(ProviderLoginError::NoRole),
                None => create(change, login, grants),
            }
        })?;
        // That the roles are gone was worth to be kept.
        if !person.enabled {
            Err(ProviderLoginError::Disabled(person.id.clone()))
        } else if person.grants.is_empty() {
            Err(ProviderLoginError::NoRole)
        } else {
            Ok(person)
        }
    }
}

fn follow(
    change: &mut Change,
    standing: Arc<Person>,
    login: &ProviderLogin,
    grants: Box<[Grant]>,
) -> Result<Arc<Person>, ProviderLoginError> {
    let mut person = Person::clone(&standing);
    if login.name.is_some() {
        person.name = shown_name(login, &person.id);
    }
    person.grants = grants;
    if person == *standing {
        change.discard();
        return Ok(standing);
    }
    if person.grants != standing.grants {
        change.alters_rights();
    }
    let person = Arc::new(person);
    change.write(RowChange::ChangePerson(Arc::clone(&person)));
    change.draft.put_person(Arc::clone(&person));
    Ok(person)
}

fn create(
    change: &mut Change,
    login: ProviderLogin,
    grants: Box<[Grant]>,
) -> Result<Arc<Person>, ProviderLoginError> {
    let of_platform = change.draft.people().filter(|one| one.agency.is_none());
    if of_platform.count() >= MAX_PEOPLE_OF_ONE {
        return Err(ProviderLoginError::Full);
    }
    let id = free_id(change, &login).ok_or(ProviderLoginError::NameTaken)?;
    let person = Arc::new(Person {
        name: shown_name(&login, &id),
        id,
        agency: None,
        enabled: true,
        grants,
        created: change.now,
        identity: Some(login.identity),
    });
    change.write(RowChange::AddPerson(Arc::clone(&person)));
    change.draft.put_person(Arc::clone(&person));
    Ok(person)
}

/// The name at the provider where nobody has it here, else the same with a mark
/// that follows from the identity.
fn free_id(change: &Change, login: &ProviderLogin) -> Option<PersonId> {
    let told = login.login_name.as_deref().unwrap_or_default();
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let lower = told
        .split('@')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let told: String = lower.chars().filter(plain).take(MAX_NAME_BYTES).collect();
    let ProviderIdentity { issuer, subject } = &login.identity;
    let hash = Sha256::digest(format!("{issuer}\n{subject}"));
    let mark: String = hash[..MARK_BYTES]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let base = if told.is_empty() { "person" } else { &told };
    let names = [base.to_owned(), format!("{base}-{mark}")];
    let mut ids = names
        .into_iter()
        .filter_map(|name| PersonId::new(name).ok());
    ids.find(|id| change.draft.person(id.as_str()).is_none())
}

fn shown_name(login: &ProviderLogin, id: &PersonId) -> String {
    let told = login.name.as_deref().unwrap_or_default();
    let told = told.chars().filter(|c| !label::misleads(*c));
    let told: String = told.take(MAX_SHOWN_CHARS).collect();
    let told = told.trim();
    if told.is_empty() {
        id.to_string()
    } else {
        told.to_owned()
    }
}
