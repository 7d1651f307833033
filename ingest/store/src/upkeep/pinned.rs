//! The files that the store consists of at one moment, held fast for a copy.
//!
//! Under the manifest's lock each file gets a second name in
//! `DIR/store/pinned/`, which is a moment's work whatever their size; flushes,
//! compactions and retention then go on as ever, and what they remove stays
//! readable there until the copy is made. What a crash left of it goes at the
//! next start.

use std::path::{Path, PathBuf};
use std::{fs, io};

use domain::Offset;

use crate::file::replace;
use crate::manifest::{FileEntry, Manifest};
use crate::store::Store;
use crate::tables::{latest_file, quarantine_file};

/// Within the store's folder.
const FOLDER: &str = "pinned";

/// A manifest, and a folder that has all files which it names.
pub struct PinnedStore {
    folder: PathBuf,
    manifest: Manifest,
    /// Whether the names are second ones, to be removed.
    linked: bool,
}

/// A file to copy, and the CRC-32C of its content where it is known.
pub struct PinnedFile {
    pub name: String,
    pub path: PathBuf,
    pub bytes: u64,
    pub crc: Option<u32>,
    /// The number of the data file that it belongs to.
    pub number: u64,
}

/// Removes what was left by a copy whose process was killed.
pub(crate) fn remove_leftover(store: &Path) -> io::Result<()> {
    match fs::remove_dir_all(store.join(FOLDER)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Store {
    /// Bytes of the data files.
    pub fn file_bytes(&self) -> u64 {
        let catalog = &self.shared.catalog;
        catalog.hold(|manifest| manifest.files.iter().map(|entry| entry.bytes).sum())
    }

    /// Pins the files as they are now. Holds the manifest for as long as it
    /// takes to give each a second name.
    pub fn pin(&self) -> io::Result<PinnedStore> {
        let store = self.shared.catalog.folder();
        remove_leftover(store)?;
        let folder = store.join(FOLDER);
        fs::create_dir(&folder)?;
        let mut pinned = PinnedStore {
            folder: folder.clone(),
            manifest: Manifest::default(),
            linked: true,
        };
        self.shared.catalog.hold(|manifest| {
            pinned.manifest = Manifest {
                // What is over is not copied.
                expired: Vec::new(),
                ..manifest.clone()
            };
            let tables = [latest_file::FILE, quarantine_file::FILE].map(str::to_owned);
            let files = manifest.files.iter().flat_map(names);
            for name in files.chain(tables) {
                // Without one, the table was never written, or the file is
                // gone: the copy tells that.
                replace::link(&store.join(&name), &folder.join(&name))?;
            }
            io::Result::Ok(())
        })?;
        Ok(pinned)
    }
}

impl PinnedStore {
    /// The store of a folder that nobody has open.
    pub fn of_closed(store: &Path) -> Result<Self, crate::manifest::ManifestError> {
        Ok(Self {
            folder: store.to_owned(),
            manifest: Manifest {
                expired: Vec::new(),
                ..Manifest::read(store)?
            },
            linked: false,
        })
    }

    /// Every frame up to it is in the files.
    pub fn flushed_offset(&self) -> Offset {
        Offset::new(self.manifest.flushed_offset)
    }

    pub fn rows(&self) -> u64 {
        self.manifest.files.iter().map(|entry| entry.rows).sum()
    }

    /// The data files with what lies beside each.
    pub fn files(&self) -> Vec<PinnedFile> {
        let entries = self.manifest.files.iter();
        entries
            .flat_map(|entry| {
                names(entry).map(|name| {
                    let data = name == entry.file_name();
                    PinnedFile {
                        path: self.folder.join(&name),
                        bytes: if data { entry.bytes } else { 0 },
                        crc: data.then_some(entry.crc),
                        number: entry.number,
                        name,
                    }
                })
            })
            .collect()
    }

    /// The tables that are replaced as a whole, where they were written.
    pub fn tables(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        [latest_file::FILE, quarantine_file::FILE]
            .into_iter()
            .map(|name| (name, self.folder.join(name)))
            .filter(|(_, path)| path.exists())
    }

    /// The copy has no sound file of this number: its manifest says so.
    pub fn leave_out(&mut self, number: u64) {
        let files = std::mem::take(&mut self.manifest.files);
        let (left_out, files): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|entry| entry.number == number);
        self.manifest.files = files;
        self.manifest.set_aside.extend(left_out);
    }

    /// Name and content of the manifest.
    pub fn manifest(&self) -> io::Result<(&'static str, String)> {
        Ok((crate::manifest::FILE, self.manifest.to_text()?))
    }
}

impl Drop for PinnedStore {
    fn drop(&mut self) {
        if self.linked
            && let Err(error) = fs::remove_dir_all(&self.folder)
        {
            tracing::warn!(folder = %self.folder.display(), %error, "cannot remove: the next start does");
        }
    }
}

fn names(entry: &FileEntry) -> impl Iterator<Item = String> + use<> {
    let rollup = entry.rollup.then(|| entry.rollup_name());
    [entry.file_name(), entry.index_name()]
        .into_iter()
        .chain(rollup)
}

#[cfg(test)]
mod tests;
