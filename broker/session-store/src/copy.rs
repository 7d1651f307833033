//! A copy of the file of kept sessions, made by the thread that saves: nobody
//! else may open it.

use std::path::Path;
use std::sync::mpsc::sync_channel;

use rusqlite::Connection;
use transport::LogPosition;

use crate::Sessions;
use crate::database;
use crate::folder::{self, SessionsMark};
use crate::pages::{CopiedSessions, oldest_position};
use crate::queue::Copy;

/// Why the kept sessions were not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopySessionsError {
    #[error("cannot write {}", path.display())]
    Write {
        path: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot copy the kept sessions")]
    Copy(#[source] rusqlite::Error),
    #[error("the platform is stopping, or sessions cannot be saved any more")]
    Stopped,
}

impl Sessions {
    /// Writes all that is saved now to the new file `path`, mode 0600, and
    /// answers with the oldest position in the log that a session goes on from.
    /// The caller syncs the file. Blocks; what is to be saved meanwhile waits
    /// while the pages are copied in memory, and not for the file.
    pub fn copy_to(&self, path: &Path) -> Result<Option<LogPosition>, CopySessionsError> {
        let (made, answer) = sync_channel(1);
        if !self.queue.ask_for_copy(Copy { made }) {
            return Err(CopySessionsError::Stopped);
        }
        let copied = answer.recv().map_err(|_| CopySessionsError::Stopped)?;
        let CopiedSessions { pages, oldest } = copied.map_err(CopySessionsError::Copy)?;
        sqlite_file::write_pages(path, &pages).map_err(|source| CopySessionsError::Write {
            path: path.to_owned(),
            source,
        })?;
        Ok(oldest)
    }
}

/// Looks through the file in `dir`, which must be a copy: it is opened as at a
/// start. Answers with what it holds, or with what is wrong.
pub fn inspect_sessions(dir: &Path) -> Result<InspectedSessions, String> {
    let connection = database::open_sound(dir)?;
    let inspected = || -> rusqlite::Result<InspectedSessions> {
        Ok(InspectedSessions {
            oldest: oldest_position(&connection)?,
            newest: newest_position(&connection)?,
            sessions: count(&connection, "SELECT count(*) FROM session")?,
            subscriptions: count(&connection, "SELECT count(*) FROM subscription")?,
            mark: folder::read_mark(&connection)?,
        })
    };
    inspected().map_err(|error| error.to_string())
}

/// What a file of kept sessions holds.
pub struct InspectedSessions {
    /// Positions from which sessions go on.
    pub oldest: Option<LogPosition>,
    pub newest: Option<LogPosition>,
    pub sessions: u64,
    /// Of all of them.
    pub subscriptions: u64,
    pub mark: SessionsMark,
}

fn count(connection: &Connection, sql: &str) -> rusqlite::Result<u64> {
    let count: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

fn newest_position(connection: &Connection) -> rusqlite::Result<Option<LogPosition>> {
    let newest: Option<i64> =
        connection.query_row("SELECT max(position) FROM session", [], |row| row.get(0))?;
    Ok(newest.map(|position| LogPosition::from_raw(position.cast_unsigned())))
}
