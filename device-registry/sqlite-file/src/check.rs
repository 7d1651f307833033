//! What is wrong with a file.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use crate::header;
use crate::wal::wal_of;

/// What is wrong with a file that must be there, without opening it.
pub fn lost(path: &Path) -> Option<&'static str> {
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Some("is missing"),
        Ok(file) if file.is_dir() => None,
        Ok(file) if file.len() == 0 => Some("is empty"),
        Ok(file) if is_cut_short(path, file.len()) => Some("is cut short"),
        _ => None,
    }
}

/// Where there is a write-ahead log, the missing pages may be in that.
fn is_cut_short(path: &Path, bytes: u64) -> bool {
    let wal = fs::metadata(wal_of(path)).map_or(0, |file| file.len());
    wal == 0 && header::tells_of_more_than(path, bytes)
}

/// Walks the whole database and answers with the first fault, in one line.
pub fn integrity_fault(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let said: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((said != "ok").then(|| said.replace('\n', " ")))
}

/// Whether the file is not what was written.
pub fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Whether another process has the file open.
pub fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
