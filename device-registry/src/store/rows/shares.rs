//! How shares are written.

use domain::ShareId;
use rusqlite::{Connection, params};

use super::{execute, micros};
use crate::share::{Share, SharedWhat};
use crate::store::StoreError;

/// Takes the place of the one of its id.
pub(super) fn put(connection: &Connection, share: &Share) -> Result<(), StoreError> {
    let (model, group) = match &share.what {
        SharedWhat::Model(id) => (Some(id.as_str()), None),
        SharedWhat::Group(id) => (None, Some(id.as_str())),
    };
    execute(
        connection,
        "put a share",
        "INSERT OR REPLACE INTO share
             (id, giver, receiver, model, group_id, position, until, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            share.id.as_str(),
            share.giver.as_str(),
            share.receiver.as_str(),
            model,
            group,
            share.position.as_str(),
            micros(share.until),
            share.created.as_micros()
        ],
    )
}

pub(super) fn delete(connection: &Connection, share: &ShareId) -> Result<(), StoreError> {
    execute(
        connection,
        "remove a share",
        "DELETE FROM share WHERE id = ?1",
        params![share.as_str()],
    )
}
