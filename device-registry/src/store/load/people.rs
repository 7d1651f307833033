//! People and service tokens.

use std::sync::Arc;

use domain::{AgencyId, PersonId, ServiceTokenId};
use rusqlite::{Connection, Row};

use super::{RowError, optional_time, rows, text, time, words};
use crate::person::{Person, ProviderIdentity};
use crate::person_login::{Invitation, PasswordHash, PersonLogin, Totp, TotpSeed};
use crate::role::Grant;
use crate::service_token::ServiceToken;
use crate::snapshot::Snapshot;
use crate::store::StoreError;

pub(super) fn load_people(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT id, name, agency, enabled, roles, created, issuer, subject FROM person";
    rows(connection, sql, |row| {
        snapshot.put_person(Arc::new(Person {
            id: PersonId::new(text(row, "id")?)?,
            name: row.get("name")?,
            agency: owner(row)?,
            enabled: row.get("enabled")?,
            grants: grants(row)?,
            created: time(row, "created")?,
            identity: identity(row)?,
        }));
        Ok(())
    })
}

fn identity(row: &Row<'_>) -> Result<Option<ProviderIdentity>, RowError> {
    let issuer: Option<String> = row.get("issuer")?;
    let subject: Option<String> = row.get("subject")?;
    match (issuer, subject) {
        (Some(issuer), Some(subject)) => Ok(Some(ProviderIdentity { issuer, subject })),
        (None, None) => Ok(None),
        _ => Err(RowError::Value("subject")),
    }
}

pub(super) fn load_logins(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT person, password, totp_seed, totp_used, recovery,
                      invitation, invitation_seed, invitation_until FROM person_login";
    rows(connection, sql, |row| {
        let password: Option<String> = row.get("password")?;
        let recovery: Vec<u8> = row.get("recovery")?;
        let (codes, rest) = recovery.as_chunks();
        if !rest.is_empty() {
            return Err(RowError::Value("recovery"));
        }
        let used = row.get("totp_used")?;
        let totp = seed(row, "totp_seed")?.map(|seed| Totp { seed, used });
        let login = PersonLogin {
            password: password.as_deref().map(PasswordHash::stored),
            totp,
            recovery: codes.to_vec(),
            invitation: invitation(row)?,
        };
        snapshot.put_login(PersonId::new(text(row, "person")?)?, Arc::new(login));
        Ok(())
    })
}

fn invitation(row: &Row<'_>) -> Result<Option<Invitation>, RowError> {
    let hmac: Option<Vec<u8>> = row.get("invitation")?;
    let Some(hmac) = hmac else {
        return Ok(None);
    };
    Ok(Some(Invitation {
        hmac: hmac.try_into().map_err(|_| RowError::Value("invitation"))?,
        seed: seed(row, "invitation_seed")?.ok_or(RowError::Value("invitation_seed"))?,
        until: optional_time(row, "invitation_until")?
            .ok_or(RowError::Value("invitation_until"))?,
    }))
}

fn seed(row: &Row<'_>, column: &'static str) -> Result<Option<TotpSeed>, RowError> {
    let seed: Option<Vec<u8>> = row.get(column)?;
    let seed = seed.map(|bytes| bytes.try_into().map_err(|_| RowError::Value(column)));
    Ok(seed.transpose()?.map(TotpSeed))
}

pub(super) fn load_service_tokens(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT id, name, agency, roles, until, created, hmac FROM service_token";
    rows(connection, sql, |row| {
        let hmac: Vec<u8> = row.get("hmac")?;
        snapshot.put_service_token(Arc::new(ServiceToken {
            id: ServiceTokenId::new(text(row, "id")?)?,
            name: row.get("name")?,
            agency: owner(row)?,
            grants: grants(row)?,
            until: time(row, "until")?,
            created: time(row, "created")?,
            hmac: hmac.try_into().map_err(|_| RowError::Value("hmac"))?,
        }));
        Ok(())
    })
}

fn owner(row: &Row<'_>) -> Result<Option<AgencyId>, RowError> {
    let agency: Option<String> = row.get("agency")?;
    Ok(agency.map(AgencyId::new).transpose()?)
}

fn grants(row: &Row<'_>) -> Result<Box<[Grant]>, RowError> {
    words(row, "roles")?
        .iter()
        .map(|word| Grant::parse(word).ok_or(RowError::Value("roles")))
        .collect()
}
