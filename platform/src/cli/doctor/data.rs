//! A data folder.

use std::path::Path;

use device_registry::Snapshot;
use ingest::backup::free_bytes;
use ingest::verify::{Scope, verify};
use ingest::{FolderLock, OpenError};

use super::report::Report;
use super::{databases, secrets};
use crate::format;

/// Below it the platform may stop within minutes: a few segments of the log, a
/// compaction and an export.
const LEAST_FREE_BYTES: u64 = 1 << 30;

/// Looks at the whole folder, or at what a running platform never changes.
pub(super) fn check(data: &Path, report: &mut Report) {
    let lock = FolderLock::of(data);
    match &lock {
        Ok(_) => look(data, Scope::Whole, report),
        Err(OpenError::InUse { .. }) => {
            report.note(format!(
                "a platform has {} open: its log and its databases are not looked at; stop it first, or look at a backup",
                data.display()
            ));
            look(data, Scope::Store, report);
        }
        Err(error) => report.find(
            data,
            error.to_string(),
            "look at the folder's owner and mode",
        ),
    }
    check_free(data, report);
}

/// Of a data folder and of a backup, which has the same layout.
pub(super) fn look(data: &Path, scope: Scope, report: &mut Report) {
    check_format(data, report);
    secrets::check(data, report);
    let registry: Option<Snapshot> = match scope {
        Scope::Whole => databases::check(data, report),
        Scope::Store => None,
    };
    let verified = verify(data, registry.as_ref(), scope, &mut |finding| {
        report.add(finding);
    });
    report.looked_at_data(data, verified);
}

fn check_format(data: &Path, report: &mut Report) {
    if data.join(format::UNFINISHED).exists() {
        report.find(
            data,
            "a restore into it did not come to its end",
            "empty the folder and restore again",
        );
    }
    if let Err(error) = format::check_readable(data) {
        let path = data.join(format::FILE);
        let cure = if path.exists() {
            "use the newer madang that wrote it, or restore the file from a backup"
        } else {
            "is this a data folder? The platform would make a new one of it"
        };
        report.find(&path, format!("{error:#}"), cure);
    }
}

fn check_free(data: &Path, report: &mut Report) {
    match free_bytes(data) {
        Ok(free) if free < LEAST_FREE_BYTES => report.find(
            data,
            format!("its disk has {free} bytes left"),
            "free some space: the platform ends when it cannot write",
        ),
        Ok(_) => {}
        Err(error) => report.note(format!(
            "the free space of {} is not known: {error}",
            data.display()
        )),
    }
}
