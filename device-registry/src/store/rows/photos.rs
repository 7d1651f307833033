//! How photos are written.

use domain::{PhotoId, ThingId};
use rusqlite::{Connection, params};

use super::execute;
use crate::store::StoreError;
use crate::thing::Photo;

pub(super) fn insert(
    connection: &Connection,
    thing: &ThingId,
    photo: &Photo,
) -> Result<(), StoreError> {
    execute(
        connection,
        "add a photo",
        "INSERT INTO photo (id, thing, added, bytes, width, height, sha256)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            photo.id.as_str(),
            thing.as_str(),
            photo.added.as_micros(),
            photo.bytes,
            photo.width,
            photo.height,
            photo.sha256.as_slice()
        ],
    )
}

pub(super) fn delete(connection: &Connection, photo: &PhotoId) -> Result<(), StoreError> {
    execute(
        connection,
        "remove a photo",
        "DELETE FROM photo WHERE id = ?1",
        params![photo.as_str()],
    )
}
