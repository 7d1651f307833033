//! The registry itself: one writer under a mutex, one snapshot for all
//! readers.
//!
//! A change is rows for the store and a draft of the next snapshot. It is durable
//! before it is visible, and visible before the generation grows and before
//! any listener is called. Readers never wait for it.

mod actor;
mod change;
mod end_error;
mod operation_error;
mod restored;
mod row_change;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use domain::{CredentialId, Timestamp};
use parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard};

use crate::auth::{self, AuthError, Exposure};
use crate::device::{CredentialProof, Device};
use crate::events::Events;
use crate::secret::file::{self, SecretFileError};
use crate::secret::operator::{Operator, OperatorError};
use crate::secret::{self, Pepper, RandomError, SECRET_BYTES};
use crate::snapshot::Snapshot;
use crate::store::{
    Faults, OpenStoreError, REGISTRY_FILE, RegistryFault, RegistryFolder, RegistryMark, Store,
    StoreError,
};

pub use actor::{Actor, Means, Who};
pub(crate) use change::Change;
pub use change::Changed;
pub use end_error::EndError;
pub use operation_error::{ErrorClass, OperationError};
pub(crate) use restored::BACKUP_KIND;
pub use restored::RestoredFrom;
pub(crate) use row_change::{DatastreamRow, ModelRow, RefinementRow, RowChange};

/// The pepper's file in the data folder.
pub const PEPPER_FILE: &str = "registry.pepper";

