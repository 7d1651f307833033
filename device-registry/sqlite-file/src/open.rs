//! Opening a file for this process alone, and its schema's versions.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

/// The steps from an empty file to the newest schema, in order; the first makes
/// version 1. A released one never changes.
#[derive(Clone, Copy, Debug)]
pub struct Schema(pub &'static [&'static str]);

impl Schema {
    /// The newest version that this binary knows.
    pub const fn version(self) -> u32 {
        self.0.len() as u32
    }

    /// Runs the steps that the file lacks. Answers with its version before.
    fn migrate(self, connection: &mut Connection) -> rusqlite::Result<u32> {
        let from: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let Some(missing) = self.0.get(from as usize..).filter(|it| !it.is_empty()) else {
            return Ok(from);
        };
        connection.pragma_update(None, "journal_mode", "DELETE")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        for step in missing {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "user_version", self.version())?;
        transaction.commit()?;
        Ok(from)
    }
}

/// An open database, of the newest schema.
#[derive(Debug)]
pub struct Opened {
    pub connection: Connection,
    /// The version that the file had, where it had an older one.
    pub upgraded_from: Option<u32>,
}

/// Opens the file for this process alone, makes it where it is absent (mode
/// 0600), and upgrades an older one in place. A change is on the disk when its
/// transaction is committed, and foreign keys hold.
///
/// The caller has looked at [`crate::read_header`]: a newer file, or somebody
/// else's, is not to be opened.
pub fn open(path: &Path, schema: Schema) -> rusqlite::Result<Opened> {
    // SQLite gives its WAL the same mode. A fault here is told by the next line.
    let _ = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path);
    let mut connection = Connection::open(path)?;
    // A lock that another process holds is held for its life: no use in waiting.
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    let from = schema.migrate(&mut connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // What is deleted, a secret's digest perhaps, is in no copy of the pages.
    connection.pragma_update(None, "secure_delete", "ON")?;
    // Takes the lock now rather than at the first change.
    connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
    Ok(Opened {
        connection,
        upgraded_from: (1..schema.version()).contains(&from).then_some(from),
    })
}
