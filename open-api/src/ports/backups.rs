//! Who makes backups. The composition root knows all that goes into one.

use std::path::{Path, PathBuf};

use domain::{Offset, Timestamp};

/// Makes them, one at a time.
pub trait Backups: Send + Sync + 'static {
    /// Begins one into a folder of this machine; blocks for as long as it takes
    /// to look at that.
    fn start(&self, folder: &Path) -> Result<BackupState, BackupRefused>;
    /// The one that is being made, or the last since the platform started.
    fn last(&self) -> Option<BackupState>;
}

/// Nobody: for an API that stands alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBackups;

impl Backups for NoBackups {
    fn start(&self, _: &Path) -> Result<BackupState, BackupRefused> {
        Err(BackupRefused::Folder("Nobody makes backups here.".into()))
    }

    fn last(&self) -> Option<BackupState> {
        None
    }
}

/// Why none was begun, in words for the caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BackupRefused {
    /// Another one is being made.
    Busy,
    /// The folder will not do.
    Folder(String),
}

/// A backup, being made or made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupState {
    pub folder: PathBuf,
    pub started: Timestamp,
    pub progress: BackupProgress,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BackupProgress {
    Running,
    Made {
        ended: Timestamp,
        backup: MadeBackup,
    },
    Failed {
        ended: Timestamp,
        why: String,
    },
}

/// What there is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MadeBackup {
    /// Every frame up to it is there, and none later.
    pub offset: Offset,
    pub rows: u64,
    pub devices: u64,
    pub files: u64,
    pub bytes: u64,
    /// Data files that were damaged and are left out.
    pub damaged: Vec<String>,
}
