//! The data folder: what lies where in it, and the lock that keeps it for one
//! process.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Folder of the log within the data folder.
pub(crate) const LOG_FOLDER: &str = "log";
/// Folder of the store within the data folder.
pub(crate) const STORE_FOLDER: &str = "store";
/// The file whose lock says that a process has the folder open.
const LOCK_FILE: &str = "lock";

/// Why a data folder cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("cannot make or lock the data folder {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the data folder {} is in use by another process: stop it first", path.display())]
    InUse { path: PathBuf },
}

/// Keeps other processes out of a data folder; the system frees it when the
/// process ends, in whatever way.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Of a folder that is there: nothing is made. `None` where no process ever
    /// opened it.
    pub fn of(folder: &Path) -> Result<Option<Self>, LockError> {
        let path = folder.join(LOCK_FILE);
        let fault = |cause| LockError::Folder {
            path: folder.to_owned(),
            cause,
        };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(fault(cause)),
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Err(LockError::InUse {
                path: folder.to_owned(),
            }),
            Err(TryLockError::Error(cause)) => Err(fault(cause)),
        }
    }

    pub(super) fn take(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(LOCK_FILE);
        let open = || {
            fs::create_dir_all(folder)?;
            File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
        };
        let fault = |cause| LockError::Folder {
            path: folder.to_owned(),
            cause,
        };
        let file = open().map_err(fault)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::InUse {
                path: folder.to_owned(),
            }),
            Err(TryLockError::Error(cause)) => Err(fault(cause)),
        }
    }
}
