//! The registry's file: SQLite in WAL mode, `DIR/registry.sqlite`.
//!
//! Constraints: one process at a time (exclusive locking); a change is on the
//! disk when its operation returns (`synchronous = FULL`); foreign keys hold;
//! only the platform's own account may read it (mode 0600); the schema's
//! version is SQLite's `user_version`. The rows are the truth, and the snapshot
//! is derived from them; nothing is in the snapshot only.

mod audit;
mod copy;
mod error;
mod fault;
mod folder;
mod load;
mod rows;
mod schema;
mod sensors;

use std::ops::RangeInclusive;
use std::path::Path;

use domain::{AgencyId, DatastreamId, DeviceId, Misfit, ModelId, Timestamp};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use sqlite_file::{Header, KeptWal};

pub use copy::{CopyRegistryError, InspectError, Inspected, inspect, mend, verify_registry_audit};
pub use error::{OpenStoreError, StoreError};
pub use fault::RegistryFault;
pub(crate) use fault::{Cause, Faults};
pub use folder::{Numbers, RegistryFolder, RegistryMark};
pub(crate) use load::{Loaded, VersionRow};
use schema::SCHEMA;
pub use schema::SCHEMA_VERSION;
pub(crate) use sensors::EndingCalibration;

use crate::audit::{AuditEntry, AuditHead, AuditQuery};
use crate::device::{AcceptedImport, ImportPiece};
use crate::model::ModelVersion;
use crate::registry::{ModelRow, RowChange};
use crate::sensor::Sensor;

/// The file's name in the data folder.
pub const REGISTRY_FILE: &str = "registry.sqlite";

/// The open file.
pub(crate) struct Store {
    connection: Connection,
    mark: RegistryMark,
    /// The last entry of the audit.
    audit: AuditHead,
    /// Set when a commit failed: whether it is on the disk is not known.
    poisoned: bool,
    /// Why no change can be saved any more, until somebody has taken it.
    fault: Option<Cause>,
}

impl Store {
    /// Opens the file in `dir`, makes it at the first start, and upgrades an
    /// older one in place. One that is lost, another folder's or older than the
    /// folder is refused as it is.
    pub(crate) fn open(dir: &Path, of: RegistryFolder) -> Result<Self, OpenStoreError> {
        let connection = open(dir, of)?;
        let path = dir.join(REGISTRY_FILE);
        let asking = OpenStoreError::asking(&path);
        Ok(Self {
            mark: folder::mark(&connection).map_err(&asking)?,
            audit: audit::head(&connection).map_err(&asking)?,
            connection,
            poisoned: false,
            fault: None,
        })
    }

    pub(crate) fn load(&self) -> Result<Loaded, StoreError> {
        load::load(&self.connection)
    }

    /// The import that comes in, if one does.
    pub(crate) fn accepted_import(&self) -> Result<Option<AcceptedImport>, StoreError> {
        load::accepted_import(&self.connection)
    }

    /// The first piece of an import that is not in yet.
    pub(crate) fn next_import_piece(&self) -> Result<Option<ImportPiece>, StoreError> {
        load::next_import_piece(&self.connection)
    }

    /// Whether `content` was a version of a model at any time.
    pub(crate) fn has_model_version(&self, content: &[u8]) -> Result<bool, StoreError> {
        load::has_model_version(&self.connection, content)
    }

    /// The newest version of the model itself up to `last`.
    pub(crate) fn model_base(
        &self,
        id: &ModelId,
        last: ModelVersion,
    ) -> Result<Option<ModelRow>, StoreError> {
        load::model_base(&self.connection, id, last)
    }

    /// How often the agency has refined the model: also by a new version of it.
    pub(crate) fn count_refinements(
        &self,
        model: &ModelId,
        agency: &AgencyId,
    ) -> Result<u32, StoreError> {
        load::count_refinements(&self.connection, model, agency)
    }

    /// Versions of a model and of its refinements after `after`, the oldest first.
    pub(crate) fn model_versions(
        &self,
        id: &ModelId,
        after: ModelVersion,
        most: u32,
    ) -> Result<Vec<VersionRow>, StoreError> {
        load::model_versions(&self.connection, id, after, most)
    }

    /// How far it has got.
    pub(crate) fn mark(&self) -> RegistryMark {
        self.mark
    }

