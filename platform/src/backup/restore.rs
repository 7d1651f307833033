//! A data folder from a backup.
//!
//! Constraints: every checksum is right before the first byte is written, and
//! is compared again as it is copied; nothing is linked, so that the new folder
//! shares no disk block with the backup; while it is being filled the folder
//! has a file [`UNFINISHED`], on which the platform does not start. The backup's
//! own `backup.json` stays in it as `restored.json`: where it came from, which the
//! first start writes into the audit.

use std::path::{Path, PathBuf};

use device_registry::RestoredFrom;
use ingest::backup::{CopiedFile, CopyError, CopyFolder};

use super::document::{Document, DocumentError};
use crate::format::{self, Format, UNFINISHED};

/// What is left of the backup in the new folder.
const RECORD: &str = "restored.json";

/// What is wrong with a file of a backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    pub path: PathBuf,
    pub what: String,
}

/// Why nothing was restored, or not all.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("the backup is damaged, and nothing was restored: {}", listed(.0))]
    Damaged(Vec<Fault>),
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error("{} changed while it was copied", .0.display())]
    Changed(PathBuf),
    #[error("the backup's data folder is of another time: {0:#}")]
    Format(anyhow::Error),
    #[error("cannot finish {}", path.display())]
    Finish {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
}

/// Faults that one message names.
const LISTED: usize = 10;

fn listed(faults: &[Fault]) -> String {
    let named = faults.iter().take(LISTED);
    let mut text: Vec<String> = named
        .map(|fault| format!("{} {}", fault.path.display(), fault.what))
        .collect();
    if faults.len() > LISTED {
        text.push(format!("and {} more", faults.len() - LISTED));
    }
    text.join("; ")
}

/// Compares every file of the backup with its checksum.
pub fn check(backup: &Path, document: &Document) -> Vec<Fault> {
    let files = document.copied();
    files
        .iter()
        .filter_map(|file| fault(backup, file))
        .collect()
}

fn fault(backup: &Path, file: &CopiedFile) -> Option<Fault> {
    let path = backup.join(&file.name);
    let what = match file.sum.of_file(&path) {
        Ok((bytes, _)) if bytes != file.bytes => {
            format!("has {bytes} bytes, and should have {}", file.bytes)
        }
        Ok((_, sum)) if sum != file.sum => "has a wrong checksum".to_owned(),
        Ok(_) => return None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "is missing".to_owned(),
        Err(error) => format!("cannot be read: {error}"),
    };
    Some(Fault { path, what })
}

/// Which backup a data folder was made from, if one; its registry tells its audit.
/// A record that cannot be read keeps no platform from starting.
pub(crate) fn restored_from(data: &Path) -> Option<RestoredFrom> {
    match Document::read_file(&data.join(RECORD)) {
        Ok(document) => Some(RestoredFrom {
            sum: document.sum().to_owned(),
            made: document.made,
            offset: document.offset,
        }),
        Err(DocumentError::Missing(_)) => None,
        Err(error) => {
            tracing::warn!(%error, "the audit does not tell which backup this folder was made from");
            None
        }
    }
}

/// Makes the data folder `data`, which is new or empty, from the backup.
pub fn restore(backup: &Path, data: &Path) -> Result<Document, RestoreError> {
    let document = Document::read(backup)?;
    let faults = check(backup, &document);
    if !faults.is_empty() {
        return Err(RestoreError::Damaged(faults));
    }
    if format::read(backup).map_err(RestoreError::Format)? == Format::None {
        let path = backup.join(format::FILE);
        let missing = anyhow::anyhow!("{} is missing", path.display());
        return Err(RestoreError::Format(missing));
    }
    let mut into = CopyFolder::create(data, backup)?;
    into.check_room(document.bytes())?;
    into.write(UNFINISHED, b"")?;
    for file in document.copied() {
        let from = backup.join(&file.name);
        if into.copy_like(&from, &file.name, file.sum)? != file.sum {
            return Err(RestoreError::Changed(from));
        }
    }
    into.finish(RECORD, document.to_text().as_bytes())?;
    let unfinished = data.join(UNFINISHED);
    let remove = || {
        std::fs::remove_file(&unfinished)?;
        std::fs::File::open(data)?.sync_all()
    };
    remove().map_err(|cause| RestoreError::Finish {
        path: data.to_owned(),
        cause,
    })?;
    Ok(document)
}
