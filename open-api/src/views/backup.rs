//! A backup, as operators see it.

use serde::Serialize;
use utoipa::ToSchema;

use super::Rfc3339;
use crate::ports::{BackupProgress, BackupState};

/// A backup that is being made, or was.
#[derive(Serialize, ToSchema)]
#[schema(as = Backup, example = json!({
    "state": "made", "folder": "/var/backups/madang/2026-05-01",
    "started": "2026-05-01T00:00:00Z", "ended": "2026-05-01T00:00:12Z",
    "offset": 1_234_567, "rows": 4_000_000, "devices": 300, "files": 45,
    "bytes": 60_000_000, "damaged": []
}))]
pub(crate) struct BackupView {
    /// `running`, `made` or `failed`.
    state: &'static str,
    folder: String,
    #[schema(value_type = String, format = DateTime)]
    started: Rfc3339,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended: Option<Rfc3339>,
    /// Every message up to it is there, and none later.
    offset: Option<u64>,
    rows: Option<u64>,
    devices: Option<u64>,
    files: Option<u64>,
    bytes: Option<u64>,
    /// Data files that were damaged and are left out.
    damaged: Vec<String>,
    /// Why it failed.
    problem: Option<String>,
}

impl From<&BackupState> for BackupView {
    fn from(state: &BackupState) -> Self {
        let begun = Self {
            state: "running",
            folder: state.folder.to_string_lossy().into_owned(),
            started: Rfc3339(state.started),
            ended: None,
            offset: None,
            rows: None,
            devices: None,
            files: None,
            bytes: None,
            damaged: Vec::new(),
            problem: None,
        };
        match &state.progress {
            BackupProgress::Running => begun,
            BackupProgress::Made { ended, backup } => Self {
                state: "made",
                ended: Some(Rfc3339(*ended)),
                offset: Some(backup.offset.get()),
                rows: Some(backup.rows),
                devices: Some(backup.devices),
                files: Some(backup.files),
                bytes: Some(backup.bytes),
                damaged: backup.damaged.clone(),
                ..begun
            },
            BackupProgress::Failed { ended, why } => Self {
                state: "failed",
                ended: Some(Rfc3339(*ended)),
                problem: Some(why.clone()),
                ..begun
            },
        }
    }
}
