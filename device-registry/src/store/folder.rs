//! What the registry's file says of the data folder around it, and of itself:
//! whose it is, how many changes it has taken, and the numbers that it has
//! given.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use domain::{FolderId, FolderMark};
use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;

/// How far a registry has got. Kept outside of it too, it tells an older copy
/// of the file, or one whose write-ahead log is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RegistryMark {
    /// Changes that were committed.
    pub changes: u64,
    pub numbers: Numbers,
}

/// The greatest numbers that were given; none is given twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Numbers {
    pub device: u64,
    pub credential: u64,
    pub datastream: u64,
    pub api_key: u64,
}

impl Numbers {
    /// The greater of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            device: self.device.max(other.device),
            credential: self.credential.max(other.credential),
            datastream: self.datastream.max(other.datastream),
            api_key: self.api_key.max(other.api_key),
        }
    }

    fn by_table(self) -> [(&'static str, u64); 4] {
        [
            ("device", self.device),
            ("credential", self.credential),
            ("datastream", self.datastream),
            ("api_key", self.api_key),
        ]
    }
}

/// What the file is held against when it is opened.
#[derive(Clone, Copy, Debug)]
pub struct RegistryFolder {
    pub mark: FolderMark,
    /// It has got as far as this at least.
    pub least: RegistryMark,
}

impl RegistryFolder {
    /// Of a registry by itself.
    pub const ANY: Self = Self {
        mark: FolderMark::ANY,
        least: RegistryMark {
            changes: 0,
            numbers: Numbers {
                device: 0,
                credential: 0,
                datastream: 0,
                api_key: 0,
            },
        },
    };
}

pub(crate) fn id(connection: &Connection) -> Result<Option<FolderId>, StoreError> {
    let told: Option<String> = connection
        .query_row("SELECT id FROM folder", [], |row| row.get(0))
        .map_err(StoreError::on("tell its folder"))?;
    Ok(told.and_then(|text| text.parse().ok()))
}

pub(crate) fn set_id(connection: &Connection, id: FolderId) -> Result<(), StoreError> {
    connection
        .execute("UPDATE folder SET id = ?1", [id.to_string()])
        .map_err(StoreError::on("be given its folder"))?;
    // The file alone tells whose it is, whatever becomes of the write-ahead log.
    checkpoint(connection)
}

/// Brings all that is in the write-ahead log into the file.
pub(crate) fn checkpoint(connection: &Connection) -> Result<(), StoreError> {
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(StoreError::on("bring its write-ahead log into the file"))
}

/// One change more, within its transaction.
pub(crate) fn count_change(connection: &Connection) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE folder SET changes = changes + 1")
        .and_then(|mut statement| statement.execute([]))
        .map(drop)
        .map_err(StoreError::on("count a change"))
}

/// From now on it has taken `least` changes at least.
pub(crate) fn raise_changes(connection: &Connection, least: u64) -> Result<(), StoreError> {
    connection
        .execute(
            "UPDATE folder SET changes = max(changes, ?1)",
            [least.cast_signed()],
        )
        .map(drop)
        .map_err(StoreError::on("be brought up to the folder"))
}

pub(crate) fn mark(connection: &Connection) -> Result<RegistryMark, StoreError> {
    let failed = StoreError::on("tell how far it has got");
    let read = || -> rusqlite::Result<RegistryMark> {
        let mut changes = connection.prepare_cached("SELECT changes FROM folder")?;
        let changes: i64 = changes.query_row([], |row| row.get(0))?;
        let mut numbers = Numbers::default();
        for (number, table) in [
            (&mut numbers.device, "device"),
            (&mut numbers.credential, "credential"),
            (&mut numbers.datastream, "datastream"),
            (&mut numbers.api_key, "api_key"),
        ] {
            *number = given(connection, table)?.unwrap_or_default();
        }
        Ok(RegistryMark {
            changes: changes.cast_unsigned(),
            numbers,
        })
    };
    read().map_err(failed)
}

/// The greatest number that a table has given.
fn given(connection: &Connection, table: &str) -> rusqlite::Result<Option<u64>> {
    let mut statement =
        connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = ?1")?;
    let number: Option<i64> = statement.query_row([table], |row| row.get(0)).optional()?;
    Ok(number.map(i64::cast_unsigned))
}

/// Sees to it that no number up to these is given (again). Writes only where
/// one would be.
pub(crate) fn raise_numbers(connection: &Connection, least: Numbers) -> Result<(), StoreError> {
    let raise = |table: &str, least: u64| -> rusqlite::Result<()> {
        let least = least.min(i64::MAX as u64).cast_signed();
        match given(connection, table)? {
            Some(given) if given.cast_signed() >= least => Ok(()),
            None if least == 0 => Ok(()),
            Some(_) => connection
                .execute(
                    "UPDATE sqlite_sequence SET seq = ?2 WHERE name = ?1",
                    params![table, least],
                )
                .map(drop),
            None => connection
                .execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
                    params![table, least],
                )
                .map(drop),
        }
    };
    for (table, number) in least.by_table() {
        raise(table, number).map_err(StoreError::on("raise its numbers"))?;
    }
    Ok(())
}

/// What is wrong with a file that must be there.
pub fn lost(path: &Path) -> Option<&'static str> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some("is missing"),
        Ok(file) if file.is_dir() => None,
        Ok(file) if file.len() == 0 => Some("is empty"),
        Ok(file) if is_cut_short(path, file.len()) => Some("is cut short"),
        _ => None,
    }
}

/// Whether a database's header tells of more pages than the file has (SQLite's
/// file format, 1.3). Where there is a write-ahead log, they may be in that.
fn is_cut_short(path: &Path, bytes: u64) -> bool {
    let mut header = [0; 100];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    if read.is_err() || !header.starts_with(b"SQLite format 3\0") {
        return false;
    }
    let number = |at: usize| {
        let digits = header[at..at + 4].try_into().expect("four bytes");
        u64::from(u32::from_be_bytes(digits))
    };
    let page = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65_536,
        bytes => bytes,
    };
    let wal = fs::metadata(with_suffix(path, "-wal")).map_or(0, |file| file.len());
    // The count holds where it was written with the last change.
    wal == 0 && number(24) == number(92) && bytes < number(28) * page
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A second name of a database's write-ahead log while the database is opened:
/// SQLite removes one that it cannot read, and with it what could be had of it.
#[derive(Debug)]
pub struct KeptWal {
    wal: PathBuf,
    kept: Option<PathBuf>,
}

impl KeptWal {
    /// Of the database at `path`.
    pub fn of(path: &Path) -> Self {
        let (wal, kept) = (with_suffix(path, "-wal"), with_suffix(path, "-wal.new"));
        // What an earlier opening left is a second name of the same, or older.
        let _ = fs::remove_file(&kept);
        let linked = fs::hard_link(&wal, &kept).is_ok();
        Self {
            wal,
            kept: linked.then_some(kept),
        }
    }

    /// The database was refused and is closed: what was there is there again.
    pub fn put_back(mut self) {
        if let Some(kept) = self.kept.take()
            && fs::rename(&kept, &self.wal).is_err()
        {
            tracing::warn!(path = %kept.display(), "this is the write-ahead log as it was found");
        }
    }
}

impl Drop for KeptWal {
    fn drop(&mut self) {
        if let Some(kept) = &self.kept {
            let _ = fs::remove_file(kept);
        }
    }
}
