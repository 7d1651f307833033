//! A folder of the platform's own for copies of databases that are on their way.
//!
//! A database is copied here first, next to the original: the target may be
//! slow or hang, and the thread that saves sessions must not wait for it.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Within the data folder. Removed at the end, or at the next start.
pub(super) const FOLDER: &str = "backup.tmp";

/// Removed when it is dropped.
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
}

impl Staging {
    /// In the data folder; what an earlier one left is removed.
    pub(super) fn within(data: &Path) -> io::Result<Self> {
        Self::remove_leftover(data)?;
        Self::make(data.join(FOLDER))
    }

    /// What a backup left over whose process was killed.
    pub(super) fn remove_leftover(data: &Path) -> io::Result<()> {
        match std::fs::remove_dir_all(data.join(FOLDER)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Where temporary files go: for who may not write to the data folder.
    pub fn elsewhere() -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("madang-{:016x}", u64::from_le_bytes(random));
        Self::make(std::env::temp_dir().join(name))
    }

    fn make(path: PathBuf) -> io::Result<Self> {
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self { path })
    }

    /// Copies the database `name` of a data folder that nobody has open into this
    /// one, and its write-ahead log where it has one.
    pub fn take_database(&self, data: &Path, name: &str) -> io::Result<()> {
        std::fs::copy(data.join(name), self.path.join(name))?;
        let wal = format!("{name}-wal");
        match std::fs::copy(data.join(&wal), self.path.join(&wal)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What is left of it goes before the next one.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
