//! A copy of an open database: its pages are read into memory between two
//! changes, so that none of these waits for the disk that the copy is written to.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::Connection;

/// All that is committed, as the file alone would hold it.
pub fn read_pages(connection: &mut Connection) -> rusqlite::Result<Vec<u8>> {
    Ok(connection.serialize("main")?.to_vec())
}

/// Writes pages into the new file `path`, mode 0600, which the caller syncs.
pub fn write_pages(path: &Path, pages: &[u8]) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?
        .write_all(pages)
}

/// Brings all that is in the write-ahead log into the file: then the file alone
/// is whole.
pub fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
