//! An import on its way.

use rusqlite::Connection;

use super::{RowError, rows, text};
use crate::device::{AcceptedImport, ImportPiece, StandingDevices};
use crate::registry::Actor;
use crate::store::StoreError;

pub(in crate::store) fn accepted_import(
    connection: &Connection,
) -> Result<Option<AcceptedImport>, StoreError> {
    let mut accepted = None;
    let sql = "SELECT actor, address, means, updates FROM import";
    rows(connection, sql, |row| {
        let address: Option<String> = row.get("address")?;
        let address = address.map(|text| text.parse()).transpose();
        let updates: bool = row.get("updates")?;
        accepted = Some(AcceptedImport {
            actor: Actor {
                who: parsed(text(row, "actor")?, "actor")?,
                address: address.map_err(|_| RowError::Value("address"))?,
                means: parsed(text(row, "means")?, "means")?,
            },
            standing: if updates {
                StandingDevices::Update
            } else {
                StandingDevices::AreFaults
            },
        });
        Ok(())
    })?;
    Ok(accepted)
}

pub(in crate::store) fn next_import_piece(
    connection: &Connection,
) -> Result<Option<ImportPiece>, StoreError> {
    let mut piece = None;
    let sql = "SELECT number, rows FROM import_piece ORDER BY number LIMIT 1";
    rows(connection, sql, |row| {
        piece = Some(ImportPiece {
            number: row.get("number")?,
            rows: row.get("rows")?,
        });
        Ok(())
    })?;
    Ok(piece)
}

fn parsed<T: std::str::FromStr>(text: &str, column: &'static str) -> Result<T, RowError> {
    text.parse().map_err(|_| RowError::Value(column))
}
