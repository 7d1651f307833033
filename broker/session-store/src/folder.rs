//! Whether the file belongs to the data folder around it, and is as far as the
//! rest of it.

use domain::{FolderId, FolderMark};
use rusqlite::{Connection, params};

/// What the file is held against when it is opened.
#[derive(Clone, Copy, Debug)]
pub struct SessionsFolder {
    pub mark: FolderMark,
    /// Transactions that were committed at least.
    pub least: u64,
}

impl SessionsFolder {
    /// Of a file by itself.
    pub const ANY: Self = Self {
        mark: FolderMark::ANY,
        least: 0,
    };
}

/// Whose a file is, and how far it has got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionsMark {
    pub folder: Option<FolderId>,
    pub changes: u64,
}

pub(crate) fn read_mark(connection: &Connection) -> rusqlite::Result<SessionsMark> {
    connection.query_row("SELECT id, changes FROM folder", [], |row| {
        let id: Option<String> = row.get(0)?;
        let changes: i64 = row.get(1)?;
        Ok(SessionsMark {
            folder: id.and_then(|text| text.parse().ok()),
            changes: changes.cast_unsigned(),
        })
    })
}

pub(crate) fn adopt(connection: &Connection, id: FolderId, changes: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE folder SET id = ?1, changes = max(changes, ?2)";
    connection.execute(sql, params![id.to_string(), changes.cast_signed()])?;
    // The file alone tells whose it is, whatever becomes of the write-ahead log.
    sqlite_file::checkpoint(connection)
}

/// One transaction more, within it; how many there are.
pub(crate) fn count_change(connection: &Connection) -> rusqlite::Result<u64> {
    let mut statement =
        connection.prepare_cached("UPDATE folder SET changes = changes + 1 RETURNING changes")?;
    let changes: i64 = statement.query_row([], |row| row.get(0))?;
    Ok(changes.cast_unsigned())
}
