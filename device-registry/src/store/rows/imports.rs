//! How an import on its way is written.

use rusqlite::{Connection, params};

use super::execute;
use crate::device::{StagedImport, StandingDevices};
use crate::store::StoreError;

pub(super) fn write(connection: &Connection, change: &StagedImport) -> Result<(), StoreError> {
    match change {
        StagedImport::Stage(piece) => execute(
            connection,
            "stage an import",
            "INSERT INTO import_piece (number, rows) VALUES (?1, ?2)",
            params![piece.number, piece.rows],
        ),
        StagedImport::Accept(import) => execute(
            connection,
            "accept an import",
            "INSERT INTO import (one, actor, address, means, updates) VALUES (1, ?1, ?2, ?3, ?4)",
            params![
                import.actor.who.to_string(),
                import.actor.address.map(|address| address.to_string()),
                import.actor.means.to_string(),
                import.standing == StandingDevices::Update
            ],
        ),
        StagedImport::EndPiece(number) => execute(
            connection,
            "end a piece of an import",
            "DELETE FROM import_piece WHERE number = ?1",
            params![number],
        ),
        StagedImport::End => {
            let action = "end an import";
            execute(connection, action, "DELETE FROM import_piece", [])?;
            execute(connection, action, "DELETE FROM import", [])
        }
    }
}
