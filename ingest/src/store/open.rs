//! Opening a store that was left, in whatever way.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use domain::{FolderMark, Offset};

use super::cursor::FileRows;
use super::file::{DataFile, ReadError};
use super::manifest::{FileEntry, Manifest, ManifestError};
use super::quarantine_file::{self, QuarantineError};
use super::replace::sync_folder;
use super::strays::{self, Unfinished};
use super::upkeep::Upkeep;
use super::{latest_file, origin, pinned};
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
    #[error(
        "{} {what}, and the manifest names it with {rows} rows ({files} such files); nothing was \
         changed: put it back as it was, as from a backup, or see madang doctor --repair",
        path.display()
    )]
    Lost {
        path: PathBuf,
        what: String,
        rows: u64,
        files: usize,
    },
    #[error(
        "{} does not serve: {cause}; put this folder's own back, or see madang doctor --repair",
        path.display()
    )]
    Quarantine {
        path: PathBuf,
        cause: QuarantineError,
    },
}

/// What the folder holds.
pub(super) struct Opened {
    pub(super) manifest: Manifest,
    pub(super) files: Vec<Arc<DataFile>>,
    pub(super) unfinished: Vec<Unfinished>,
}

/// Reads the manifest and opens its files, of which none may be lost; sets
/// damaged ones aside, clears what a crash left, and fills `latest`.
pub(super) fn open(
    folder: &Path,
    latest: &Latest,
    upkeep: &Upkeep,
) -> Result<Opened, StoreOpenError> {
    let mark = upkeep.mark;
    let io = |action, path: &Path, cause| StoreOpenError::Io {
        action,
        path: path.to_owned(),
        cause,
    };
    if mark.adopts() {
        fs::create_dir_all(folder).map_err(|cause| io("make", folder, cause))?;
    }
    let mut manifest = Manifest::open(folder, mark).map_err(StoreOpenError::Manifest)?;
    check_files(folder, &manifest, mark)?;
    quarantine_file::check(folder, mark, manifest.quarantine).map_err(|cause| {
        let path = folder.join(quarantine_file::FILE);
        StoreOpenError::Quarantine { path, cause }
    })?;
    let unfinished = strays::clear(folder, &manifest, (upkeep.now)())
        .and_then(|unfinished| pinned::remove_leftover(folder).map(|()| unfinished))
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
    let flushed = Offset::new(manifest.flushed_offset);
    if !latest_file::read(folder, latest, flushed, mark) {
        fill_latest(folder, latest, &mut manifest, &mut files)?;
    } else if mark.adopts() && mark.id().is_some() && flushed > Offset::ZERO {
        // As this folder's own: the next start would have to read all files.
        latest_file::write(folder, latest, flushed, mark)
            .map_err(|cause| io("write the latest table of", folder, cause))?;
    }
    Ok(Opened {
        manifest,
        files,
        unfinished,
    })
}

/// Whether all files are there with their length. A crash never shortens one:
/// it was whole and synced before the manifest named it.
fn check_files(folder: &Path, manifest: &Manifest, mark: FolderMark) -> Result<(), StoreOpenError> {
    let mut lost = manifest
        .files
        .iter()
        .filter_map(|entry| Some((entry, fault_of(folder, entry, mark)?)));
    match lost.next() {
        None => Ok(()),
        Some((entry, what)) => Err(StoreOpenError::Lost {
            path: folder.join(entry.file_name()),
            what,
            rows: entry.rows,
            files: 1 + lost.count(),
        }),
    }
}

/// What is missing of a named file.
pub(super) fn fault_of(folder: &Path, entry: &FileEntry, mark: FolderMark) -> Option<String> {
    let path = folder.join(entry.file_name());
    match fs::metadata(&path) {
        Ok(found) if found.len() == entry.bytes => match origin::is_foreign(&path, mark) {
            Ok(false) => None,
            Ok(true) => Some("is of another data folder".to_owned()),
            Err(error) => Some(format!("cannot be read ({error})")),
        },
        Ok(found) => Some(format!(
            "has {} bytes, and should have {}",
            found.len(),
            entry.bytes
        )),
        // The process ended while it set the file aside.
        Err(_) if folder.join(entry.damaged_name()).exists() => None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some("is missing".to_owned()),
        Err(error) => Some(format!("cannot be read ({error})")),
    }
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
