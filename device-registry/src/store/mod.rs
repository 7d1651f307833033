//! The registry's file: SQLite in WAL mode, `DIR/registry.sqlite`.
//!
//! Constraints: one process at a time (exclusive locking); a change is on the
//! disk when its operation returns (`synchronous = FULL`); foreign keys hold;
//! only the platform's own account may read it (mode 0600); the schema's
//! version is SQLite's `user_version`. The rows are the truth, and the snapshot
//! is derived from them; nothing is in the snapshot only.

mod copy;
pub(crate) mod fault;
pub(crate) mod folder;
mod load;
mod rows;
mod schema;

use std::path::{Path, PathBuf};

use domain::Misfit;
use rusqlite::Connection;
use sqlite_file::{Header, KeptWal};

pub use copy::{CopyRegistryError, InspectError, Inspected, inspect, mend};
pub use fault::RegistryFault;
pub use folder::{Numbers, RegistryFolder, RegistryMark};
pub(crate) use load::load;
pub(crate) use rows::{
    NewDatastream, NewDeviceRow, delete_boundary, delete_credential, insert_agency, insert_api_key,
    insert_application, insert_credential, insert_datastream, insert_device, insert_location,
    insert_model, insert_thing, put_boundary, revoke_api_key, set_retention, update_datastream,
    update_device, update_last_use, update_thing,
};
use schema::SCHEMA;
pub use schema::SCHEMA_VERSION;

/// The file's name in the data folder.
pub const REGISTRY_FILE: &str = "registry.sqlite";

/// SQLite did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the registry's database cannot {action}")]
    Sqlite {
        action: &'static str,
        #[source]
        source: rusqlite::Error,
    },
    #[error("a row of the registry cannot be read: {0}")]
    Row(String),
    /// After a commit whose outcome is unknown, memory and disk may differ.
    #[error("the registry takes no change since a commit failed; start the platform again")]
    Poisoned,
}

impl StoreError {
    pub(crate) fn on(action: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Sqlite { action, source }
    }
}

/// Why the registry's file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenStoreError {
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is not a registry of this platform", .0.display())]
    Foreign(PathBuf),
    #[error(
        "{} is of schema version {found}, and this binary knows {SCHEMA_VERSION} at most; nothing was changed. Start the newer binary",
        path.display()
    )]
    Newer { path: PathBuf, found: u32 },
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    #[error(
        "{} {what}, and this data folder has lived: restore it from a backup; a new one would give \
         numbers of datastreams again that have observations",
        path.display()
    )]
    Lost { path: PathBuf, what: &'static str },
    #[error("{} does not fit: {misfit}; put this folder's own back", path.display())]
    Misfit { path: PathBuf, misfit: Misfit },
    #[error(
        "{} is older than the folder around it: it has {found} changes of {least} that were saved, \
         so it is a copy from before, or its -wal is lost or damaged; nothing was changed. Put the \
         newer one in its place, or restore a backup; madang doctor --repair --accept-loss goes on \
         with it",
        path.display()
    )]
    Older {
        path: PathBuf,
        found: u64,
        least: u64,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot bring {} to schema version {SCHEMA_VERSION}", path.display())]
    Migrate {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
}

/// Opens the file in `dir`, makes it at the first start, and upgrades an
/// older one in place. One that is lost, another folder's or older than the
/// folder is refused as it is.
pub(crate) fn open(dir: &Path, of: RegistryFolder) -> Result<Connection, OpenStoreError> {
    let path = dir.join(REGISTRY_FILE);
    if let Some(what) = sqlite_file::lost(&path).filter(|_| !of.mark.adopts()) {
        return Err(OpenStoreError::Lost { path, what });
    }
    let wal = KeptWal::of(&path);
    let opened = open_any(&path)?;
    match check(&opened, &path, of) {
        Ok(()) => Ok(opened),
        Err(refused) => {
            drop(opened);
            wal.put_back();
            Err(refused)
        }
    }
}

/// Whether the file belongs to the folder and is as far as the rest of it.
fn check(connection: &Connection, path: &Path, of: RegistryFolder) -> Result<(), OpenStoreError> {
    let path = || path.to_owned();
    let told = folder::id(connection)?;
    let misfit = of.mark.check(told).err();
    let found = folder::mark(connection)?.changes;
    // An older copy of this folder's own may tell no folder yet.
    if misfit != Some(Misfit::Foreign) && found < of.least.changes {
        let least = of.least.changes;
        return Err(OpenStoreError::Older {
            path: path(),
            found,
            least,
        });
    }
    if let Some(misfit) = misfit {
        let path = path();
        return Err(OpenStoreError::Misfit { path, misfit });
    }
    if let Some(id) = of.mark.id().filter(|_| told.is_none()) {
        folder::set_id(connection, id)?;
    }
    Ok(folder::raise_numbers(connection, of.least.numbers)?)
}

fn open_any(path: &Path) -> Result<Connection, OpenStoreError> {
    let path = path.to_owned();
    match sqlite_file::read_header(&path) {
        Err(source) => return Err(OpenStoreError::Read { path, source }),
        Ok(Header::Foreign) => return Err(OpenStoreError::Foreign(path)),
        Ok(Header::Version(found)) if found > SCHEMA_VERSION => {
            return Err(OpenStoreError::Newer { path, found });
        }
        Ok(Header::Version(_)) => {}
    }
    let opened = sqlite_file::open(&path, SCHEMA).map_err(|source| {
        if sqlite_file::is_busy(&source) {
            OpenStoreError::InUse(path)
        } else {
            OpenStoreError::Migrate { path, source }
        }
    })?;
    if let Some(from) = opened.upgraded_from {
        tracing::info!(from, to = SCHEMA_VERSION, "the registry was upgraded");
    }
    let connection = opened.connection;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(connection)
}

/// An empty database in memory, for what is tried and not kept. What its rows
/// refer to is not in it; datastreams have numbers from `datastreams` on.
pub(crate) fn scratch(datastreams: usize) -> rusqlite::Result<Connection> {
    let connection = SCHEMA.in_memory()?;
    connection.execute(
        "INSERT INTO sqlite_sequence (name, seq) VALUES ('datastream', ?1)",
        [datastreams as i64],
    )?;
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(connection)
}

/// Prepared statements that are kept: the operations have about 20.
const STATEMENT_CACHE: usize = 64;
