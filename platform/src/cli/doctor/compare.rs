//! The parts of a data folder against each other: whether all belong to it, and
//! have got as far as the others know.

use std::path::Path;

use device_registry::REGISTRY_FILE;
use domain::{FolderId, Offset};
use feed::CURSOR_FILE;
use ingest::verify::Verified;

use super::databases::Databases;
use super::report::Report;
use crate::folder::{Record, record};
use session_store::SESSIONS_FILE;
use transport::LogPosition;

const OWN: &str = "put this folder's own back";
const NEWER: &str = "put the newer one in its place, or restore a backup of the whole folder";

pub(super) fn check(
    data: &Path,
    record: Option<&Record>,
    databases: &Databases,
    verified: &Verified,
    report: &mut Report,
) {
    let mark = record::mark_of(record);
    let belongs = |name: &str, id: Option<FolderId>, report: &mut Report| {
        if let Err(misfit) = mark.check(id) {
            report.find(&data.join(name), misfit.to_string(), OWN);
        }
    };
    let marks = record.map(|record| record.marks).unwrap_or_default();
    if let Some(registry) = &databases.registry {
        belongs(REGISTRY_FILE, registry.folder, report);
        let (found, least) = (registry.mark.changes, marks.registry);
        let what = format!("it is an older one: it has {found} changes, and {least} were saved");
        find_older(data, REGISTRY_FILE, found < least, what, report);
    }
    if let Some(sessions) = &databases.sessions {
        belongs(SESSIONS_FILE, sessions.mark.folder, report);
        let (found, least) = (sessions.mark.changes, marks.sessions);
        let what = format!("it is an older one: it has {found} changes, and {least} were saved");
        find_older(data, SESSIONS_FILE, found < least, what, report);
        if let Some(newest) = sessions.newest.map(LogPosition::offset) {
            ahead(data, SESSIONS_FILE, newest, verified, report);
        }
    }
    if verified.offset < Offset::new(marks.offset) {
        let what = format!(
            "it ends at offset {}, and {} was acknowledged",
            verified.offset, marks.offset
        );
        report.find(&data.join("log"), what, NEWER);
    }
    if let Some((position, id)) = cursor(data) {
        if id.is_some() {
            belongs(CURSOR_FILE, id, report);
        }
        ahead(data, CURSOR_FILE, position, verified, report);
    }
    if record.is_some() && databases.registry.is_some() {
        report.looked_at(format!(
            "{}: registry, log, store, sessions, keys and the feed's cursor against each other and {}",
            data.display(),
            record::FILE
        ));
    }
}

fn find_older(data: &Path, name: &str, is_older: bool, what: String, report: &mut Report) {
    if is_older {
        report.find(&data.join(name), what, NEWER);
    }
}

/// Nothing may point past the log's end.
fn ahead(data: &Path, name: &str, at: Offset, verified: &Verified, report: &mut Report) {
    if at > verified.offset {
        let what = format!(
            "it knows offset {at}, and log and store end at {}: they are older than it",
            verified.offset
        );
        report.find(&data.join(name), what, NEWER);
    }
}

/// Where the feed goes on, and the folder that its cursor tells.
fn cursor(data: &Path) -> Option<(Offset, Option<FolderId>)> {
    let text = std::fs::read(data.join(CURSOR_FILE)).ok()?;
    let cursor: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let position = cursor["resume_behind"].as_u64()?;
    let folder = cursor["folder"].as_str().and_then(|text| text.parse().ok());
    Some((Offset::new(position), folder))
}
