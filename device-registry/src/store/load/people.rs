//! People and service tokens.

use std::sync::Arc;

use domain::{AgencyId, PersonId, ServiceTokenId};
use rusqlite::{Connection, Row};

use super::{RowError, rows, text, time, words};
use crate::person::Person;
use crate::role::Grant;
use crate::service_token::ServiceToken;
use crate::snapshot::Snapshot;
use crate::store::StoreError;

pub(super) fn load_people(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT id, name, agency, enabled, roles, created FROM person";
    rows(connection, sql, |row| {
        snapshot.put_person(Arc::new(Person {
            id: PersonId::new(text(row, "id")?)?,
            name: row.get("name")?,
            agency: owner(row)?,
            enabled: row.get("enabled")?,
            grants: grants(row)?,
            created: time(row, "created")?,
        }));
        Ok(())
    })
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
