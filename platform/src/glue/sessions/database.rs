//! The file of kept sessions: SQLite in WAL mode, `DIR/sessions.db`.
//!
//! Constraints: one process at a time (exclusive locking; the data folder is
//! locked before); a change is on the disk when its transaction is committed
//! (`synchronous = FULL`); only the platform's own account may read it (mode
//! 0600). A newer schema is refused and left untouched.
//!
//! A file that is damaged does not keep the platform from starting: sessions
//! are what a client makes anew by connecting, unlike everything else in the
//! folder. It is renamed, said so in one line, and an empty one takes its
//! place.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use broker::StoredSession;
use rusqlite::{Connection, ErrorCode};

use super::rows;
use super::schema::{self, SCHEMA_VERSION};

/// The file's name in the data folder.
pub const SESSIONS_FILE: &str = "sessions.db";
/// What is put behind the name of a damaged file. Only the newest stays: a
/// disk that damages one at every start must not fill up with them.
pub const SET_ASIDE: &str = ".damaged";
/// SQLite's write-ahead log has a file of its own, named like this behind.
const WAL: &str = "-wal";

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
}

/// Opens the file in `dir`, makes it where there is none, upgrades an older
/// one in place, and sets a damaged one aside.
pub(super) fn open(dir: &Path) -> Result<Opened, OpenSessionsError> {
    let path = dir.join(SESSIONS_FILE);
    let found = match try_open(&path)? {
        Found::Sound(opened) => return Ok(opened),
        Found::Damaged(why) => why,
    };
    let aside = set_aside(&path)?;
    tracing::error!(
        why = %found,
        "{} is damaged and was set aside as {}: kept MQTT sessions are gone, so clients \
         subscribe again and are not sent what they missed; no telemetry is affected",
        path.display(),
        aside.display()
    );
    match try_open(&path)? {
        Found::Sound(opened) => Ok(opened),
        Found::Damaged(why) => Err(OpenSessionsError::File {
            action: "make",
            path,
            source: std::io::Error::other(why),
        }),
    }
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
        let damage = check(&connection)?;
        let sessions = rows::load(&connection)?;
        Ok((connection, sessions, damage))
    }) {
        Ok((_, _, Some(damage))) => Ok(Found::Damaged(damage)),
        Ok((connection, sessions, None)) => Ok(Found::Sound(Opened {
            connection,
            sessions,
            path: path.to_owned(),
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
fn check(connection: &Connection) -> rusqlite::Result<Option<String>> {
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

fn set_aside(path: &Path) -> Result<PathBuf, OpenSessionsError> {
    let aside = with_suffix(path, SET_ASIDE);
    let failed = |source| OpenSessionsError::File {
        action: "set aside",
        path: path.to_owned(),
        source,
    };
    std::fs::rename(path, &aside).map_err(failed)?;
    // Its write-ahead log belongs to it, under the name that SQLite looks for.
    let (wal, wal_aside) = (with_suffix(path, WAL), with_suffix(&aside, WAL));
    let moved = match std::fs::rename(wal, &wal_aside) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // One of an earlier file must not be taken for this one's.
            std::fs::remove_file(wal_aside)
        }
        moved => moved,
    };
    match moved {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(aside),
    }
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
