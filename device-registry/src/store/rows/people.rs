//! How people and service tokens are written.

use domain::{AgencyId, PersonId, ServiceTokenId};
use rusqlite::{Connection, params};

use super::execute;
use crate::person::Person;
use crate::person_login::{PasswordHash, PersonLogin};
use crate::role::Grant;
use crate::service_token::ServiceToken;
use crate::store::StoreError;

pub(super) fn insert_person(connection: &Connection, person: &Person) -> Result<(), StoreError> {
    let identity = person.identity.as_ref();
    execute(
        connection,
        "add a person",
        "INSERT INTO person (id, name, agency, enabled, roles, created, issuer, subject)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            person.id.as_str(),
            person.name,
            person.agency.as_ref().map(AgencyId::as_str),
            person.enabled,
            words(&person.grants),
            person.created.as_micros(),
            identity.map(|it| it.issuer.as_str()),
            identity.map(|it| it.subject.as_str())
        ],
    )
}

pub(super) fn update_person(connection: &Connection, person: &Person) -> Result<(), StoreError> {
    execute(
        connection,
        "change a person",
        "UPDATE person SET name = ?2, enabled = ?3, roles = ?4 WHERE id = ?1",
        params![
            person.id.as_str(),
            person.name,
            person.enabled,
            words(&person.grants)
        ],
    )
}

pub(super) fn delete_person(connection: &Connection, id: &PersonId) -> Result<(), StoreError> {
    execute(
        connection,
        "remove a person",
        "DELETE FROM person WHERE id = ?1",
        params![id.as_str()],
    )
}

pub(super) fn put_login(
    connection: &Connection,
    person: &PersonId,
    login: &PersonLogin,
) -> Result<(), StoreError> {
    let (totp, invitation) = (login.totp.as_ref(), login.invitation.as_ref());
    execute(
        connection,
        "change what a person logs in with",
        "INSERT OR REPLACE INTO person_login
             (person, password, totp_seed, totp_used, recovery,
              invitation, invitation_seed, invitation_until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            person.as_str(),
            login.password.as_ref().map(PasswordHash::as_str),
            totp.map(|totp| totp.seed.0.as_slice()),
            totp.and_then(|totp| totp.used),
            login.recovery.concat(),
            invitation.map(|it| it.hmac.as_slice()),
            invitation.map(|it| it.seed.0.as_slice()),
            invitation.map(|it| it.until.as_micros())
        ],
    )
}

pub(super) fn insert_service_token(
    connection: &Connection,
    token: &ServiceToken,
) -> Result<(), StoreError> {
    execute(
        connection,
        "add a service token",
        "INSERT INTO service_token (id, name, agency, roles, until, created, hmac)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            token.id.as_str(),
            token.name,
            token.agency.as_ref().map(AgencyId::as_str),
            words(&token.grants),
            token.until.as_micros(),
            token.created.as_micros(),
            token.hmac.as_slice()
        ],
    )
}

pub(super) fn delete_service_token(
    connection: &Connection,
    id: &ServiceTokenId,
) -> Result<(), StoreError> {
    execute(
        connection,
        "remove a service token",
        "DELETE FROM service_token WHERE id = ?1",
        params![id.as_str()],
    )
}

fn words(grants: &[Grant]) -> String {
    let words: Vec<String> = grants.iter().map(Grant::to_string).collect();
    words.join(" ")
}