/// Why the registry cannot be opened. The message names the file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot make the folder {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Open(#[from] OpenStoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "{} cannot be read: restore it from a backup, together with store and log; see madang doctor",
        path.display()
    )]
    Damaged {
        path: PathBuf,
        #[source]
        source: StoreError,
    },
    #[error("the registry's pepper")]
    Pepper(#[source] SecretFileError),
    #[error("{} has not {SECRET_BYTES} bytes", .0.display())]
    PepperDamaged(PathBuf),
    #[error(
        "{} is missing, and without it no password, no API key and no service token of this registry can be checked; put the file back from where the data folder was copied",
        .0.display()
    )]
    PepperMissing(PathBuf),
    #[error("cannot make the registry's pepper")]
    Random(#[from] RandomError),
    #[error(transparent)]
    Operator(#[from] OperatorError),
}

type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;
type DurableListener = Box<dyn Fn(Changed<'_>) + Send + Sync>;
type ChangeListener = Arc<dyn Fn(u64) + Send + Sync>;

/// The control plane of one data folder.
pub struct Registry {
    pub(crate) dir: PathBuf,
    store: Mutex<Store>,
    /// Held by an import from its check to its last piece, before the store: one
    /// is staged at a time. All else comes in between pieces.
    pub(crate) importing: Mutex<()>,
    /// Held by a transfer, before the store; and read by who acts for an agency
    /// from the look at whose a device is until it has changed.
    pub(crate) owners: RwLock<()>,
    /// Held by a change of sensors, before the store, from its look at those that
    /// stand to its end.
    pub(crate) sensors: Mutex<()>,
    /// Held while a model is added, before the store, until its file and its
    /// devices have followed.
    pub(crate) adding_model: Mutex<()>,
    snapshot: ArcSwap<Snapshot>,
    generation: AtomicU64,
    listeners: RwLock<Vec<ChangeListener>>,
    pub(crate) pepper: Pepper,
    operator: Operator,
    events: Events,
    clock: Clock,
    /// Called after each change, before its caller has the answer.
    on_durable: OnceLock<DurableListener>,
    faults: Faults,
}

impl Registry {
    /// Opens the registry in `dir`, and makes it at the first start: the
    /// database, the pepper, the operator's token and the built-in models.
    pub fn open(
        dir: &Path,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        Self::open_in(dir, RegistryFolder::ANY, None, clock)
    }

    /// Opens the one of a data folder, which it is held against, and which was made
    /// from a backup or was not.
    pub fn open_in(
        dir: &Path,
        folder: RegistryFolder,
        restored: Option<RestoredFrom>,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        std::fs::create_dir_all(dir).map_err(|source| OpenError::Folder {
            path: dir.to_owned(),
            source,
        })?;
        let store = Store::open(dir, folder)?;
        let loaded = store.load().map_err(|source| OpenError::Damaged {
            path: dir.join(REGISTRY_FILE),
            source,
        })?;
        let mut snapshot = loaded.snapshot;
        snapshot.generation.grow();
        let registry = Self {
            dir: dir.to_owned(),
            pepper: open_pepper(dir, &snapshot)?,
            operator: Operator::open(dir)?,
            store: Mutex::new(store),
            generation: AtomicU64::new(snapshot.generation()),
            importing: Mutex::new(()),
            owners: RwLock::new(()),
            sensors: Mutex::new(()),
            adding_model: Mutex::new(()),
            snapshot: ArcSwap::from_pointee(snapshot),
            listeners: RwLock::new(Vec::new()),
            events: Events::since(clock()),
            clock: Box::new(clock),
            on_durable: OnceLock::new(),
            faults: Faults::of(&dir.join(REGISTRY_FILE)),
        };
        if let Some(from) = restored {
            registry.note_restore(from)?;
        }
        registry.install_models(loaded.models)?;
        registry.finish_import(|_| {})?;
        Ok(registry)
    }

    /// All entities as they are now. Never waits.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Grows with each change that may take away or alter the right of somebody
    /// who is connected, after the snapshot shows it. Mere additions (a device,
    /// an extra datastream) leave it.
    ///
    /// To tell whether something that was decided still holds; what is decided
    /// anew holds for [`Snapshot::generation`] of the snapshot it was read from.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Calls `callback` with the generation each time it has grown, on the
    /// thread of the change. It may read the registry, and must not change it.
    pub fn on_change(&self, callback: impl Fn(u64) + Send + Sync + 'static) {
        self.listeners.write().push(Arc::new(callback));
    }

    /// Calls `listener` once no change can be saved any more: nothing is
    /// registered or revoked from then on, so the process has to end.
    pub fn on_fault(&self, listener: impl FnOnce(RegistryFault) + Send + 'static) {
        self.faults.on_fault(Box::new(listener));
    }

    /// Calls `listener` after each change, when it is durable and before who made
    /// it is answered. Once; a second one is not taken.
    pub fn on_durable(&self, listener: impl Fn(Changed<'_>) + Send + Sync + 'static) {
        // A second one is a defect of the caller; the first stays.
        let _ = self.on_durable.set(Box::new(listener));
    }

    /// How far it has got.
    pub fn mark(&self) -> RegistryMark {
        self.store().mark()
    }

    /// Brings all that is in the write-ahead log into the file itself, as at
    /// the end of the process: then the file alone is whole.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.store().checkpoint()
    }

    /// The latest connections, refusals and ends.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Whether `token` is the first operator's.
    pub fn authenticate_operator(&self, token: &str) -> bool {
        self.operator.authenticates(token)
    }

    /// Which of the device's passwords it is.
    pub fn authenticate_password(
        &self,
        device: &Device,
        password: &[u8],
        exposure: Exposure,
        now: Timestamp,
    ) -> Result<CredentialId, AuthError> {
        auth::authenticate_password(&self.pepper, device, password, exposure, now)
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.dir
    }

    /// No device goes to another agency as long as this is held. For who judges a
    /// right by the agency of a device, and changes the device then; not to be
    /// held around a transfer.
    pub fn hold_owners(&self) -> OwnersStand<'_> {
        OwnersStand(self.owners.read())
    }

    /// Between two changes.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock()
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// As long as it is held every device stays its agency's.
pub struct OwnersStand<'a>(
    #[expect(dead_code, reason = "it is held, and not read")] RwLockReadGuard<'a, ()>,
);

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("dir", &self.dir)
            .field("generation", &self.generation())
            .finish_non_exhaustive()
    }
}

/// Reads the pepper, or makes it as long as nothing hangs on it.
fn open_pepper(dir: &Path, snapshot: &Snapshot) -> Result<Pepper, OpenError> {
    let path = dir.join(PEPPER_FILE);
    match file::read(&path).map_err(OpenError::Pepper)? {
        Some(content) => {
            let bytes: [u8; SECRET_BYTES] = content
                .try_into()
                .map_err(|_| OpenError::PepperDamaged(path))?;
            Ok(Pepper::new(&bytes))
        }
        None if needs_pepper(snapshot) => Err(OpenError::PepperMissing(path)),
        None => {
            let bytes = secret::random_bytes()?;
            file::create(&path, &bytes).map_err(OpenError::Pepper)?;
            Ok(Pepper::new(&bytes))
        }
    }
}

fn needs_pepper(snapshot: &Snapshot) -> bool {
    let is_password = |proof: &CredentialProof| matches!(proof, CredentialProof::Password { .. });
    !snapshot.api_keys.is_empty()
        || !snapshot.service_tokens.is_empty()
        || !snapshot.claims.is_empty()
        || !snapshot.batches.is_empty()
        || !snapshot.logins.is_empty()
        || snapshot
            .devices
            .values()
            .flat_map(|device| &device.credentials)
            .any(|credential| is_password(&credential.proof))
}
