//! What ends the registry: a failed commit of which nobody knows whether it is
//! on the disk, or a disk that cannot be read. Nothing is tried again, as with
//! the log: a registry that takes no change takes no revocation either.

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::ErrorCode;
use rusqlite::ffi::Error as SqliteCode;

use super::StoreError;

/// Why the registry takes no change any more. Its text is one line for the
/// operator.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "cannot save changes in {}: nothing is registered or revoked any more; {}",
    path.display(),
    cure(cause)
)]
pub struct RegistryFault {
    path: Arc<Path>,
    #[source]
    cause: Arc<rusqlite::Error>,
}

fn cure(cause: &rusqlite::Error) -> &'static str {
    match cause.sqlite_error_code() {
        Some(ErrorCode::ReadOnly) => {
            "the file system is read-only: mount it for writing and start again"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "look at the disk and at the folder with madang doctor, then start again"
        }
        _ => "check the disk, then start again",
    }
}

/// What SQLite said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause(SqliteCode);

type Listener = Box<dyn FnOnce(RegistryFault) + Send>;

/// The first fault, and who waits for it.
pub(crate) struct Faults {
    path: Arc<Path>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    fault: Option<RegistryFault>,
    listeners: Vec<Listener>,
}

impl Faults {
    pub(crate) fn of(path: &Path) -> Self {
        Self {
            path: Arc::from(path),
            state: Mutex::default(),
        }
    }

    /// Calls `listener` with the first fault, at once where there is one.
    pub(crate) fn on_fault(&self, listener: Listener) {
        let mut state = self.state.lock();
        match state.fault.clone() {
            Some(fault) => {
                drop(state);
                listener(fault);
            }
            None => state.listeners.push(listener),
        }
    }

    /// Keeps the first fault and tells it.
    pub(crate) fn set(&self, cause: Cause) {
        let fault = RegistryFault {
            path: Arc::clone(&self.path),
            cause: Arc::new(rusqlite::Error::SqliteFailure(cause.0, None)),
        };
        let mut state = self.state.lock();
        if state.fault.is_some() {
            return;
        }
        state.fault = Some(fault.clone());
        let listeners = std::mem::take(&mut state.listeners);
        drop(state);
        for listener in listeners {
            listener(fault.clone());
        }
    }
}

/// What SQLite said, where `error` is that the disk or the file fails, rather
/// than the change.
pub(super) fn of_the_disk(error: &StoreError) -> Option<Cause> {
    said(error).filter(is_of_the_disk).map(Cause)
}

/// What SQLite said; where it was not it that spoke, that something went wrong.
pub(super) fn said_by(error: &StoreError) -> Option<Cause> {
    let unknown = || SqliteCode::new(rusqlite::ffi::SQLITE_ERROR);
    Some(Cause(said(error).unwrap_or_else(unknown)))
}

fn said(error: &StoreError) -> Option<SqliteCode> {
    match error {
        StoreError::Sqlite { source, .. } => source.sqlite_error().copied(),
        _ => None,
    }
}

fn is_of_the_disk(said: &SqliteCode) -> bool {
    matches!(
        said.code,
        ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
    )
}
