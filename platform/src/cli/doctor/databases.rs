//! Registry and kept sessions: SQLite's own check, and whether every row reads.
//!
//! To open a database is to change it, so a copy is looked at.

use std::path::Path;

use device_registry::{InspectError, REGISTRY_FILE, Snapshot};

use super::report::Report;
use crate::backup::Staging;
use crate::glue::sessions::{SESSIONS_FILE, inspect_sessions};

const RESTORE: &str = "restore it from a backup, together with store and log";

/// What the registry holds, where it can be read.
pub(super) fn check(data: &Path, report: &mut Report) -> Option<Snapshot> {
    let staging = match Staging::elsewhere() {
        Ok(staging) => staging,
        Err(error) => {
            report.note(format!(
                "the databases are not looked at: no room for a copy: {error}"
            ));
            return None;
        }
    };
    if copied(data, SESSIONS_FILE, staging.path(), report)
        && let Err(fault) = inspect_sessions(staging.path())
    {
        let cure = "start the platform: it sets the file aside, and clients subscribe again";
        report.find(&data.join(SESSIONS_FILE), fault, cure);
    }
    let path = data.join(REGISTRY_FILE);
    if !path.exists() {
        report.find(&path, "it is missing", RESTORE);
        return None;
    }
    if std::fs::metadata(&path).is_ok_and(|file| file.len() == 0) {
        report.find(&path, "it is empty", RESTORE);
        return None;
    }
    if !copied(data, REGISTRY_FILE, staging.path(), report) {
        return None;
    }
    match device_registry::inspect(staging.path()) {
        Ok(snapshot) => Some(snapshot),
        Err(error) => {
            let cure = match &error {
                InspectError::Open(device_registry::OpenStoreError::Newer { .. }) => {
                    "use the newer madang that wrote it"
                }
                _ => RESTORE,
            };
            report.find(&path, format!("{:#}", anyhow::Error::new(error)), cure);
            None
        }
    }
}

/// The database and its write-ahead log; false where there is none.
fn copied(data: &Path, name: &str, to: &Path, report: &mut Report) -> bool {
    for name in [name.to_owned(), format!("{name}-wal")] {
        match std::fs::copy(data.join(&name), to.join(&name)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if !name.ends_with("-wal") {
                    return false;
                }
            }
            Err(error) => {
                report.note(format!(
                    "{name} is not looked at: it cannot be copied: {error}"
                ));
                return false;
            }
            Ok(_) => {}
        }
    }
    true
}
