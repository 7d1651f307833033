//! A store that nobody has open.

use std::io;
use std::path::{Path, PathBuf};

use domain::{FolderId, FolderMark, Offset};

use crate::file::DataFile;
use crate::manifest::Manifest;
use crate::tables::quarantine_file::{self, QuarantineError};

/// What doctor's repair needs to know of a store that nobody has open.
pub struct ClosedStore {
    /// `None` where the manifest does not tell.
    pub flushed: Option<Offset>,
    /// That it tells.
    pub folder: Option<FolderId>,
    pub quarantine: Result<(), QuarantineError>,
}

impl ClosedStore {
    pub fn look(folder: &Path, mark: FolderMark) -> Self {
        let manifest = Manifest::read(folder).ok();
        let least = manifest.as_ref().map_or(0, |manifest| manifest.quarantine);
        Self {
            folder: manifest.as_ref().and_then(Manifest::folder_id),
            flushed: manifest.map(|manifest| Offset::new(manifest.flushed_offset)),
            quarantine: quarantine_file::check(folder, mark, least),
        }
    }

    /// The greatest number of a datastream in the files' indexes.
    pub fn greatest_series(folder: &Path) -> u32 {
        let manifest = Manifest::read(folder).unwrap_or_default();
        let files = manifest.files.into_iter();
        files
            .filter_map(|entry| DataFile::open(folder, entry).ok())
            .filter_map(|file| file.index.entries().last().map(|last| last.series))
            .max()
            .unwrap_or(0)
    }

    /// Goes on with an empty quarantine, which is in the place of none.
    pub fn empty_quarantine(folder: &Path, mark: FolderMark) -> io::Result<PathBuf> {
        let manifest = Manifest::read(folder).unwrap_or_default();
        quarantine_file::write_empty(folder, manifest.quarantine, mark)?;
        Ok(Self::quarantine_path(folder))
    }

    pub fn quarantine_path(folder: &Path) -> PathBuf {
        folder.join(quarantine_file::FILE)
    }

    /// Says that the files hold everything up to `offset`: what came after
    /// it is lost, and its offsets are not given again.
    pub fn skip_to(folder: &Path, offset: Offset) -> io::Result<()> {
        let mut manifest = Manifest::read(folder).map_err(io::Error::other)?;
        manifest.flushed_offset = manifest.flushed_offset.max(offset.get());
        manifest.write(folder)
    }
}
