//! The schema and its versions.
//!
//! A migration runs under a rollback journal, not the WAL: then the version in
//! the file's header (bytes 60..64, big-endian; SQLite's file format, 1.3) is
//! always the true one, and an older binary can read it there without opening
//! the database, which would touch it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::OpenStoreError;

/// The newest schema that this binary knows.
pub const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;

/// In order; the first makes version 1. A released one never changes.
const MIGRATIONS: &[&str] = &[VERSION_1, VERSION_2, VERSION_3, VERSION_4];

/// Times are microseconds since 1970 UTC, places 1e-7 degrees, models JSON as
/// `model_file` describes. A datastream's definition and unit are those of its
/// model's newest version; where that has no such field, it is an extra one.
const VERSION_1: &str = "
CREATE TABLE agency (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE model (
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    content TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('builtin', 'operator')),
    created INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE thing (
    id TEXT PRIMARY KEY,
    agency TEXT NOT NULL REFERENCES agency (id),
    licence TEXT NOT NULL,
    attribution TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'restricted'))
) STRICT, WITHOUT ROWID;

CREATE TABLE location (
    thing TEXT NOT NULL REFERENCES thing (id),
    since INTEGER NOT NULL,
    lat_e7 INTEGER,
    lon_e7 INTEGER,
    PRIMARY KEY (thing, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    alias TEXT UNIQUE,
    thing TEXT NOT NULL REFERENCES thing (id),
    agency TEXT NOT NULL REFERENCES agency (id),
    model TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'revoked')),
    expires INTEGER,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE credential (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL REFERENCES device (id),
    kind TEXT NOT NULL CHECK (kind IN ('ed25519', 'es256', 'password')),
    proof BLOB NOT NULL,
    networks TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER
) STRICT;

CREATE TABLE datastream (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    thing TEXT NOT NULL REFERENCES thing (id),
    field TEXT NOT NULL,
    device TEXT NOT NULL REFERENCES device (id),
    model TEXT NOT NULL,
    UNIQUE (thing, field)
) STRICT;

CREATE TABLE application (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    contact TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    application TEXT NOT NULL REFERENCES application (id),
    kind TEXT NOT NULL CHECK (kind IN ('secret', 'publishable')),
    origins TEXT NOT NULL,
    hmac BLOB NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER,
    last_used INTEGER
) STRICT;
";

/// A gateway publishes for its children.
const VERSION_2: &str = "
ALTER TABLE device ADD COLUMN gateway TEXT REFERENCES device (id);
";

/// How long an agency keeps a model's data, where it is not as the model says;
/// boundaries by name, each a GeoJSON geometry as `boundary` describes. Models
/// may say `retention_days` from here on, which an older binary cannot read.
const VERSION_3: &str = "
CREATE TABLE agency_retention (
    agency TEXT NOT NULL REFERENCES agency (id),
    model TEXT NOT NULL,
    days INTEGER NOT NULL CHECK (days BETWEEN 1 AND 36500),
    PRIMARY KEY (agency, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE boundary (
    name TEXT PRIMARY KEY,
    title_en TEXT NOT NULL,
    title_ko TEXT NOT NULL,
    geometry TEXT NOT NULL,
    changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// The data folder's id, and how many changes were committed: an older binary
/// would not count them.
const VERSION_4: &str = "
CREATE TABLE folder (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT,
    changes INTEGER NOT NULL
) STRICT;

INSERT INTO folder (one, id, changes) VALUES (1, NULL, 0);
";

/// What stands at the start of each SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER_BYTES: usize = 100;
const VERSION_AT: std::ops::Range<usize> = 60..64;

/// The version in the header, 0 where there is no file yet. Only reads.
pub(super) fn version_of(path: &Path) -> Result<u32, OpenStoreError> {
    let failed = |source| OpenStoreError::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(error)),
    };
    if file.metadata().map_err(failed)?.len() == 0 {
        // A start that ended before its first transaction.
        return Ok(0);
    }
    let mut header = [0; HEADER_BYTES];
    match file.read_exact(&mut header) {
        Ok(()) if header.starts_with(MAGIC) => {
            let bytes = header[VERSION_AT]
                .try_into()
                .expect("the range has 4 bytes");
            Ok(u32::from_be_bytes(bytes))
        }
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(failed(error)),
        _ => Err(OpenStoreError::Foreign(path.to_owned())),
    }
}

/// Opens the file for this process alone, and runs the migrations it lacks.
pub(super) fn open_and_migrate(path: &Path) -> rusqlite::Result<Connection> {
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
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version < SCHEMA_VERSION {
        migrate(&mut connection, version)?;
    }
    // Takes the lock now rather than at the first change.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
    Ok(connection)
}

/// The tables of this version, without a file.
pub(super) fn in_memory() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    for migration in MIGRATIONS {
        connection.execute_batch(migration)?;
    }
    Ok(connection)
}

fn migrate(connection: &mut Connection, from: u32) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "DELETE")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    for migration in &MIGRATIONS[from as usize..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()?;
    if from > 0 {
        tracing::info!(from, to = SCHEMA_VERSION, "the registry was upgraded");
    }
    Ok(())
}
