//! Opening a store that was left, in whatever way.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::Offset;

use super::cursor::FileRows;
use super::file::{DataFile, ReadError};
use super::latest_file;
use super::manifest::{FileEntry, Manifest, ManifestError};
use super::pinned;
use super::replace::sync_folder;
use crate::latest::Latest;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreOpenError {
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the store cannot be opened")]
    Manifest(#[source] ManifestError),
    #[error("a file of the store cannot be opened")]
    File(#[source] ReadError),
}

/// What the folder holds.
pub(super) struct Opened {
    pub(super) manifest: Manifest,
    pub(super) files: Vec<Arc<DataFile>>,
}

/// Reads the manifest and opens its files; sets damaged ones aside, removes
/// what a crash left behind, and fills `latest`.
pub(super) fn open(folder: &Path, latest: &Latest) -> Result<Opened, StoreOpenError> {
    let io = |action, path: &Path, cause| StoreOpenError::Io {
        action,
        path: path.to_owned(),
        cause,
    };
    fs::create_dir_all(folder).map_err(|cause| io("make", folder, cause))?;
    let mut manifest = Manifest::open(folder).map_err(StoreOpenError::Manifest)?;
    remove_leftovers(folder, &manifest)
        .and_then(|()| pinned::remove_leftover(folder))
        .map_err(|cause| io("clean up", folder, cause))?;
    let mut files = Vec::new();
    for entry in manifest.files.clone() {
        match DataFile::open(folder, entry.clone()) {
            Ok(file) => files.push(Arc::new(file)),
            Err(error @ ReadError::Damaged { .. }) => {
                set_aside(folder, &mut manifest, &entry, &error)
                    .map_err(|cause| io("set a damaged file aside in", folder, cause))?;
            }
            Err(error) => return Err(StoreOpenError::File(error)),
        }
    }
    if !latest_file::read(folder, latest, Offset::new(manifest.flushed_offset)) {
        fill_latest(folder, latest, &mut manifest, &mut files)?;
    }
    Ok(Opened { manifest, files })
}

/// Removes what no manifest names: a flush that did not come to its end.
fn remove_leftovers(folder: &Path, manifest: &Manifest) -> io::Result<()> {
    let expired = manifest.expired.iter().map(|expired| &expired.entry);
    let named: HashSet<String> = manifest
        .files
        .iter()
        .chain(expired)
        .flat_map(FileEntry::names)
        .collect();
    for found in fs::read_dir(folder)? {
        let found = found?;
        let Ok(name) = found.file_name().into_string() else {
            continue;
        };
        let ours = [".parquet", ".idx", ".rollup", ".tmp"]
            .iter()
            .any(|end| name.ends_with(end));
        if ours && !named.contains(&name) {
            tracing::info!(%name, "removed a file that a crash left behind");
            fs::remove_file(found.path())?;
        }
    }
    Ok(())
}

/// Renames a damaged file and takes it out of the manifest, durably. Its rows
/// are missing from then on; the operator is told.
pub(super) fn set_aside(
    folder: &Path,
    manifest: &mut Manifest,
    entry: &FileEntry,
    error: &ReadError,
) -> io::Result<()> {
    tracing::error!(
        %error,
        rows = entry.rows,
        kept_as = entry.damaged_name(),
        "a damaged file is set aside: the rest is served"
    );
    match fs::rename(
        folder.join(entry.file_name()),
        folder.join(entry.damaged_name()),
    ) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => sync_folder(folder)?,
    }
    let mut next = manifest.clone();
    next.files.retain(|file| file.number != entry.number);
    next.set_aside.push(entry.clone());
    next.write(folder)?;
    *manifest = next;
    Ok(())
}

/// Reads every file for its newest rows, where no latest table serves.
fn fill_latest(
    folder: &Path,
    latest: &Latest,
    manifest: &mut Manifest,
    files: &mut Vec<Arc<DataFile>>,
) -> Result<(), StoreOpenError> {
    if !files.is_empty() {
        tracing::warn!(
            files = files.len(),
            "the latest table is made again from the files"
        );
    }
    let mut damaged = Vec::new();
    for file in files.iter() {
        match fill_from(file, latest) {
            Ok(()) => {}
            Err(error @ ReadError::Damaged { number, .. }) => {
                damaged.push(number);
                set_aside(folder, manifest, &file.entry, &error).map_err(|cause| {
                    StoreOpenError::Io {
                        action: "set a damaged file aside in",
                        path: folder.to_owned(),
                        cause,
                    }
                })?;
            }
            Err(error) => return Err(StoreOpenError::File(error)),
        }
    }
    files.retain(|file| !damaged.contains(&file.entry.number));
    Ok(())
}

fn fill_from(file: &DataFile, latest: &Latest) -> Result<(), ReadError> {
    let mut rows = FileRows::all(file)?;
    while let Some(row) = rows.next()? {
        latest.restore(&row);
    }
    Ok(())
}
