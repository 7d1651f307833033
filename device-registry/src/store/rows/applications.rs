//! How applications and their keys are written.

use domain::{ApiKeyId, Timestamp};
use rusqlite::{Connection, params};

use super::{execute, micros};
use crate::application::{ApiKey, Application};
use crate::store::StoreError;

pub(super) fn insert(connection: &Connection, application: &Application) -> Result<(), StoreError> {
    execute(
        connection,
        "add an application",
        "INSERT INTO application (id, name, contact, created) VALUES (?1, ?2, ?3, ?4)",
        params![
            application.id.as_str(),
            application.name,
            application.contact,
            application.created.as_micros()
        ],
    )
}

pub(super) fn insert_key(
    connection: &Connection,
    number: u64,
    key: &ApiKey,
) -> Result<(), StoreError> {
    execute(
        connection,
        "add an API key",
        "INSERT INTO api_key (number, id, application, kind, origins, hmac, created, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            number.cast_signed(),
            key.id.as_str(),
            key.application.as_str(),
            key.kind.as_str(),
            key.origins.join(" "),
            key.hmac.as_slice(),
            key.created.as_micros(),
            micros(key.expires)
        ],
    )
}

pub(super) fn revoke_key(connection: &Connection, key: &ApiKey) -> Result<(), StoreError> {
    execute(
        connection,
        "revoke an API key",
        "UPDATE api_key SET revoked = ?2 WHERE id = ?1",
        params![key.id.as_str(), micros(key.revoked)],
    )
}

pub(super) fn update_last_use(
    connection: &Connection,
    key: &ApiKeyId,
    at: Timestamp,
) -> Result<(), StoreError> {
    execute(
        connection,
        "note an API key's use",
        "UPDATE api_key SET last_used = ?2 WHERE id = ?1",
        params![key.as_str(), at.as_micros()],
    )
}
