//! The file of kept sessions as its pages, read by the thread that saves.

use rusqlite::Connection;
use transport::LogPosition;

/// The file between two batches.
pub(crate) struct CopiedSessions {
    pub(crate) pages: Vec<u8>,
    pub(crate) oldest: Option<LogPosition>,
}

pub(crate) fn copy_pages(connection: &mut Connection) -> rusqlite::Result<CopiedSessions> {
    Ok(CopiedSessions {
        oldest: oldest_position(connection)?,
        pages: sqlite_file::read_pages(connection)?,
    })
}

/// The oldest position in the log that a session goes on from.
pub(crate) fn oldest_position(connection: &Connection) -> rusqlite::Result<Option<LogPosition>> {
    let oldest: Option<i64> =
        connection.query_row("SELECT min(position) FROM session", [], |row| row.get(0))?;
    // As they are written: no position is negative.
    Ok(oldest.map(|position| LogPosition::from_raw(position.cast_unsigned())))
}
