//! `/v1/backup`: a copy of everything, made while the platform runs.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::client::ApiClient;
use super::error::ApiError;

/// A backup that is being made, or was.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Backup {
    pub state: BackupProgress,
    pub folder: String,
    /// There once it is made, as are the counts: every message up to it is in
    /// the backup.
    pub offset: Option<u64>,
    pub rows: Option<u64>,
    pub devices: Option<u64>,
    pub files: Option<u64>,
    pub bytes: Option<u64>,
    /// Data files that were damaged and are left out.
    #[serde(default)]
    pub damaged: Vec<String>,
    /// Why it failed.
    pub problem: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackupProgress {
    Running,
    Made,
    Failed,
}

#[derive(Serialize)]
struct NewBackup<'a> {
    folder: &'a Path,
}

impl ApiClient {
    /// Begins a backup into a folder of the platform's machine. Operators only.
    pub fn start_backup(&self, folder: &Path) -> Result<Backup, ApiError> {
        self.post("/v1/backup", &NewBackup { folder })
    }

    /// The one that is being made, or the last since the platform started.
    pub fn backup(&self) -> Result<Backup, ApiError> {
        self.get("/v1/backup")
    }
}
