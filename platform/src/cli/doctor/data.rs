//! A data folder.

use std::path::Path;

use ingest::backup::free_bytes;
use ingest::verify::{Scope, verify};
use ingest::{FolderLock, LockError};

use super::report::Report;
use super::{compare, databases, secrets};
use crate::folder::{Record, record};
use crate::format::{self, Format};

/// Below it the platform may stop within minutes: a few segments of the log, a
/// compaction and an export.
const LEAST_FREE_BYTES: u64 = 1 << 30;

/// Looks at the whole folder, or at what a running platform never changes.
pub(super) fn check(data: &Path, report: &mut Report) {
    let lock = FolderLock::of(data);
    match &lock {
        Ok(_) => look(data, Scope::Whole, report),
        Err(LockError::InUse { .. }) => {
            report.only_in_part(format!(
                "a platform has {} open: its log, its head, registry.sqlite and sessions.db are not looked at; stop it first, or look at a backup",
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
    let format = check_format(data, report);
    let record = check_record(data, format, report);
    secrets::check(data, record.as_ref(), report);
    let needs_sessions = !matches!(format, Some(Format::Older(..2)));
    let databases = match scope {
        Scope::Whole => databases::check(data, needs_sessions, report),
        Scope::Store => databases::Databases::default(),
    };
    let mark = record::mark_of(record.as_ref());
    let snapshot = databases.registry.as_ref().map(|found| &found.snapshot);
    let verified = verify(data, snapshot, mark, scope, &mut |finding| {
        report.add(finding);
    });
    if scope == Scope::Whole {
        compare::check(data, record.as_ref(), &databases, &verified, report);
    }
    report.looked_at_data(data, scope, verified);
}

fn check_record(data: &Path, format: Option<Format>, report: &mut Report) -> Option<Record> {
    let path = data.join(record::FILE);
    let cure = "restore it from a backup, or stop the platform and let madang doctor --repair write it again";
    match record::read(data) {
        Ok(Some(record)) => Some(record),
        Ok(None) => {
            if format == Some(Format::Ours) {
                report.find(&path, "it is missing", cure);
            }
            None
        }
        Err(error) => {
            report.find(&path, format!("{error:#}"), cure);
            None
        }
    }
}

fn check_format(data: &Path, report: &mut Report) -> Option<Format> {
    if data.join(format::UNFINISHED).exists() {
        report.find(
            data,
            "a restore into it did not come to its end",
            "empty the folder and restore again",
        );
    }
    let path = data.join(format::FILE);
    match format::read(data) {
        Ok(Format::None) => {
            let cure = "is this a data folder? Then restore the file from a backup, or let madang doctor --repair write it again";
            report.find(&path, "it is missing", cure);
            None
        }
        Ok(format) => Some(format),
        Err(error) => {
            let cure = "use the newer madang that wrote it, or restore the file from a backup";
            report.find(&path, format!("{error:#}"), cure);
            None
        }
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
