//! What the registry's file says of the data folder around it, and of itself:
//! whose it is, how many changes it has taken, and the numbers that it has
//! given.

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

pub(super) fn id(connection: &Connection) -> Result<Option<FolderId>, StoreError> {
    let told: Option<String> = connection
        .query_row("SELECT id FROM folder", [], |row| row.get(0))
        .map_err(StoreError::on("tell its folder"))?;
    Ok(told.and_then(|text| text.parse().ok()))
}

pub(super) fn set_id(connection: &Connection, id: FolderId) -> Result<(), StoreError> {
    connection
        .execute("UPDATE folder SET id = ?1", [id.to_string()])
        .map_err(StoreError::on("be given its folder"))?;
    // The file alone tells whose it is, whatever becomes of the write-ahead log.
    checkpoint(connection)
}

/// Brings all that is in the write-ahead log into the file.
pub(super) fn checkpoint(connection: &Connection) -> Result<(), StoreError> {
    sqlite_file::checkpoint(connection)
        .map_err(StoreError::on("bring its write-ahead log into the file"))
}

/// The change that is being made is its `changes`th.
pub(super) fn count_change(connection: &Connection, changes: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE folder SET changes = ?1")
        .and_then(|mut statement| statement.execute([changes.cast_signed()]))
        .map(drop)
        .map_err(StoreError::on("count a change"))
}

/// From now on it has taken `least` changes at least.
pub(super) fn raise_changes(connection: &Connection, least: u64) -> Result<(), StoreError> {
    connection
        .execute(
            "UPDATE folder SET changes = max(changes, ?1)",
            [least.cast_signed()],
        )
        .map(drop)
        .map_err(StoreError::on("be brought up to the folder"))
}

pub(super) fn mark(connection: &Connection) -> Result<RegistryMark, StoreError> {
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
pub(super) fn raise_numbers(connection: &Connection, least: Numbers) -> Result<(), StoreError> {
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
