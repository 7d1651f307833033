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

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use broker::StoredSession;
use device_registry::KeptWal;
use domain::{FolderId, Misfit, Timestamp};
use rusqlite::{Connection, ErrorCode};

use super::folder::{SessionsFolder, adopt, told};
use super::rows;
use super::schema::{self, SCHEMA_VERSION};

/// The file's name in the data folder.
pub const SESSIONS_FILE: &str = "sessions.db";
/// SQLite's write-ahead log has a file of its own, named like this behind.
const WAL: &str = "-wal";
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
        "{} is of schema version {found}, and this binary knows {SCHEMA_VERSION} at most; nothing was changed. Start the newer binary",
        path.display()
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
    #[error("cannot {action} {}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the thread that saves sessions did not start")]
    Thread(#[source] std::io::Error),
}

/// An open file and what it held.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) sessions: Vec<StoredSession>,
    pub(super) path: PathBuf,
    pub(super) changes: u64,
}

/// Opens the file in `dir`, makes it where there may be none, and upgrades an
/// older version in place.
pub(super) fn open(dir: &Path, folder: SessionsFolder) -> Result<Opened, OpenSessionsError> {
    let path = dir.join(SESSIONS_FILE);
    if let Some(what) = device_registry::lost(&path).filter(|_| !folder.mark.adopts()) {
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
    let told = told(&opened.connection).map_err(failed)?;
    let misfit = folder.mark.check(told.folder).err();
    // An older copy of this folder's own may tell no folder yet.
    if misfit != Some(Misfit::Foreign) && told.changes < folder.least {
        return Err(OpenSessionsError::Older {
            path: path(),
            found: told.changes,
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
        Some(id) if told.folder.is_none() => adopt(&opened.connection, id, 0).map_err(failed),
        _ => Ok(()),
    }
}

/// Sets the file in `dir` aside, whatever it is, and makes an empty one of the
/// folder `id` in its place, as far as `changes`. Answers with the old one's new
/// name, where there was one.
pub fn begin_without_sessions(
    dir: &Path,
    id: FolderId,
    changes: u64,
    now: Timestamp,
) -> Result<Option<PathBuf>, OpenSessionsError> {
    let path = dir.join(SESSIONS_FILE);
    let failed = |source| OpenSessionsError::File {
        action: "set aside",
        path: path.clone(),
        source,
    };
    let mut aside = None;
    for path in [with_suffix(&path, WAL), path.clone()] {
        if path.exists() {
            aside = Some(ingest::set_aside(&path, now).map_err(failed)?);
        }
    }
    let opened = open(dir, SessionsFolder::ANY)?;
    adopt(&opened.connection, id, changes)
        .map_err(|source| OpenSessionsError::Open { path, source })?;
    Ok(aside)
}

/// Opens the file in `dir` where it is sound; else tells what is wrong, and sets
/// nothing aside.
pub(super) fn open_sound(dir: &Path) -> Result<Connection, String> {
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
    let version = match version_of(path)? {
        Header::Version(version) => version,
        Header::Foreign => return Ok(Found::Damaged("it is no SQLite file".to_owned())),
    };
    if version > SCHEMA_VERSION {
        return Err(OpenSessionsError::Newer {
            path: path.to_owned(),
            found: version,
        });
    }
    match connect(path, version).and_then(|connection| {
        let damage = damage(&connection)?;
        let sessions = rows::load(&connection)?;
        let changes = told(&connection)?.changes;
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
        Err(error) if is_busy(&error) => Err(OpenSessionsError::InUse(path.to_owned())),
        Err(source) => Err(OpenSessionsError::Open {
            path: path.to_owned(),
            source,
        }),
    }
}

fn connect(path: &Path, version: u32) -> rusqlite::Result<Connection> {
    // SQLite gives its WAL the same mode. A fault here is told by the next line.
    let _ = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path);
    let mut connection = Connection::open(path)?;
    // A lock that another process holds is held for its life: no use in waiting.
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    schema::migrate(&mut connection, version)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES)?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // Takes the lock now rather than at the first change.
    connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
    Ok(connection)
}

/// Walks the whole file: damage that is found by a change, hours later, would
/// end the platform.
fn damage(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let said: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((said != "ok").then_some(said))
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

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// What stands at the start of each SQLite file, and where it keeps the
/// `user_version`, big-endian (SQLite's file format, 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER_BYTES: usize = 100;
const VERSION_AT: std::ops::Range<usize> = 60..64;

enum Header {
    /// 0 where there is no file yet.
    Version(u32),
    Foreign,
}

/// Only reads: to open a newer file would touch it.
fn version_of(path: &Path) -> Result<Header, OpenSessionsError> {
    let failed = |source| OpenSessionsError::File {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Header::Version(0)),
        Err(error) => return Err(failed(error)),
    };
    if file.metadata().map_err(failed)?.len() == 0 {
        // A start that ended before its first transaction.
        return Ok(Header::Version(0));
    }
    let mut header = [0; HEADER_BYTES];
    match file.read_exact(&mut header) {
        Ok(()) if header.starts_with(MAGIC) => {
            let mut version = [0; 4];
            version.copy_from_slice(&header[VERSION_AT]);
            Ok(Header::Version(u32::from_be_bytes(version)))
        }
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(failed(error)),
        _ => Ok(Header::Foreign),
    }
}
