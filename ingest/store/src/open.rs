//! Opening a store that was left, in whatever way.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use domain::{FolderMark, Offset};

use crate::catalog::Catalog;
use crate::file::cursor::FileRows;
use crate::file::{DataFile, ReadError, origin};
use crate::head::Head;
use crate::manifest::{FileEntry, Manifest, ManifestError};
use crate::tables::latest::Latest;
use crate::tables::latest_file;
use crate::tables::quarantine_file::{self, QuarantineError};
use crate::upkeep::strays::{self, Unfinished};
use crate::upkeep::{Upkeep, pinned};

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
pub(crate) struct Opened {
    pub(crate) catalog: Catalog,
    pub(crate) unfinished: Vec<Unfinished>,
}

/// Reads the manifest and opens its files, of which none may be lost; sets
/// damaged ones aside, clears what a crash left, and fills `latest`.
pub(crate) fn open(
    folder: &Path,
    flush_rows: usize,
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
    let manifest = Manifest::open(folder, mark).map_err(StoreOpenError::Manifest)?;
    check_files(folder, &manifest, mark)?;
    quarantine_file::check(folder, mark, manifest.quarantine).map_err(|cause| {
        let path = folder.join(quarantine_file::FILE);
        StoreOpenError::Quarantine { path, cause }
    })?;
    let unfinished = strays::clear(folder, &manifest, (upkeep.now)())
        .and_then(|unfinished| pinned::remove_leftover(folder).map(|()| unfinished))
        .map_err(|cause| io("clean up", folder, cause))?;
    let (mut files, mut damaged) = (Vec::new(), Vec::new());
    for entry in manifest.files.clone() {
        match DataFile::open(folder, entry) {
            Ok(file) => files.push(Arc::new(file)),
            Err(error @ ReadError::Damaged { number, .. }) => damaged.push((number, error)),
            Err(error) => return Err(StoreOpenError::File(error)),
        }
    }
    let flushed = Offset::new(manifest.flushed_offset);
    let head = Head::new(flush_rows, flushed.next());
    let catalog = Catalog::new(folder, manifest, files, head);
    for (number, error) in damaged {
        set_aside(&catalog, number, &error)?;
    }
    if !latest_file::read(folder, latest, flushed, mark) {
        fill_latest(&catalog, latest)?;
    } else if mark.adopts() && mark.id().is_some() && flushed > Offset::ZERO {
        // As this folder's own: the next start would have to read all files.
        latest_file::write(folder, latest, flushed, mark)
            .map_err(|cause| io("write the latest table of", folder, cause))?;
    }
    Ok(Opened {
        catalog,
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
pub(crate) fn fault_of(folder: &Path, entry: &FileEntry, mark: FolderMark) -> Option<String> {
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

fn set_aside(catalog: &Catalog, number: u64, error: &ReadError) -> Result<(), StoreOpenError> {
    catalog
        .set_aside(number, error)
        .map_err(|cause| StoreOpenError::Io {
            action: "set a damaged file aside in",
            path: catalog.folder().to_owned(),
            cause,
        })
}

/// Reads every file for its newest rows, where no latest table serves.
fn fill_latest(catalog: &Catalog, latest: &Latest) -> Result<(), StoreOpenError> {
    let files = catalog.view().files;
    if !files.is_empty() {
        tracing::warn!(
            files = files.len(),
            "the latest table is made again from the files"
        );
    }
    for file in files.iter() {
        match fill_from(file, latest) {
            Ok(()) => {}
            Err(error @ ReadError::Damaged { number, .. }) => set_aside(catalog, number, &error)?,
            Err(error) => return Err(StoreOpenError::File(error)),
        }
    }
    Ok(())
}

fn fill_from(file: &DataFile, latest: &Latest) -> Result<(), ReadError> {
    let mut rows = FileRows::all(file)?;
    while let Some(row) = rows.next()? {
        latest.restore(&row);
    }
    Ok(())
}
