//! Applications with their keys.

use std::sync::Arc;

use domain::{ApiKeyId, ApplicationId};
use rusqlite::Connection;

use super::{RowError, optional_time, rows, text, time, words};
use crate::application::{ApiKey, ApiKeyKind, Application, LastUse};
use crate::snapshot::Snapshot;
use crate::store::StoreError;

pub(super) fn load_applications(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT id, name, contact, created FROM application";
    rows(connection, sql, |row| {
        snapshot.put_application(Arc::new(Application {
            id: ApplicationId::new(text(row, "id")?)?,
            name: row.get("name")?,
            contact: row.get("contact")?,
            created: time(row, "created")?,
        }));
        Ok(())
    })
}

pub(super) fn load_api_keys(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT id, application, kind, origins, hmac, created, expires, revoked, last_used
               FROM api_key ORDER BY number";
    rows(connection, sql, |row| {
        let hmac: Vec<u8> = row.get("hmac")?;
        snapshot.put_api_key(Arc::new(ApiKey {
            id: ApiKeyId::new(text(row, "id")?)?,
            application: ApplicationId::new(text(row, "application")?)?,
            kind: ApiKeyKind::parse(text(row, "kind")?).ok_or(RowError::Value("kind"))?,
            origins: words(row, "origins")?,
            created: time(row, "created")?,
            expires: optional_time(row, "expires")?,
            revoked: optional_time(row, "revoked")?,
            hmac: hmac.try_into().map_err(|_| RowError::Value("hmac"))?,
            last_use: LastUse::new(optional_time(row, "last_used")?),
        }));
        Ok(())
    })
}
