//! A copy of an open database.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::Connection;

/// Makes the new, empty file that [`copy_to`] fills, mode 0600: SQLite would
/// make one for all to read.
pub fn make_for_copy(path: &Path) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

/// Writes all that is committed into the empty file `path`, which the caller
/// syncs.
pub fn copy_to(connection: &Connection, path: &Path) -> rusqlite::Result<()> {
    let path = path.to_string_lossy();
    connection
        .execute("VACUUM INTO ?1", [path.as_ref()])
        .map(drop)
}

/// Brings all that is in the write-ahead log into the file: then the file alone
/// is whole.
pub fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
