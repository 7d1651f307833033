//! Registry and kept sessions: SQLite's own check, whether every row reads, and
//! the audit's chain.
//!
//! To open a database is to change it, so a copy is looked at.

use std::path::Path;

use device_registry::{InspectError, Inspected, REGISTRY_FILE};

use super::report::Report;
use crate::backup::Staging;
use session_store::{InspectedSessions, SESSIONS_FILE, inspect_sessions};
use sqlite_file::lost;

const RESTORE: &str = "restore it from a backup, together with store and log";
const MEND_SESSIONS: &str = "restore it from a backup; madang doctor --repair --accept-loss begins without kept sessions, and clients subscribe again";

const RECONSIDER: &str = "compare it with an export or a backup of before: the platform runs with it, and what it tells from there on is not proven";

/// What the databases hold, where they can be read.
#[derive(Default)]
pub(super) struct Databases {
    pub(super) registry: Option<Inspected>,
    pub(super) sessions: Option<InspectedSessions>,
}

/// Looks through both. `needs_sessions`: a folder whose kept sessions must be
/// there.
pub(super) fn check(data: &Path, needs_sessions: bool, report: &mut Report) -> Databases {
    let mut found = Databases::default();
    let staging = match Staging::elsewhere() {
        Ok(staging) => staging,
        Err(error) => {
            report.note(format!(
                "the databases are not looked at: no room for a copy: {error}"
            ));
            return found;
        }
    };
    let path = data.join(SESSIONS_FILE);
    if let Some(what) = lost(&path) {
        if needs_sessions {
            report.find(&path, format!("it {what}"), MEND_SESSIONS);
        }
    } else if copied(data, SESSIONS_FILE, &staging, report) {
        match inspect_sessions(staging.path()) {
            Ok(sessions) => {
                report.looked_at(format!(
                    "{}: {} kept sessions with {} subscriptions",
                    path.display(),
                    sessions.sessions,
                    sessions.subscriptions
                ));
                found.sessions = Some(sessions);
            }
            Err(fault) => report.find(&path, fault, MEND_SESSIONS),
        }
    }
    let path = data.join(REGISTRY_FILE);
    if let Some(what) = lost(&path) {
        report.find(&path, format!("it {what}"), RESTORE);
    } else if copied(data, REGISTRY_FILE, &staging, report) {
        found.registry = registry(&path, staging.path(), report);
    }
    found
}

fn registry(path: &Path, copy: &Path, report: &mut Report) -> Option<Inspected> {
    match device_registry::inspect(copy) {
        Ok(inspected) => {
            audit(path, copy, report);
            Some(inspected)
        }
        Err(error) => {
            let cure = match &error {
                InspectError::Open(device_registry::OpenStoreError::Newer { .. }) => {
                    "use the newer madang that wrote it"
                }
                _ => RESTORE,
            };
            report.find(path, format!("{:#}", anyhow::Error::new(error)), cure);
            None
        }
    }
}

/// Whether there is a copy of the database in `staging`.
fn copied(data: &Path, name: &str, staging: &Staging, report: &mut Report) -> bool {
    match staging.take_database(data, name) {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => {
            report.note(format!(
                "{name} is not looked at: it cannot be copied: {error}"
            ));
            false
        }
    }
}

/// The audit's chain, in a registry that can be read.
fn audit(path: &Path, copy: &Path, report: &mut Report) {
    match device_registry::verify_registry_audit(copy, None) {
        Ok(Ok(end)) => report.looked_at(format!(
            "{}: an audit of {} entries, up to {}",
            path.display(),
            end.number,
            end.hash
        )),
        Ok(Err(fault)) => report.find(path, format!("its audit: {fault}"), RECONSIDER),
        Err(error) => report.find(path, format!("{:#}", anyhow::Error::new(error)), RESTORE),
    }
}