    /// Whether it takes a change.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        Ok(())
    }

    /// Applies the rows of one change, all or none, in their order, and the
    /// entries of the audit with them; the greatest numbers that were given are
    /// `numbers` now. They are durable when it returns.
    pub(crate) fn apply(
        &mut self,
        rows: &[RowChange],
        audit: &[AuditEntry],
        numbers: Numbers,
    ) -> Result<RegistryMark, StoreError> {
        self.check()?;
        let mark = RegistryMark {
            changes: self.mark.changes + 1,
            numbers,
        };
        let head = audit.last().map_or(self.audit, AuditEntry::head);
        if let Err(error) = self.commit(rows, audit, mark) {
            self.fault = if self.poisoned {
                fault::said_by(&error)
            } else {
                fault::of_the_disk(&error)
            };
            return Err(error);
        }
        self.mark = mark;
        self.audit = head;
        Ok(mark)
    }

    fn commit(
        &mut self,
        rows: &[RowChange],
        audit: &[AuditEntry],
        mark: RegistryMark,
    ) -> Result<(), StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::on("begin a change"))?;
        for row in rows {
            rows::write(&transaction, row)?;
        }
        for entry in audit {
            audit::insert(&transaction, entry)?;
        }
        folder::count_change(&transaction, mark.changes)?;
        transaction.commit().map_err(|source| {
            // A full disk leaves the transaction undone, and that is known.
            self.poisoned = source.sqlite_error_code() != Some(ErrorCode::DiskFull);
            StoreError::on("commit a change")(source)
        })
    }

    /// The last entry of the audit.
    pub(crate) fn audit_head(&self) -> AuditHead {
        self.audit
    }

    /// How many entries of the audit are the agency's.
    pub(crate) fn audit_count(&self, agency: &AgencyId) -> Result<u64, StoreError> {
        audit::count(&self.connection, agency)
    }

    /// Entries that pass `query`, of those that it counts within `numbers`.
    pub(crate) fn audit_entries(
        &self,
        query: &AuditQuery,
        numbers: RangeInclusive<u64>,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        audit::select(&self.connection, query, numbers)
    }

    pub(crate) fn sensors_of_device(&self, device: &DeviceId) -> Result<Vec<Sensor>, StoreError> {
        sensors::of_device(&self.connection, device)
    }

    pub(crate) fn sensors_of_datastream(
        &self,
        datastream: DatastreamId,
    ) -> Result<Vec<Sensor>, StoreError> {
        sensors::of_datastream(&self.connection, datastream)
    }

    /// Calibrations that run out soon, a page of those that follow `after`.
    pub(crate) fn calibrations_ending(
        &self,
        now: Timestamp,
        after: Option<&EndingCalibration>,
    ) -> Result<Vec<EndingCalibration>, StoreError> {
        sensors::ending(&self.connection, now, after)
    }

    /// What ended the registry, once.
    pub(crate) fn take_fault(&mut self) -> Option<Cause> {
        self.fault.take()
    }

    /// Brings all that is in the write-ahead log into the file.
    pub(crate) fn checkpoint(&self) -> Result<(), StoreError> {
        folder::checkpoint(&self.connection)
    }
}

/// Opens the file in `dir`, makes it at the first start, and upgrades an
/// older one in place. One that is lost, another folder's or older than the
/// folder is refused as it is.
fn open(dir: &Path, of: RegistryFolder) -> Result<Connection, OpenStoreError> {
    let path = dir.join(REGISTRY_FILE);
    if let Some(what) = sqlite_file::lost(&path).filter(|_| !of.mark.adopts()) {
        return Err(OpenStoreError::Lost { path, what });
    }
    let wal = KeptWal::of(&path);
    let opened = match open_any(&path) {
        Ok(opened) => opened,
        Err(in_use @ OpenStoreError::InUse(_)) => return Err(in_use),
        Err(refused) => {
            wal.put_back();
            return Err(refused);
        }
    };
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
    let asking = OpenStoreError::asking(path);
    let path = || path.to_owned();
    let told = folder::id(connection).map_err(&asking)?;
    let misfit = of.mark.check(told).err();
    let found = folder::mark(connection).map_err(&asking)?.changes;
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
        folder::set_id(connection, id).map_err(&asking)?;
    }
    folder::raise_numbers(connection, of.least.numbers).map_err(&asking)
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
        } else if sqlite_file::is_damage(&source) {
            OpenStoreError::Damaged { path, source }
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

/// Prepared statements that are kept: the operations have about 20.
const STATEMENT_CACHE: usize = 64;
