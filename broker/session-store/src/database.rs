//! The file of kept sessions: SQLite in WAL mode, `DIR/sessions.db`.
//!
//! Constraints: one process at a time (exclusive locking; the data folder is
//! locked before); a change is on the disk when its transaction is committed
//! (`synchronous = FULL`); only the platform's own account may read it (mode
//! 0600). A newer schema is refused and left untouched.
//!
//! A file that is lost, damaged, older than the folder around it or of another
//! one is refused and left as it is: to begin without it would break what was
//! promised to those whose sessions it kept. `madang doctor --repair
//! --accept-loss` sets it aside and makes an empty one; clients subscribe again.

use std::path::{Path, PathBuf};

use domain::{FolderId, Misfit};
use rusqlite::{Connection, ErrorCode};
use sqlite_file::{Header, KeptWal};
use transport::StoredSession;

use crate::folder::{SessionsFolder, adopt, read_mark};
use crate::rows;
use crate::schema::SCHEMA;

/// The file's name in the data folder.
pub const SESSIONS_FILE: &str = "sessions.db";
/// What helps where the file is gone for good.
const MEND: &str = "restore it from a backup, or let madang doctor --repair --accept-loss begin \
                    without kept sessions";

/// Prepared statements that are kept: there is one for each kind of change.
const STATEMENT_CACHE: usize = 16;
/// Bytes to which SQLite cuts its write-ahead log back at a checkpoint.
const WAL_BYTES: u32 = 8 << 20;

/// Why the kept sessions cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenSessionsError {
    #[error(
        "{} is of schema version {found}, and this binary knows {} at most; nothing was changed. Start the newer binary",
        path.display(),
        SCHEMA.version()
    )]
    Newer { path: PathBuf, found: u32 },
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    #[error("{} {what}, and this data folder has lived: {MEND}", path.display())]
    Lost { path: PathBuf, what: &'static str },
    #[error("{} is damaged ({what}): {MEND}", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("{} does not fit: {misfit}; put this folder's own back", path.display())]
    Misfit { path: PathBuf, misfit: Misfit },
    #[error(
        "{} is older than the folder around it: it has {found} changes of {least} that were saved, \
         so it is a copy from before, or its -wal is lost or damaged; nothing was changed. Put the \
         newer one in its place; else {MEND}",
        path.display()
    )]
    Older {
        path: PathBuf,
        found: u64,
        least: u64,
    },
    #[error("cannot open {}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the thread that saves sessions did not start")]
    Thread(#[source] std::io::Error),
}

/// An open file and what it held.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) sessions: Vec<StoredSession>,
    pub(crate) path: PathBuf,
    pub(crate) changes: u64,
}

/// Opens the file in `dir`, makes it where there may be none, and upgrades an
/// older version in place.
pub(crate) fn open(dir: &Path, folder: SessionsFolder) -> Result<Opened, OpenSessionsError> {
    let path = dir.join(SESSIONS_FILE);
    if let Some(what) = sqlite_file::lost(&path).filter(|_| !folder.mark.adopts()) {
        return Err(OpenSessionsError::Lost { path, what });
    }
    let wal = KeptWal::of(&path);
    let opened = match try_open(&path)? {
        Found::Sound(opened) => opened,
        Found::Damaged(what) => {
            wal.put_back();
            return Err(OpenSessionsError::Damaged { path, what });
        }
    };
    match check(&opened, folder) {
        Ok(()) => Ok(opened),
        Err(refused) => {
            drop(opened);
            wal.put_back();
            Err(refused)
        }
    }
}

/// Whether the file belongs to the folder and is as far as the rest of it.
fn check(opened: &Opened, folder: SessionsFolder) -> Result<(), OpenSessionsError> {
    let path = || opened.path.clone();
    let failed = |source| OpenSessionsError::Open {
        path: path(),
        source,
    };
    let found = read_mark(&opened.connection).map_err(failed)?;
    let misfit = folder.mark.check(found.folder).err();
    // An older copy of this folder's own may tell no folder yet.
    if misfit != Some(Misfit::Foreign) && found.changes < folder.least {
        return Err(OpenSessionsError::Older {
            path: path(),
            found: found.changes,
            least: folder.least,
        });
    }
    if let Some(misfit) = misfit {
        return Err(OpenSessionsError::Misfit {
            path: path(),
            misfit,
        });
    }
    match folder.mark.id() {
        Some(id) if found.folder.is_none() => adopt(&opened.connection, id, 0).map_err(failed),
        _ => Ok(()),
    }
}

/// Makes an empty file in `dir`, of the folder `id` and as far as `changes`. The
/// caller has set the old one aside.
pub fn begin_empty(dir: &Path, id: FolderId, changes: u64) -> Result<(), OpenSessionsError> {
    let opened = open(dir, SessionsFolder::ANY)?;
    adopt(&opened.connection, id, changes).map_err(|source| OpenSessionsError::Open {
        path: opened.path,
        source,
    })
}

/// Opens the file in `dir` where it is sound; else tells what is wrong, and sets
/// nothing aside.
pub(crate) fn open_sound(dir: &Path) -> Result<Connection, String> {
    match try_open(&dir.join(SESSIONS_FILE)) {
        Ok(Found::Sound(opened)) => Ok(opened.connection),
        Ok(Found::Damaged(why)) => Err(format!("it is damaged: {why}")),
        Err(error) => Err(error.to_string()),
    }
}

enum Found {
    Sound(Opened),
    Damaged(String),
}

fn try_open(path: &Path) -> Result<Found, OpenSessionsError> {
    let header = sqlite_file::read_header(path).map_err(|source| OpenSessionsError::Read {
        path: path.to_owned(),
        source,
    })?;
    match header {
        Header::Foreign => return Ok(Found::Damaged("it is no SQLite file".to_owned())),
        Header::Version(found) if found > SCHEMA.version() => {
            return Err(OpenSessionsError::Newer {
                path: path.to_owned(),
                found,
            });
        }
        Header::Version(_) => {}
    }
    match connect(path).and_then(|connection| {
        // Damage that is found by a change, hours later, would end the platform.
        let damage = sqlite_file::integrity_fault(&connection)?;
        let sessions = rows::load(&connection)?;
        let changes = read_mark(&connection)?.changes;
        Ok((connection, sessions, changes, damage))
    }) {
        Ok((.., Some(damage))) => Ok(Found::Damaged(damage)),
        Ok((connection, sessions, changes, None)) => Ok(Found::Sound(Opened {
            connection,
            sessions,
            path: path.to_owned(),
            changes,
        })),
        Err(error) if is_damage(&error) => Ok(Found::Damaged(error.to_string())),
        Err(error) if sqlite_file::is_busy(&error) => {
            Err(OpenSessionsError::InUse(path.to_owned()))
        }
        Err(source) => Err(OpenSessionsError::Open {
            path: path.to_owned(),
            source,
        }),
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let opened = sqlite_file::open(path, SCHEMA)?;
    if let Some(from) = opened.upgraded_from {
        let to = SCHEMA.version();
        tracing::info!(from, to, "the kept sessions were upgraded");
    }
    let connection = opened.connection;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(connection)
}

/// A row that breaks the schema's own types is damage too.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    ) || matches!(
        error,
        Error::IntegralValueOutOfRange(..)
            | Error::FromSqlConversionFailure(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
    ) || is_other_schema(error)
}

/// A table or a column is missing: somebody else's file, under our version.
fn is_other_schema(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::SqliteFailure(code, _)
            if code.extended_code == rusqlite::ffi::SQLITE_ERROR
    ) || matches!(error, rusqlite::Error::SqlInputError { .. })
}
