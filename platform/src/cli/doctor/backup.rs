//! A backup: its checksums, then its content as that of a data folder.

use std::path::Path;

use ingest::verify::Scope;

use super::data;
use super::report::Report;
use crate::backup::{Document, DocumentError, restore};

const CURE: &str = "make a new backup: this one cannot be restored";

pub(super) fn check(folder: &Path, report: &mut Report) {
    let document = match Document::read(folder) {
        Ok(document) => document,
        Err(error) => {
            let cure = match &error {
                DocumentError::Newer { .. } => "use the newer madang that made it",
                _ => CURE,
            };
            return report.find(folder, error.to_string(), cure);
        }
    };
    let faults = restore::check(folder, &document);
    for fault in &faults {
        report.find(&fault.path, format!("it {}", fault.what), CURE);
    }
    for name in &document.damaged {
        let what = format!("{name} was damaged when it was made, and is not in it");
        report.find(folder, what, "an older backup may have the file whole");
    }
    report.looked_at(format!(
        "{}: a backup of {} up to offset {}, {} rows and {} devices",
        folder.display(),
        document.made,
        document.offset,
        document.rows,
        document.devices
    ));
    // Of damaged files it is known already that they are.
    if faults.is_empty() {
        data::look(folder, Scope::Whole, report);
    }
}
