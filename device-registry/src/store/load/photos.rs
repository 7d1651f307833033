//! Photos of things.

use std::sync::Arc;

use domain::PhotoId;
use rusqlite::Connection;

use super::{RowError, rows, text, time};
use crate::snapshot::Snapshot;
use crate::store::StoreError;
use crate::thing::Photo;

/// After the things.
pub(super) fn load_photos(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT id, thing, added, bytes, width, height, sha256 FROM photo ORDER BY id";
    rows(connection, sql, |row| {
        let photo = Photo {
            id: PhotoId::new(text(row, "id")?)?,
            added: time(row, "added")?,
            bytes: row.get("bytes")?,
            width: row.get("width")?,
            height: row.get("height")?,
            sha256: row.get("sha256")?,
        };
        let thing = snapshot.thing(text(row, "thing")?).cloned();
        let thing = thing.ok_or(RowError::Value("thing"))?;
        snapshot.put_photo(&thing, Arc::new(photo));
        Ok(())
    })
}
