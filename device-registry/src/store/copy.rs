//! Copies of the database: making one while the registry is open, and looking
//! at one.

use std::path::{Path, PathBuf};

use domain::FolderId;
use rusqlite::Connection;

use super::{
    Numbers, OpenStoreError, RegistryFolder, RegistryMark, Store, StoreError, audit, folder,
};
use crate::audit::{AuditFault, AuditHead};
use crate::registry::Registry;
use crate::snapshot::Snapshot;

/// Why the database was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyRegistryError {
    #[error("cannot write {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot copy the registry")]
    Copy(#[source] StoreError),
}

/// What is wrong with a database.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error("it cannot be opened")]
    Open(#[source] OpenStoreError),
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("its rows cannot be read")]
    Rows(#[source] StoreError),
}

impl Registry {
    /// Writes the database as it is now to the new file `path`, mode 0600; the
    /// caller syncs it. Changes wait while its pages are copied in memory (0.2 s
    /// and twice the file's 64 MB for 100,000 devices), not while the file is
    /// written; readers do not wait at all.
    pub fn copy_to(&self, path: &Path) -> Result<(), CopyRegistryError> {
        let pages = sqlite_file::read_pages(&mut self.store().connection)
            .map_err(StoreError::on("be copied"))
            .map_err(CopyRegistryError::Copy)?;
        sqlite_file::write_pages(path, &pages).map_err(|source| CopyRegistryError::Write {
            path: path.to_owned(),
            source,
        })
    }
}

/// Walks the audit of the database in the folder `dir` to its end; `kept` is a
/// head of it from before. For a copy alone, as [`inspect`].
pub fn verify_registry_audit(
    dir: &Path,
    kept: Option<AuditHead>,
) -> Result<Result<AuditHead, AuditFault>, InspectError> {
    let store = Store::open(dir, RegistryFolder::ANY).map_err(InspectError::Open)?;
    audit::verify(&store.connection, kept).map_err(InspectError::Rows)
}

/// Looks through the database in the folder `dir` and answers with its content.
/// For a copy alone: it is opened as at a start, which upgrades an older one
/// and takes its write-ahead log in.
pub fn inspect(dir: &Path) -> Result<Inspected, InspectError> {
    let store = Store::open(dir, RegistryFolder::ANY).map_err(InspectError::Open)?;
    let connection = &store.connection;
    if let Some(fault) = fault(connection).map_err(InspectError::Rows)? {
        return Err(InspectError::Damaged(fault));
    }
    let inspected = || -> Result<Inspected, StoreError> {
        Ok(Inspected {
            snapshot: store.load()?.snapshot,
            folder: folder::id(connection)?,
            mark: store.mark(),
        })
    };
    inspected().map_err(InspectError::Rows)
}

/// What a database holds, and what it says of itself.
pub struct Inspected {
    pub snapshot: Snapshot,
    /// The data folder that it belongs to; none before version 4.
    pub folder: Option<FolderId>,
    pub mark: RegistryMark,
}

/// Makes the registry in the folder `dir`, which nobody has open, one of which
/// no number up to `numbers` was given, and which has got as far as `changes`:
/// what a copy from before is taken for from now on.
pub fn mend(
    dir: &Path,
    id: FolderId,
    changes: u64,
    numbers: Numbers,
) -> Result<RegistryMark, InspectError> {
    let store = Store::open(dir, RegistryFolder::ANY).map_err(InspectError::Open)?;
    let connection = &store.connection;
    let mended = || -> Result<RegistryMark, StoreError> {
        folder::set_id(connection, id)?;
        folder::raise_changes(connection, changes)?;
        folder::raise_numbers(connection, numbers)?;
        folder::mark(connection)
    };
    mended().map_err(InspectError::Rows)
}

fn fault(connection: &Connection) -> Result<Option<String>, StoreError> {
    let failed = || StoreError::on("be checked");
    if let Some(fault) = sqlite_file::integrity_fault(connection).map_err(failed())? {
        return Ok(Some(fault));
    }
    let mut statement = connection
        .prepare("PRAGMA foreign_key_check")
        .map_err(failed())?;
    let mut rows = statement.query([]).map_err(failed())?;
    match rows.next().map_err(failed())? {
        None => Ok(None),
        Some(row) => {
            let table: String = row.get(0).map_err(failed())?;
            Ok(Some(format!(
                "a row of {table} refers to one that is missing"
            )))
        }
    }
}
